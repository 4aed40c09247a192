import Akin

/// How vectors, their 8-bit codes and what is known of each row lie in a device's memory.
///
/// Arrays follow each other, each as long as the tiles at hand ask for:
///
/// | array | bytes of a tile of 128 rows |
/// | --- | --- |
/// | codes | 128 · padded |
/// | b, w, e0, e1, e2 | 128 · 4 each |
/// | vectors | 128 · dimension · 4, or 2 where they are kept in 16 bits |
/// | greatest e0, e1, e2 | 3 · 4 |
///
/// An index without codes has the vectors alone.
struct CodedLayout: Sendable {
    /// Rows of a tile, as in `tile_products.cuh`.
    static let tile = 128
    /// Bytes of a row that are copied at a time there.
    static let stage = 64

    let dimension: Int
    /// Bytes of a row of codes.
    let padded: Int
    let hasCodes: Bool
    let storage: RowStorage

    init(dimension: Int, hasCodes: Bool, storage: RowStorage) {
        self.dimension = dimension
        self.storage = storage
        self.hasCodes = hasCodes
        padded = (dimension + Self.stage - 1) / Self.stage * Self.stage
    }

    /// Bytes that each array takes for a tile, in their order.
    var parts: [Int] {
        let vectors = Self.tile * dimension * storage.bytes
        return hasCodes ? [Self.tile * padded] + Array(repeating: Self.tile * 4, count: 5) + [vectors, 12] : [vectors]
    }

    /// Bytes of a tile, all arrays together; 4 for vectors of no components.
    var tileBytes: Int { max(4, parts.reduce(0, +)) }

    /// Tiles that so many rows take.
    func tiles(_ rows: Int) -> Int { (rows + Self.tile - 1) / Self.tile }

    /// Where each array of so many tiles begins.
    func offsets(tiles: Int) -> [Int] {
        var at = 0
        return parts.map { bytes in
            defer { at += bytes * tiles }
            return at
        }
    }

    /// Names the arrays that begin at an address of the device.
    func block(at address: UInt64, rows: Range<Int>) -> CodedBlock {
        let tiles = tiles(rows.count), coded = tiles * Self.tile
        let starts = offsets(tiles: tiles).map { address + UInt64($0) }
        func floats(_ part: Int, _ count: Int) -> DeviceSlice<Float> {
            DeviceSlice(address: starts[part], count: count)
        }
        let vectors = DeviceSlice<UInt8>(
            address: starts[hasCodes ? 6 : 0], count: rows.count * dimension * storage.bytes)
        guard hasCodes else { return CodedBlock(rows: rows, tiles: tiles, vectors: vectors, codes: nil) }
        return CodedBlock(
            rows: rows, tiles: tiles, vectors: vectors,
            codes: CodedBlock.Codes(
                codes: DeviceSlice(address: starts[0], count: coded * padded), b: floats(1, coded), w: floats(2, coded),
                e0: floats(3, coded), e1: floats(4, coded), e2: floats(5, coded), largest: floats(7, tiles * 3)))
    }

    /// Writes some rows of an index, which begin with a tile, as the device reads them.
    ///
    /// - Parameters:
    ///   - rows: of the index.
    ///   - index: theirs.
    ///   - bytes: as many as the tiles of the rows take.
    ///   - threads: how many share the work.
    /// - Throws: nothing; sharing work could.
    func write(_ rows: Range<Int>, of index: FlatIndex, to bytes: UnsafeMutableRawBufferPointer, threads: Int) throws {
        guard let base = bytes.baseAddress else { return }
        nonisolated(unsafe) let start = base
        let (tiles, tile) = (tiles(rows.count), Self.tile)
        let offsets = offsets(tiles: tiles)
        let share = max(1, min(64, (tiles + threads - 1) / threads))
        try parallelFor(threads: threads, count: (tiles + share - 1) / share) { task in
            let first = task * share
            let own = rows.lowerBound + first * tile..<min(rows.lowerBound + (first + share) * tile, rows.upperBound)
            func put<Element>(_ values: [Element], _ part: Int) {
                values.withUnsafeBytes { values in
                    guard let from = values.baseAddress else { return }
                    (start + offsets[part] + first * parts[part]).copyMemory(from: from, byteCount: values.count)
                }
            }
            index.vectors.withUnsafeElements { elements in
                guard let from = elements.baseAddress, dimension > 0 else { return }
                let part = hasCodes ? 6 : 0
                storage.write(
                    from + own.lowerBound * dimension, count: own.count * dimension,
                    to: start + offsets[part] + first * parts[part])
            }
            guard hasCodes, let coded = index.codedRows(own, tile: tile, stage: Self.stage) else { return }
            put(coded.codes, 0)
            for (i, terms) in [coded.b, coded.w, coded.e0, coded.e1, coded.e2].enumerated() { put(terms, i + 1) }
            put(coded.largest, 7)
        }
    }
}

/// Rows of an index in a device's memory.
///
/// It does not keep that memory.
struct CodedBlock: Sendable {
    /// What `akin_coded_rows` takes.
    struct Codes: Sendable {
        let codes: DeviceSlice<Int8>
        let b, w, e0, e1, e2, largest: DeviceSlice<Float>
    }

    /// Rows of the index.
    let rows: Range<Int>
    let tiles: Int
    /// `[rows, dimension]`, as they are kept.
    let vectors: DeviceSlice<UInt8>
    let codes: Codes?
}
