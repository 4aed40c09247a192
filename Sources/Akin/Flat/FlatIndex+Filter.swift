extension FlatIndex {
    /// Vectors that are gathered at a time: enough for the tiles, little beside the index.
    private static let gatheredRows = 1 << 16

    /// Searches only the vectors whose ids a filter allows: they are gathered some at a time and searched exactly.
    func search(
        _ queries: Matrix<Float>, k: Int, filter: IDFilter, options: SearchOptions
    ) throws -> SearchResult {
        var options = options
        options.filter = nil
        let rows = (0..<count).filter { filter.allows(ids?[$0] ?? Int64($0)) }
        var best: [[Neighbor]] = Array(repeating: [], count: queries.rows)
        for first in stride(from: 0, to: rows.count, by: Self.gatheredRows) {
            let some = rows[first..<min(first + Self.gatheredRows, rows.count)]
            let part = try FlatIndex(
                gather(some), ids: some.map { ids?[$0] ?? Int64($0) }, metric: metric, eightBit: hasEightBitCodes,
                threads: options.threads)
            let found = try part.search(queries, k: k, options: options).neighbors
            for query in best.indices { best[query] = nearest(best[query], found[query], k: k) }
        }
        return SearchResult(
            neighbors: Neighbors(best), isExact: true, visited: rows.count * queries.rows,
            isLimited: queries.rows > 0 && rows.count < min(k, count))
    }

    private func gather(_ rows: ArraySlice<Int>) -> Matrix<Float> {
        Matrix(rows: rows.count, columns: dimension) { target in
            vectors.withUnsafeElements { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                for (place, row) in rows.enumerated() {
                    (to + place * dimension).update(from: from + row * dimension, count: dimension)
                }
            }
        }
    }

    private func nearest(_ a: [Neighbor], _ b: ArraySlice<Neighbor>, k: Int) -> [Neighbor] {
        guard !a.isEmpty else { return Array(b) }
        return Array(
            (a + b).sorted {
                metric.isNearer($0.score, than: $1.score) || ($0.score == $1.score && $0.id < $1.id)
            }.prefix(k))
    }
}
