import Akin

/// Vectors on a device, or streamed through it, as exact search reads them.
struct DeviceVectors: Sendable {
    /// Stored vectors.
    let count: Int
    let dimension: Int
    let metric: Metric
    /// Ascending; `nil` when they are the row numbers.
    let ids: [Int64]?
    let layout: CodedLayout
    let coder: QueryCoder
    let pool: DevicePool
    let kernels: KernelLibrary
    /// All of them; `nil` where they are streamed.
    let resident: DeviceBuffer<UInt8>?
    /// Those on the host that are streamed; `nil` where the device holds them.
    let streamed: FlatIndex?
    /// Tiles that are streamed at a time.
    let pieceTiles: Int

    var isResident: Bool { resident != nil }

    /// Brings vectors to a device whose memory others use as well.
    ///
    /// - Parameters:
    ///   - index: whose ids ascend, so that ties by smaller row are ties by smaller id.
    ///   - storage: how the device keeps them: floats, or 16 bits where these hold all values.
    ///   - kernels: of the device.
    ///   - pool: its memory.
    ///   - threads: threads that prepare the vectors.
    /// - Throws: ``CUDAError``: what the device, its memory and its kernels throw.
    init(
        _ index: FlatIndex, storage: RowStorage = .float32, kernels: KernelLibrary, pool: DevicePool, threads: Int
    ) throws {
        let left = max(0, pool.budget - pool.usage.inUse)
        count = index.count
        dimension = index.dimension
        metric = index.metric
        ids = index.ids
        coder = index.queryCoder
        layout = CodedLayout(dimension: index.dimension, hasCodes: index.hasEightBitCodes, storage: storage)
        self.kernels = kernels
        self.pool = pool
        // Two slots of pinned memory on the host: a GiB each is more than enough to hide what starting a copy costs.
        let pieceBytes = min(1 << 30, left / 8)
        pieceTiles = max(1, pieceBytes / layout.tileBytes)
        // What is left is for queries, and for what the pool loses by rounding.
        let isResident = layout.tiles(index.count) * layout.tileBytes <= left / 8 * 5
        resident = isResident ? try Self.load(index, layout, pool, pieceTiles: pieceTiles, threads) : nil
        streamed = isResident ? nil : index
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
