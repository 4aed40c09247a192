import Akin

/// What the tiles of a search are given of a filter, on the device: the bits of all rows, and of each part that vectors
/// come in the tiles with rows that pass.
///
/// The rows that do not pass get an infinite b, so that no bound reaches them: tiles cost what they cost without a filter,
/// and all candidates, from which bounds are made, are rows that pass.
struct AllowedTiles {
    /// Of a part of the vectors.
    struct Part {
        /// The tiles to look at, counted from the part's first.
        let tiles: DeviceSlice<UInt32>
        /// `[tiles + 1]`: rows that pass in those before each.
        let rowsBefore: [Int]
        /// Terms b of the part, infinite for rows that do not pass.
        let b: DeviceSlice<Float>
    }

    private let rows: AllowedRows
    private let words, tiles: DeviceBuffer<UInt32>
    private let b: DeviceBuffer<Float>
    private let parts: [(tiles: Range<Int>, rowsBefore: [Int])]
    private let masking: Kernel
    private let stream: CUDAStream

    /// Brings what a filter says to the device.
    ///
    /// - Parameters:
    ///   - rows: that pass.
    ///   - index: theirs, which has codes.
    ///   - stream: of the search.
    /// - Throws: ``CUDAError``: what memory, copies and compiling throw.
    init(_ rows: AllowedRows, _ index: DeviceVectors, _ stream: CUDAStream) throws(CUDAError) {
        var all: [UInt32] = [], parts: [(tiles: Range<Int>, rowsBefore: [Int])] = []
        for piece in 0..<index.pieces {
            let (numbers, counts) = rows.tiles(in: index.rows(ofPiece: piece))
            var before = [0]
            for count in counts { before.append(before[before.count - 1] + count) }
            parts.append((all.count..<all.count + numbers.count, before))
            all += numbers
        }
        self.rows = rows
        self.parts = parts
        self.stream = stream
        words = try index.pool.allocate(UInt32.self, count: rows.words.count, on: stream)
        tiles = try index.pool.allocate(UInt32.self, count: all.count, on: stream)
        b = try index.pool.allocate(
            Float.self, count: index.layout.tiles(index.pieceRows) * CodedLayout.tile, on: stream)
        masking = try index.kernels.kernel("akin_exact_allowed", in: "exact.cu")
        try stream.upload(rows.words, to: words)
        try stream.upload(all, to: tiles)
    }

    /// Puts the terms of a part into the stream; they are there until those of the next part are asked for.
    ///
    /// - Throws: what launches throw.
    func part(_ piece: Int, of block: CodedBlock) throws(CUDAError) -> Part? {
        guard let codes = block.codes else { return nil }
        let (range, before) = parts[piece], count = codes.b.count
        let bits = block.rows.lowerBound / 32..<block.rows.lowerBound / 32 + count / 32
        let part = Part(tiles: try tiles.slice(range), rowsBefore: before, b: try b.slice(0..<count))
        guard !range.isEmpty else { return part }
        try stream.launch(
            masking, grid: LaunchSize((count + 255) / 256), block: 256, codes.b, try words.slice(bits), UInt32(count),
            part.b)
        return part
    }
}
