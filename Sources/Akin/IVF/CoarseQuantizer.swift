/// Assigns vectors to inverted lists: the nearest of some centroids, found exactly, or by a graph over them.
///
/// With a graph, assignment and short searches look at some centroids only. Where a walk would keep all of them, as for
/// a search of every list, or does not reach as many as are wanted, they are all compared.
struct CoarseQuantizer: Sendable {
    /// The centroids, searched like any other vectors.
    let index: FlatIndex
    /// Links between centroids, where there are any.
    let graph: CoarseGraph?
    /// Exact, for many vectors that each want the nearest centroid alone; not where there is a graph.
    private let assigner: CentroidAssigner?

    var nlist: Int { index.count }
    /// `[nlist, dimension]`.
    var centroids: Matrix<Float> { index.vectors }
    var byteCount: Int { index.byteCount + (graph?.byteCount ?? 0) }
    /// How a spec says that centroids are found.
    var partition: IndexSpec.Partition { .init(nlist: nlist, coarse: graph.map { .hnsw($0.m) } ?? .flat) }

    /// Measures centroids, `[nlist, dimension]`, once for all searches; the metric is L2 or the inner product.
    ///
    /// - Throws: ``IndexError`` for centroids that are not finite.
    init(
        _ centroids: Matrix<Float>, metric: Metric, graph: CoarseGraph? = nil, kernels: Kernels = .best
    ) throws(IndexError) {
        index = try FlatIndex(centroids, metric: metric, kernels: kernels)
        self.graph = graph
        assigner = graph == nil ? try CentroidAssigner(centroids, metric: metric, kernels: kernels) : nil
    }

    /// The list of each vector, `[vectors.rows]`.
    func assign(_ vectors: Matrix<Float>, threads: Int, monitor: ProgressMonitor) throws -> [UInt32] {
        if let assigner { return try assigner.assign(vectors, threads: threads, monitor: monitor) }
        let options = SearchOptions(threads: threads, monitor: monitor)
        let numbers = try probe(vectors, nprobe: 1, options: options).numbers
        return withExtendedLifetime(numbers) {
            Array(UnsafeBufferPointer(start: numbers.pointer, count: vectors.rows))
        }
    }

    /// The `nprobe` nearest lists of each query, nearest first.
    func probe(_ queries: Matrix<Float>, nprobe: Int, options: SearchOptions) throws -> CoarseNeighbors {
        let threads = options.threads ?? availableCores()
        let breadth = max(nprobe, options.efSearch ?? CoarseGraph.breadth(nprobe: nprobe))
        if let graph, breadth < nlist {
            let (found, short) = try graph.nearest(
                queries, k: nprobe, breadth: breadth, centroids: centroids, threads: threads,
                kernels: options.kernels ?? .best, monitor: options.monitor.quiet)
            for row in short {
                try compareAll(queries.rows(row..<row + 1), into: found, from: row, options)
            }
            return found
        }
        let found = CoarseNeighbors(rows: queries.rows, k: nprobe)
        // Many queries that want one list each are vectors to assign.
        if let assigner, nprobe == 1, queries.rows >= 64 {
            let (numbers, keys) = try assigner.nearest(queries, threads: threads)
            for row in 0..<queries.rows { found.set(row, 0, number: numbers[row], key: Float(keys[row])) }
        } else {
            try compareAll(queries, into: found, from: 0, options)
        }
        return found
    }

    /// Searches exactly, and writes the rows from `first` on.
    private func compareAll(
        _ queries: Matrix<Float>, into found: CoarseNeighbors, from first: Int, _ options: SearchOptions
    ) throws {
        let exact = try index.search(
            queries, k: found.k, options: SearchOptions(threads: options.threads, arithmetic: options.arithmetic)
        ).neighbors
        let isProduct = index.metric == .innerProduct
        for row in 0..<exact.count {
            for (rank, list) in exact[row].enumerated() {
                let key = isProduct ? 0 - list.score : list.score
                found.set(first + row, rank, number: UInt32(list.id), key: key)
            }
        }
    }
}

/// The nearest centroids of some vectors; each row is written by one thread.
final class CoarseNeighbors: @unchecked Sendable {
    let rows: Int
    let k: Int
    /// `[rows, k]`, nearest first.
    let numbers: Buffer<UInt32>
    /// `[rows, k]`: squared distances, or inner products with their sign changed.
    let keys: Buffer<Float>

    init(rows: Int, k: Int) {
        self.rows = rows
        self.k = k
        numbers = Buffer(repeating: 0, count: rows * k)
        keys = Buffer(repeating: 0, count: rows * k)
    }

    func set(_ row: Int, _ rank: Int, number: UInt32, key: Float) {
        numbers[row * k + rank] = number
        keys[row * k + rank] = key
    }
}
