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
    public var isResident: Bool { resident != nil }

    /// The device in use.
    public var context: CUDAContext { pool.context }
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
    public var byteCount: Int { resident?.byteCount ?? flat.byteCount }

    /// Nothing: it is exact.
    public var knobs: [SearchKnob] { [] }

    /// The vectors in the order of their ids, so that ties by smaller row are ties by smaller id.
    let ordered: FlatIndex
    let layout: CodedLayout
    let pool: DevicePool
    let kernels: KernelLibrary
    let resident: DeviceBuffer<UInt8>?
    /// Tiles that are streamed at a time.
    let pieceTiles: Int

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
        let left = max(0, pool.budget - pool.usage.inUse)
        flat = index
        ordered = try Self.byID(index, threads: threads)
        layout = CodedLayout(dimension: index.dimension, hasCodes: index.hasEightBitCodes)
        self.kernels = kernels
        self.pool = pool
        let tiles = layout.tiles(index.count)
        // Two slots of pinned memory on the host: a GiB each is more than enough to hide what starting a copy costs.
        let pieceBytes = min(1 << 30, left / 8)
        pieceTiles = max(1, pieceBytes / layout.tileBytes)
        let bytes = tiles * layout.tileBytes
        // What is left is for queries, and for what the pool loses by rounding.
        let isResident = bytes <= left / 8 * 5
        resident = isResident ? try Self.load(ordered, layout, pool, pieceTiles: pieceTiles, threads) : nil
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

    /// Copies everything to the device.
    private static func load(
        _ index: FlatIndex, _ layout: CodedLayout, _ pool: DevicePool, pieceTiles: Int, _ threads: Int
    ) throws -> DeviceBuffer<UInt8> {
        let stream = try CUDAStream(pool.context)
        let tiles = layout.tiles(index.count)
        let all = try pool.allocate(UInt8.self, count: tiles * layout.tileBytes, on: stream)
        let starts = layout.offsets(tiles: tiles)
        let staged = try StagedRows(
            pool: pool, working: stream, rowBytes: layout.tileBytes,
            pieceBytes: min(pieceTiles, max(1, (64 << 20) / layout.tileBytes)) * layout.tileBytes)
        try staged.run(count: tiles) { piece, bytes in
            try layout.write(rows(of: piece, index.count), of: index, to: bytes, threads: threads)
        } work: { piece, buffer in
            // Each array of the piece has its place in the middle of the same array of all.
            for (i, (from, bytes)) in zip(layout.offsets(tiles: piece.count), layout.parts).enumerated() {
                try stream.copy(
                    buffer, from..<from + bytes * piece.count, to: all, at: starts[i] + bytes * piece.lowerBound)
            }
        }
        return all
    }

    /// The rows that some tiles hold.
    static func rows(of tiles: Range<Int>, _ count: Int) -> Range<Int> {
        tiles.lowerBound * CodedLayout.tile..<min(tiles.upperBound * CodedLayout.tile, count)
    }
}
