/// Assigns vectors to inverted lists: the nearest of some centroids, found exactly.
struct CoarseQuantizer: Sendable {
    /// The centroids, searched like any other vectors.
    let index: FlatIndex
    /// The same for many vectors that each want the nearest centroid alone.
    private let assigner: CentroidAssigner

    var nlist: Int { index.count }
    /// `[nlist, dimension]`.
    var centroids: Matrix<Float> { index.vectors }

    /// Measures centroids, `[nlist, dimension]`, once for all searches; the metric is L2 or the inner product.
    ///
    /// - Throws: ``IndexError`` for centroids that are not finite.
    init(_ centroids: Matrix<Float>, metric: Metric, kernels: Kernels = .best) throws(IndexError) {
        index = try FlatIndex(centroids, metric: metric, kernels: kernels)
        assigner = try CentroidAssigner(centroids, metric: metric, kernels: kernels)
    }

    /// The list of each vector, `[vectors.rows]`.
    func assign(_ vectors: Matrix<Float>, threads: Int, monitor: ProgressMonitor) throws -> [UInt32] {
        try assigner.assign(vectors, threads: threads, monitor: monitor)
    }

    /// The `nprobe` nearest lists of each query, nearest first, with squared distance or inner product.
    func probe(_ queries: Matrix<Float>, nprobe: Int, options: SearchOptions) throws -> Neighbors {
        // Many queries that want one list each are vectors to assign.
        if nprobe == 1, queries.rows >= 64 {
            let (numbers, keys) = try assigner.nearest(queries, threads: options.threads ?? availableCores())
            let isProduct = index.metric == .innerProduct
            return Neighbors(
                (0..<queries.rows).map {
                    [Neighbor(id: Int64(numbers[$0]), score: Float(isProduct ? 0 - keys[$0] : keys[$0]))]
                })
        }
        return try index.search(
            queries, k: nprobe, options: SearchOptions(threads: options.threads, arithmetic: options.arithmetic)
        ).neighbors
    }
}
