import Akin

/// Exact search by tiles of 8-bit products: `exact.cu` tells how.
struct TileSearch {
    /// Candidates that a query's list holds.
    static let capacity = 2_048
    /// Largest k that leaves a list room.
    static let largestK = 1_024

    private let index: DeviceVectors
    private let k: Int
    private let clock: DeviceClock
    private var stream: CUDAStream { clock.stream }
    private let threads: Int
    private let tiles, bounds, nearest: Kernel
    private let tileShared: Int
    private let allowed: AllowedTiles?

    /// Gets the kernels, and brings what a filter says to the device.
    ///
    /// It is `nil` when the index has no codes, its rows are too long for the device's shared memory, or k is too large.
    ///
    /// - Parameters:
    ///   - index: what is searched.
    ///   - k: neighbours wanted, of no more than the rows that pass.
    ///   - allowed: the rows that may be found; `nil` for all.
    ///   - clock: of the search's stream.
    ///   - threads: threads that prepare queries.
    /// - Throws: what memory and compiling throw.
    init?(
        _ index: DeviceVectors, k: Int, allowed: AllowedRows?, clock: DeviceClock, threads: Int
    ) throws(CUDAError) {
        let shared = index.layout.padded * CodedLayout.tile + 3 * 8_192 + 2_048
        guard index.layout.hasCodes, k <= Self.largestK,
            shared <= index.pool.context.device.sharedMemoryPerBlockOptIn
        else { return nil }
        self.index = index
        self.k = k
        self.clock = clock
        self.threads = threads
        tileShared = shared
        tiles = try index.kernels.kernel("akin_exact_tiles", in: "exact.cu")
        bounds = try index.kernels.kernel("akin_exact_bounds", in: "exact.cu")
        let named = index.layout.storage.kernel("akin_exact_nearest_\(index.metric.kernelSuffix)")
        nearest = try index.kernels.kernel(named.name, in: named.source)
        if let allowed {
            self.allowed = try AllowedTiles(allowed, index, clock.stream)
        } else {
            self.allowed = nil
        }
    }

    /// Answers queries, as many at a time as memory allows.
    ///
    /// - Returns: the queries that were not answered.
    func run(_ queries: Matrix<Float>, _ monitor: ProgressMonitor, _ found: inout FoundRows) throws -> [Int] {
        let layout = index.layout
        let each = layout.padded + 20 + 4 * layout.dimension + Self.capacity * 8 + 12 + index.pieces * k * 8
        let size = max(1, min(queries.rows, 1 << 16, index.bytesForQueries / each))
        var left: [Int] = []
        for first in stride(from: 0, to: queries.rows, by: size) {
            try monitor.update("search", done: first, total: queries.rows)
            let batch = first..<min(first + size, queries.rows)
            left += try run(queries.rows(batch), first: first, &found)
        }
        return left
    }

    private func run(_ queries: Matrix<Float>, first: Int, _ found: inout FoundRows) throws -> [Int] {
        let count = queries.rows
        guard
            let coded = index.coder.codedQueries(
                queries, k: k, tile: CodedLayout.tile, stage: CodedLayout.stage, threads: threads)
        else { return Array(first..<first + count) }
        try clock.start()
        let batch = try Batch(queries, coded, k: k, pieces: index.pieces, index.pool, stream)
        var parts: [(piece: Int, first: Int)] = []
        try index.forEachBlock(stream: stream, threads: threads) { block, piece in
            try search(block, batch, piece: piece)
            parts.append((piece, block.rows.lowerBound))
        }
        try clock.stop()
        let (values, rows) = (try stream.download(batch.values), try stream.download(batch.rows))
        let overflowed = try stream.download(batch.overflowed)
        for (piece, firstRow) in parts {
            for q in 0..<count where overflowed[q] == 0 {
                let places = (piece * count + q) * k..<(piece * count + q + 1) * k
                found.add(first + q, rows: rows[places], scores: values[places], first: firstRow)
            }
        }
        return (0..<count).filter { overflowed[$0] != 0 }.map { first + $0 }
    }

