import Akin

/// Exact search by comparing each query with every row that may be found in double precision: for what tiles do not
/// answer, and for few rows.
struct ComparisonSearch {
    private let index: DeviceVectors
    private let k: Int
    private let clock: DeviceClock
    private var stream: CUDAStream { clock.stream }
    private let threads: Int
    private let comparing: Kernel
    private let allowed: AllowedRows?
    /// Of each part of the vectors.
    private let rowsOfPieces: [Int]
    /// The greatest of these.
    private let most: Int

    /// Gets the kernel.
    ///
    /// - Parameters:
    ///   - index: what is searched.
    ///   - k: neighbours wanted, of no more than the rows that pass.
    ///   - allowed: the rows that may be found; `nil` for all.
    ///   - clock: of the search's stream.
    ///   - threads: threads that prepare vectors where these are streamed.
    /// - Throws: what compiling throws.
    init(
        _ index: DeviceVectors, k: Int, allowed: AllowedRows?, clock: DeviceClock, threads: Int
    ) throws(CUDAError) {
        self.index = index
        self.k = k
        self.clock = clock
        self.threads = threads
        self.allowed = allowed
        rowsOfPieces = (0..<index.pieces).map { piece in
            let rows = index.rows(ofPiece: piece)
            return allowed?.count(in: rows) ?? rows.count
        }
        most = rowsOfPieces.max() ?? 0
        let named = index.layout.storage.kernel("akin_exact_keys_\(index.metric.kernelSuffix)")
        comparing = try index.kernels.kernel(named.name, in: named.source)
    }

    /// Answers some of the queries, as many at a time as memory allows.
    func run(
        _ queries: Matrix<Float>, _ which: [Int], _ monitor: ProgressMonitor, _ found: inout FoundRows
    ) throws {
        // A key of every row, what is selected, and the room that a selection of any k works in.
        let selected = min(k, most), listed = allowed == nil ? 0 : 4 * most
        let each = 4 * (most + index.dimension) + 8 * index.pieces * selected + 24 * selected
        let size = max(1, min(which.count, 4_096, (index.bytesForQueries - listed) / each))
        for first in stride(from: 0, to: which.count, by: size) {
            try monitor.update("search", done: queries.rows - which.count + first, total: queries.rows)
            try run(queries, which[first..<min(first + size, which.count)], selected, &found)
        }
    }

    private func run(
        _ queries: Matrix<Float>, _ which: ArraySlice<Int>, _ selected: Int, _ found: inout FoundRows
    ) throws {
        let (dimension, count, pool) = (index.dimension, which.count, index.pool)
        var gathered: [Float] = []
        gathered.reserveCapacity(count * dimension)
        queries.withUnsafeElements { x in
            for q in which { gathered += x[q * dimension..<(q + 1) * dimension] }
        }
        try clock.start()
        let x = try pool.allocate(Float.self, count: gathered.count, on: stream)
        try stream.upload(gathered, to: x)
        let matrix = try pool.allocate(Float.self, count: count * most, on: stream)
        let values = try pool.allocate(Float.self, count: index.pieces * count * selected, on: stream)
        let rows = try pool.allocate(UInt32.self, count: index.pieces * count * selected, on: stream)
        let listed = try allowed.map { _ in try pool.allocate(UInt32.self, count: most, on: stream) }
        var parts: [(start: Int, k: Int, first: Int, listed: [UInt32]?)] = []
        try index.forEachBlock(stream: stream, threads: threads) { block, piece in
            let (length, start) = (rowsOfPieces[piece], piece * count * selected)
            guard length > 0 else { return }
            let numbers = allowed?.rows(in: block.rows)
            if let numbers, let listed { try stream.upload(numbers, to: listed) }
            let selection = try DeviceSelection(
                rows: count, count: length, k: min(k, length), library: index.kernels, pool: pool)
            // 16 rows a step, some steps a block.
            let blocks = min(65_535, (length + 127) / 128)
            try stream.launch(
                comparing, grid: LaunchSize(count, blocks), block: 256, x, block.vectors, listed,
                UInt32(length), UInt32(dimension), matrix)
            let places = start..<start + count * min(k, length)
            try selection.run(
                matrix.whole, stride: length, values: try values.slice(places), columns: try rows.slice(places),
                on: stream)
            parts.append((start, min(k, length), block.rows.lowerBound, numbers))
        }
        try clock.stop()
        let (keys, ids) = (try stream.download(values), try stream.download(rows))
        let scores = index.metric.isSimilarity ? keys.map { 0 - $0 } : keys
        for (start, k, firstRow, listed) in parts {
            for (i, q) in which.enumerated() {
                let places = start + i * k..<start + (i + 1) * k
                let rows = listed.map { listed in ids[places].map { listed[Int($0)] }[...] } ?? ids[places]
                found.add(q, rows: rows, scores: scores[places], first: firstRow)
            }
        }
    }
}
