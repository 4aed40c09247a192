public import Akin

/// k-nearest-neighbour graphs built on GPUs.
public struct CUDAGraph: Sendable {
    private let kernels: [KernelLibrary]
    private let budget: Int?

    /// Prepares devices.
    ///
    /// - Parameters:
    ///   - contexts: one or more.
    ///   - budget: bytes of each device's memory to use at most.
    /// - Throws: ``CUDAError/noDevice`` for no devices.
    public init(_ contexts: [CUDAContext], budget: Int? = nil) throws(CUDAError) {
        try self.init(kernels: contexts.map { KernelLibrary($0) }, budget: budget)
    }

    /// Prepares the devices of some kernels.
    package init(kernels: [KernelLibrary], budget: Int? = nil) throws(CUDAError) {
        guard !kernels.isEmpty else { throw .noDevice }
        self.kernels = kernels
        self.budget = budget
    }

    /// Builds the true graph, that of ``KNNGraph/exact(_:k:metric:options:)``: every vector is searched for exactly.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: threads, progress and cancellation.
    /// - Returns: the graph.
    /// - Throws: `IndexError`, ``CUDAError``, `CancellationError`.
    /// - Complexity: O(n² · dimension).
    public func exact(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        let flat = try flat(vectors, metric, options)
        return try KNNGraph.searching(
            vectors, k: k, metric: metric, isExact: true, options: options,
            search: { try flat.search($0, k: $1, options: SearchOptions(threads: options.threads)).neighbors })
    }

    /// Builds a graph that holds a share of the true neighbours: every vector is searched for in some lists of an inverted
    /// file, as many as a sample of vectors needs.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 to 1,023; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: the share, ``KNNGraphOptions/recall``; seed, threads, progress and cancellation.
    /// - Returns: the graph, with its recall on the sample.
    /// - Throws: `IndexError`, ``CUDAError``, `CancellationError`.
    public func approximate(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        let count = vectors.rows, degree = min(k, max(0, count - 1))
        guard degree < ListScanPlan.mostWanted else {
            throw CUDAError.outOfRange(name: "k", value: k, allowed: 1...ListScanPlan.mostWanted - 1)
        }
        let flat = try flat(vectors, metric, options)
        let search = SearchOptions(threads: options.threads)
        // Lists of a hundred vectors or more: fewer, and finding them would cost more than looking through them.
        let nlist = max(1, min(1 << 16, count / 128, Int((4 * Double(count).squareRoot()).rounded())))
        guard nlist > 1, degree > 0 else { return try exact(vectors, k: k, metric: metric, options: options) }
        let clustering = try CUDAClustering(kernels: kernels[0], budget: budget)
        var index = try IVFIndex(
            training: vectors, spec: IndexSpec(parsing: "IVF\(nlist),Flat"), metric: metric,
            options: .init(
                seed: options.seed, maxPointsPerCentroid: 64, threads: options.threads, device: clustering),
            monitor: options.monitor)
        try index.add(vectors, threads: options.threads, device: clustering, monitor: options.monitor)
        let lists = try CUDAPlacement(kernels: kernels, budget: budget).place(index, threads: options.threads)

        var random = SplitMix64(seed: options.seed)
        let sample = (0..<min(1_000, count)).map { _ in Int(random.next() % UInt64(count)) }
        let asked = Matrix(sample.map { vectors[$0] })
        let truth = try flat.search(asked, k: degree + 1, options: search).neighbors
        func recall(_ found: Neighbors) -> Double {
            var hits = 0
            for (i, row) in sample.enumerated() {
                func others(_ row: ArraySlice<Neighbor>, _ own: Int) -> ArraySlice<Neighbor> {
                    row.filter { $0.id != Int64(own) }.prefix(degree)
                }
                hits += Set(others(truth[i], row).map(\.id)).intersection(others(found[i], row).map(\.id)).count
            }
            return Double(hits) / Double(sample.count * degree)
        }
        var nprobe = 1, reached = 0.0
        while true {
            var own = search
            own.nprobe = nprobe
            reached = recall(try lists.search(asked, k: degree + 1, options: own).neighbors)
            if reached >= options.recall || nprobe == nlist { break }
            nprobe = min(nlist, nprobe + max(1, nprobe / 2))
        }
        var own = search
        own.nprobe = nprobe
        let chosen = own
        return try KNNGraph.searching(
            vectors, k: k, metric: metric, isExact: false, options: options,
            search: { try lists.search($0, k: $1, options: chosen).neighbors },
            fallback: { try flat.search($0, k: $1, options: search).neighbors }
        ).measured(recall: reached)
    }

    private func flat(
        _ vectors: Matrix<Float>, _ metric: Metric, _ options: KNNGraphOptions
    ) throws -> any TunableIndex {
        try CUDAPlacement(kernels: kernels, budget: budget).place(
            FlatIndex(vectors, metric: metric, threads: options.threads), threads: options.threads)
    }
}