    /// Puts the stages of a search of one part into the stream.
    private func search(_ block: CodedBlock, _ batch: Batch, piece: Int) throws {
        guard let codes = block.codes else { return }
        let count = UInt32(batch.count), part = try allowed?.part(piece, of: block), b = part?.b ?? codes.b
        let queryTiles = (batch.count + CodedLayout.tile - 1) / CodedLayout.tile
        let capacity = UInt32(Self.capacity)
        try stream.fill(batch.counts, byte: 0)
        var seen = 0
        let stages = TileStages.ends(
            tiles: part?.tiles.count ?? block.tiles, rowsBefore: part?.rowsBefore, capacity: Self.capacity,
            growth: growth)
        for end in stages {
            let each = tilesPerBlock(end - seen, queryTiles: queryTiles)
            try stream.launch(
                tiles, grid: LaunchSize(queryTiles, (end - seen + each - 1) / each), block: 256,
                sharedBytes: tileShared, batch.codes, batch.scale, batch.offset, batch.slack, batch.x1, batch.x2, count,
                codes.codes, b, codes.w, codes.e0, codes.e1, codes.e2, codes.largest, UInt32(index.layout.padded),
                part?.tiles, UInt32(seen), UInt32(end), UInt32(each), batch.foundRows, batch.foundDots, batch.counts,
                batch.bounds, capacity)
            try stream.launch(
                bounds, grid: LaunchSize(batch.count), block: 256, sharedBytes: Self.listBytes, batch.scale,
                batch.offset, batch.slack, batch.x1, batch.x2, b, codes.w, codes.e0, codes.e1, codes.e2,
                batch.foundRows, batch.foundDots, batch.counts, batch.bounds, capacity, UInt32(k), batch.overflowed)
            seen = end
        }
        let places = piece * batch.count * k..<(piece + 1) * batch.count * k
        try stream.launch(
            nearest, grid: LaunchSize(batch.count), block: 256, sharedBytes: Self.listBytes, batch.queries,
            block.vectors, UInt32(index.dimension), batch.foundRows, batch.counts, capacity, batch.overflowed,
            UInt32(k), try batch.values.slice(places), try batch.rows.slice(places))
    }

    /// Rows seen after a stage over those seen before.
    ///
    /// A stage brings about k (growth - 1) candidates, for which a
    /// quarter of the list's room is set aside; the rest is for those that 8 bits cannot tell apart.
    private var growth: Double { min(16, 1 + Double(Self.capacity - k) / Double(4 * k)) }

    /// Tiles of a block: several, so that its queries are read for many rows, but so that every multiprocessor has
    /// some blocks.
    private func tilesPerBlock(_ tiles: Int, queryTiles: Int) -> Int {
        let blocks = 8 * index.pool.context.device.multiprocessors
        return max(1, min(64, tiles * queryTiles / blocks), (tiles + 65_534) / 65_535)
    }

    /// Shared memory of the kernels that go through a list: keys and rows of its candidates, and eight words.
    private static let listBytes = (2 * capacity + 8) * 4

    /// Queries on the device, with their lists and answers.
    private struct Batch {
        let count: Int
        let queries, scale, offset, slack, x1, x2: DeviceBuffer<Float>
        let codes: DeviceBuffer<Int8>
        let foundRows: DeviceBuffer<UInt32>
        let foundDots: DeviceBuffer<Int32>
        let counts, bounds, overflowed: DeviceBuffer<UInt32>
        /// `[pieces][count][k]`.
        let values: DeviceBuffer<Float>
        let rows: DeviceBuffer<UInt32>

        init(
            _ matrix: Matrix<Float>, _ coded: CodedQueries, k: Int, pieces: Int, _ pool: DevicePool,
            _ stream: CUDAStream
        ) throws(CUDAError) {
            func words(_ count: Int) throws(CUDAError) -> DeviceBuffer<UInt32> {
                try pool.allocate(UInt32.self, count: count, on: stream)
            }
            count = matrix.rows
            queries = try pool.upload(matrix, on: stream)
            codes = try pool.upload(coded.codes, on: stream)
            scale = try pool.upload(coded.scale, on: stream)
            offset = try pool.upload(coded.offset, on: stream)
            slack = try pool.upload(coded.slack, on: stream)
            x1 = try pool.upload(coded.x1, on: stream)
            x2 = try pool.upload(coded.x2, on: stream)
            foundRows = try words(count * TileSearch.capacity)
            foundDots = try pool.allocate(Int32.self, count: count * TileSearch.capacity, on: stream)
            counts = try words(count)
            bounds = try words(count)
            overflowed = try words(count)
            values = try pool.allocate(Float.self, count: pieces * count * k, on: stream)
            rows = try words(pieces * count * k)
            try stream.fill(bounds, byte: 0xFF)
            try stream.fill(overflowed, byte: 0)
        }
    }
}

extension Metric {
    /// The end of the names of its kernels.
    var kernelSuffix: String {
        switch self {
        case .l2: "l2"
        case .innerProduct: "ip"
        case .cosine: "cosine"
        }
    }
}
