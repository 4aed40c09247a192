public import Akin

/// An inverted file searched on a GPU: the answers of an ``IVFIndex``, id by id and score by score.
///
/// Centroids are compared with queries, and lists scanned, in the device's memory; candidates are decided in double
/// precision, in the CPU's order. Queries with k beyond 1,024, or whose neighbours floats cannot tell apart, are compared with
/// every vector of their lists in double precision; ``Answer/compared`` counts them. Where a graph finds the lists, that part
/// is the CPU's. With second codes the device nominates the candidates that the CPU would, and the CPU compares them again.
///
/// ```swift
/// let context = try CUDAContext(driver: CUDADriver.find())
/// let index = try CUDAIVFIndex(IVFIndex(path: "index.akin"), context: context)
/// let result = try index.search(queries, k: 10, options: SearchOptions(nprobe: 32))
/// ```
public struct CUDAIVFIndex: TunableIndex {
    /// The same index on the CPU.
    public let ivf: IVFIndex
    let lists: DeviceLists
    /// The centroids, where the device compares them.
    private let coarse: CUDAFlatIndex?

    /// The device in use.
    public var context: CUDAContext { lists.library.context }
    /// The index in Faiss's factory language.
    public var spec: String { ivf.spec }
    /// How nearness is measured.
    public var metric: Metric { ivf.metric }
    /// Components of each vector.
    public var dimension: Int { ivf.dimension }
    /// Stored vectors.
    public var count: Int { ivf.count }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? { ivf.space }
    /// Bytes on the device.
    public var byteCount: Int { lists.stored.byteCount + (coarse?.byteCount ?? 0) }
    /// Those of the index on the CPU.
    public var knobs: [SearchKnob] { ivf.knobs }

    /// Brings an index to a device; nothing is trained again.
    ///
    /// - Parameters:
    ///   - index: with lists of floats, or of product codes of 4 to 8 bits; second codes beside the latter stay on the host.
    ///   - context: the device in use.
    ///   - budget: bytes of the device's memory to use at most; by default nine tenths of what is free. The lists must fit.
    ///   - threads: threads that prepare the centroids; `nil` means one per core.
    /// - Throws: `IndexError.unsupported` for other codes; ``CUDAError``: what the device, its memory and its kernels
    ///   throw.
    /// - Complexity: O(count · code bytes).
    public init(_ index: IVFIndex, context: CUDAContext, budget: Int? = nil, threads: Int? = nil) throws {
        try self.init(index, kernels: KernelLibrary(context), budget: budget, threads: threads)
    }

    /// Brings an index to the device of some kernels.
    package init(_ index: IVFIndex, kernels: KernelLibrary, budget: Int? = nil, threads: Int? = nil) throws {
        let pool = try DevicePool(kernels.context, budget: budget)
        ivf = index
        lists = try DeviceLists(index, library: kernels, pool: pool)
        coarse = try index.comparedCentroids.map {
            try CUDAFlatIndex($0, kernels: kernels, pool: pool, threads: threads)
        }
    }

    /// What a search found, and how the queries were answered.
    public struct Answer: Sendable {
        /// The neighbours.
        public var result: SearchResult
        /// Queries that were compared in double precision with every vector of the lists that they looked at.
        public var compared: Int
        /// Seconds that the device was scanning, comparing and deciding.
        public var deviceSeconds: Double
    }

    /// Finds the `k` nearest stored vectors of each query among those in its `nprobe` nearest lists.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: lists to look at, threads, filter, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: as ``IVFIndex/search(_:k:options:)``, and ``CUDAError``.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult {
        try answer(queries, k: k, options: options).result
    }

    /// Finds the `k` nearest stored vectors of each query, and says how.
    ///
    /// - Throws: as ``search(_:k:options:)``.
    public func answer(_ queries: Matrix<Float>, k: Int, options: SearchOptions = SearchOptions()) throws -> Answer {
        let checked = try ivf.checkedSearch(queries, k: k, options)
        guard count > 0, queries.rows > 0 else {
            return Answer(result: try ivf.search(queries, k: k, options: options), compared: 0, deviceSeconds: 0)
        }
        let found = try lists.search(
            queries, k: checked.k, nprobe: checked.nprobe, options: options, nearest: nearest(options))
        return Answer(
            result: SearchResult(
                neighbors: Neighbors(found.rows), isExact: ivf.isExact(options), visited: found.visited,
                isLimited: found.rows.contains { $0.count < checked.k }),
            compared: found.compared, deviceSeconds: found.deviceSeconds)
    }

    /// What finds the nearest centroids on the device, unless a graph does on the CPU.
    func nearest(_ options: SearchOptions) -> ((Matrix<Float>, _ k: Int) throws -> Neighbors)? {
        coarse.map { coarse in
            { try coarse.search($0, k: $1, options: SearchOptions(threads: options.threads)).neighbors }
        }
    }

    /// Writes the index to an `.akin` file, the one that the CPU's index writes.
    ///
    /// - Throws: `FileError` for a place that cannot be written and a full disk.
    public func save(to path: String) throws { try ivf.save(to: path) }
}
