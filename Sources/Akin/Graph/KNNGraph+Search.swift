extension KNNGraph {
    /// Builds a graph of what a search finds for each vector: the true graph where the search is exact.
    ///
    /// A vector that finds itself is left out of its row; otherwise the last of its k + 1 neighbours is.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite; their row numbers are the ids that the search gives.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - isExact: whether the search is.
    ///   - options: progress and cancellation.
    ///   - batch: vectors that are searched for at a time, 1 or more.
    ///   - search: finds as many neighbours of some vectors as are asked for, nearest first, ties by smaller id.
    ///   - fallback: the same, exactly, for vectors of which too few were found.
    /// - Returns: the graph; without neighbours for fewer than two vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, what the searches throw, `CancellationError`.
    package static func searching(
        _ vectors: Matrix<Float>, k: Int, metric: Metric, isExact: Bool, options: KNNGraphOptions = .init(),
        batch: Int = 1 << 16, search: (Matrix<Float>, _ k: Int) throws -> Neighbors,
        fallback: ((Matrix<Float>, _ k: Int) throws -> Neighbors)? = nil
    ) throws -> KNNGraph {
        try check(count: vectors.rows, k: k, options: options)
        let degree = min(k, max(0, vectors.rows - 1))
        let ids = Buffer<Int32>(repeating: 0, count: vectors.rows * degree)
        let scores = Buffer<Float>(repeating: 0, count: vectors.rows * degree)
        func put(_ row: Int, _ found: ArraySlice<Neighbor>) -> Bool {
            let others = found.filter { $0.id != Int64(row) }.prefix(degree)
            guard others.count == degree else { return false }
            for (i, one) in others.enumerated() {
                ids[row * degree + i] = Int32(one.id)
                scores[row * degree + i] = one.score
            }
            return true
        }
        for first in stride(from: 0, to: degree > 0 ? vectors.rows : 0, by: batch) {
            try options.monitor.update("searching", done: first, total: vectors.rows)
            let some = first..<min(first + batch, vectors.rows)
            let found = try search(vectors.rows(some), degree + 1)
            let short = some.filter { !put($0, found[$0 - first]) }
            guard !short.isEmpty else { continue }
            guard let fallback else { throw IndexError.tooFewVectors(needed: degree, given: 0, purpose: "a graph") }
            let again = try fallback(KMeans.rows(vectors, short), degree + 1)
            for (i, row) in short.enumerated() where !put(row, again[i]) {
                throw IndexError.tooFewVectors(needed: degree, given: again[i].count, purpose: "a graph")
            }
        }
        return withExtendedLifetime((ids, scores)) {
            KNNGraph(
                ids: Matrix(rows: vectors.rows, columns: degree) { to in
                    for i in to.indices { to[i] = ids[i] }
                },
                scores: Matrix(rows: vectors.rows, columns: degree) { to in
                    for i in to.indices { to[i] = scores[i] }
                }, metric: metric, isExact: isExact)
        }
    }

    /// The same graph with the recall that was measured on a sample.
    package func measured(recall: Double) -> KNNGraph {
        KNNGraph(ids: ids, scores: scores, metric: metric, isExact: isExact, measuredRecall: recall)
    }
}
