internal import Akin
internal import Foundation

/// A file of vectors as they were given, with their rows and the names of their points; written once, then mapped.
///
/// It is a container, as indexes are, with these sections:
///
/// | section | holds |
/// | --- | --- |
/// | `points` | JSON: how many there are, and how long |
/// | `rows` | `[count]` ascending row numbers |
/// | `vectors` | `[count][dimension]` |
/// | `kinds` | `[count]` bytes: bit 0 where the point has a name rather than a number, bit 1 where it has an image |
/// | `ids` | `[count]`: the number, or the name's offset in `names` times 65,536 plus its length |
/// | `names` | names, one behind the other |
final class VectorPart: Sendable {
    let path: String
    let rows: RowTable
    let vectors: Matrix<Float>
    let points: PointTable
    let byteCount: Int

    var count: Int { rows.count }

    private struct Manifest: Codable {
        var count: Int
        var dimension: Int
        var nameBytes: Int
    }

    /// Maps a file.
    ///
    /// - Throws: `FileError` for one that cannot be read or is damaged.
    init(path: String, dimension: Int, verify: Bool) throws {
        let container = try ContainerReader(path: path)
        if verify { try container.verify() }
        let manifest: Manifest = try container.json("points")
        guard manifest.dimension == dimension, manifest.count >= 1 else {
            throw FileError(
                .mismatch, path: path,
                "expected vectors of dimension \(dimension), found \(manifest.count) of \(manifest.dimension)",
                section: "points")
        }
        self.path = path
        byteCount = container.byteCount
        vectors = try container.matrix("vectors", .float32, rows: manifest.count, columns: dimension)
        guard let rows = RowTable(try container.matrix("rows", .int64, rows: manifest.count, columns: 1)) else {
            throw FileError(.malformed, path: path, "rows do not ascend", section: "rows")
        }
        self.rows = rows
        let points = PointTable(
            kinds: try container.matrix("kinds", .uint8, rows: manifest.count, columns: 1),
            values: try container.matrix("ids", .int64, rows: manifest.count, columns: 1),
            names: try container.matrix("names", .uint8, rows: manifest.nameBytes, columns: 1))
        guard let points else {
            throw FileError(.malformed, path: path, "a name lies outside the names", section: "ids")
        }
        self.points = points
    }

    /// Writes points of some segments to a new file, which is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - dimension: components of each vector.
    ///   - sources: segments in the order of their rows, and which of their positions; one at least in all.
    ///   - faults: failures that a test wants.
    /// - Throws: `FileError`, ``StoreError``.
    static func write(
        _ path: String, dimension: Int, _ sources: [(segment: any Segment, positions: [Int])], faults: DiskFaults?
    ) throws {
        try faults.check(.writeSegment, path: path)
        var packed = PackedPoints()
        let count = sources.reduce(0) { $0 + $1.positions.count }
        packed.kinds.reserveCapacity(count)
        packed.values.reserveCapacity(count)
        var rows: [Int64] = []
        rows.reserveCapacity(count)
        for (segment, positions) in sources {
            for position in positions {
                packed.append(segment.id(at: position), hasImage: segment.hasImage(at: position))
                rows.append(segment.row(at: position))
            }
        }
        let writer = try ContainerWriter(path: path)
        try writer.write(
            json: Manifest(count: rows.count, dimension: dimension, nameBytes: packed.names.count), named: "points")
        try writer.begin("rows", .int64)
        try rows.withUnsafeBufferPointer { try writer.write($0) }
        try writer.begin("vectors", .float32)
        for (segment, positions) in sources {
            var start = 0
            while start < positions.count {
                // Positions that follow one another are written at once.
                var end = start + 1
                while end < positions.count, positions[end] == positions[end - 1] + 1 { end += 1 }
                var failure: (any Error)?
                segment.forEachRun(of: positions[start]..<positions[end - 1] + 1) { _, vectors, count in
                    guard failure == nil else { return }
                    do {
                        try writer.write(UnsafeBufferPointer(start: vectors, count: count * dimension))
                    } catch { failure = error }
                }
                if let failure { throw failure }
                start = end
            }
        }
        try writer.begin("kinds", .uint8)
        try packed.kinds.withUnsafeBufferPointer { try writer.write($0) }
        try writer.begin("ids", .int64)
        try packed.values.withUnsafeBufferPointer { try writer.write($0) }
        try writer.begin("names", .uint8)
        try packed.names.withUnsafeBufferPointer { try writer.write($0) }
        try writer.finish()
    }
}
