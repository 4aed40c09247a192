public import Akin

/// Exact search on a GPU: the answers of a ``FlatIndex``, id by id and score by score.
///
/// Candidates are nominated by 8-bit products on the matrix units, whose errors are bounded as on the CPU, and decided by
/// distances in double precision, computed in the CPU's order. Queries for which that cannot be done, because k or the
/// values are too large for it or more rows are too near to be told apart than a list holds, are compared with every
/// row in double precision, also on the GPU; ``Answer/compared`` counts them.
///
/// ```swift
/// let context = try CUDAContext(driver: CUDADriver.find())
/// let index = try CUDAFlatIndex(FlatIndex(base), context: context)
/// let result = try index.search(queries, k: 10, options: SearchOptions())
/// ```
///
/// The device holds vectors and codes when they fit five eighths of the memory that may be used; otherwise every batch
/// of queries streams them through it. A filter is asked once about each id, on the processor; the device looks only at
/// the rows that pass and those of their tiles.
public struct CUDAFlatIndex: TunableIndex {
    /// The same index on the CPU.
    public let flat: FlatIndex
    /// Whether the device holds all vectors; they are streamed otherwise.
    public var isResident: Bool { vectors.isResident }

    /// The device in use.
    public var context: CUDAContext { vectors.pool.context }
    /// "Flat".
    public var spec: String { flat.spec }
    /// How nearness is measured.
    public var metric: Metric { flat.metric }
    /// Components of each vector.
    public var dimension: Int { flat.dimension }
    /// Stored vectors.
    public var count: Int { flat.count }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? { flat.space }
    /// Bytes that searching needs resident: on the device, or on the host where the vectors are streamed.
    public var byteCount: Int { vectors.resident?.byteCount ?? flat.byteCount }

    /// Nothing: it is exact.
    public var knobs: [SearchKnob] { [] }

    let vectors: DeviceVectors

    /// Brings an index to a device.
    ///
    /// - Parameters:
    ///   - index: what is to be searched. One whose ids do not ascend is copied in the order of its ids.
    ///   - context: the device in use.
    ///   - budget: bytes of the device's memory to use at most; by default nine tenths of what is free.
    ///   - threads: threads that prepare the vectors; `nil` means one per core.
    /// - Throws: ``CUDAError``: what the device, its memory and its kernels throw; `IndexError`.
    /// - Complexity: O(count · dimension), one pass over the vectors.
    public init(_ index: FlatIndex, context: CUDAContext, budget: Int? = nil, threads: Int? = nil) throws {
        try self.init(index, kernels: KernelLibrary(context), budget: budget, threads: threads)
    }

    /// Brings an index to the device of some kernels.
    package init(_ index: FlatIndex, kernels: KernelLibrary, budget: Int? = nil, threads: Int? = nil) throws {
        try self.init(index, kernels: kernels, pool: DevicePool(kernels.context, budget: budget), threads: threads)
    }

    /// Brings an index to a device whose memory others use as well.
    package init(_ index: FlatIndex, kernels: KernelLibrary, pool: DevicePool, threads: Int? = nil) throws {
        let threads = threads ?? availableCores()
        flat = index
        vectors = try DeviceVectors(
            Self.byID(index, threads: threads), kernels: kernels, pool: pool, threads: threads)
    }

    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more; a row has at most ``count``.
    ///   - options: threads that prepare queries, cancellation, a filter.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: as ``FlatIndex/search(_:k:options:)``, and ``CUDAError``.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult {
        try answer(queries, k: k, options: options).result
    }

    /// Writes the index to an `.akin` file, the one that the CPU's index writes.
    ///
    /// - Throws: `FileError` for a place that cannot be written and a full disk.
    public func save(to path: String) throws { try flat.save(to: path) }

    /// The index itself where its ids ascend.
    private static func byID(_ index: FlatIndex, threads: Int) throws -> FlatIndex {
        guard let ids = index.ids, !zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) else { return index }
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        let vectors = index.vectors.withUnsafeElements { from in
            Matrix<Float>(rows: index.count, columns: index.dimension) { to in
                for (row, source) in order.enumerated() {
                    for c in 0..<index.dimension {
                        to[row * index.dimension + c] = from[source * index.dimension + c]
                    }
                }
            }
        }
        return try FlatIndex(
            vectors, ids: order.map { ids[$0] }, metric: index.metric, space: index.space,
            eightBit: index.hasEightBitCodes, threads: threads)
    }
}
