extension KNNGraph {
    /// Measures the share of the true neighbours that the graph holds, on some of its rows.
    ///
    /// A neighbour is right when its exact score is as near as the last of the true ones: of vectors at the same
    /// distance it does not matter which is held.
    ///
    /// - Parameters:
    ///   - vectors: the vectors of the graph, `[count, dimension]`.
    ///   - sample: rows to look at, 1 or more, drawn at random; all where there are fewer.
    ///   - options: seed of the sample, threads, progress and cancellation.
    /// - Returns: recall, 0...1; 1 for a graph without neighbours.
    /// - Throws: ``IndexError`` for other vectors than those of the graph and for a sample of none; `CancellationError`
    ///   when the monitor says stop.
    /// - Complexity: O(`sample` · `count` · dimension).
    public func sampledRecall(
        of vectors: Matrix<Float>, sample: Int = 1_000, options: KNNGraphOptions = .init()
    ) throws -> Double {
        try Self.check(count: count, k: max(1, degree), options: options)
        guard vectors.rows == count else {
            throw IndexError.outOfRange(name: "vectors", value: vectors.rows, allowed: count...count)
        }
        guard sample >= 1 else {
            throw IndexError.outOfRange(name: "sample", value: sample, allowed: 1...max(1, count))
        }
        guard degree > 0 else { return 1 }
        let index = try FlatIndex(vectors, metric: metric, threads: options.threads, kernels: options.kernels)
        var random = SplitMix64(seeds: options.seed, 0x7265_6361_6c6c)
        let rows = KMeans.chooseSorted(min(sample, count), of: count, using: &random)
        let truth = try index.search(
            KMeans.rows(vectors, rows), k: degree + 1,
            options: SearchOptions(threads: options.threads, monitor: options.monitor)
        ).neighbors
        var right = 0
        for (place, row) in rows.enumerated() {
            let others = truth[place].filter { $0.id != Int64(row) }
            let last = others[degree - 1].score
            right += self[row].count { $0.score == last || metric.isNearer($0.score, than: last) }
        }
        return Double(right) / Double(rows.count * degree)
    }
}
