/// Index files of the hnswlib library.
///
/// ```swift
/// let index = try HnswlibFile.open("index.bin", metric: .cosine)
/// ```
///
/// A file holds one index of 32-bit floats: a header, then a record for each vector (its links on the lowest level, its
/// components, its label), then the links on the levels above. It does not say the metric.
public enum HnswlibFile {
    /// Opens an index that hnswlib wrote.
    ///
    /// Vectors that are marked as deleted are left out, and the graph is repaired.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - metric: that of the hnswlib space: `l2`, `ip` or `cosine`.
    /// - Returns: the index, in memory; labels are its ids.
    /// - Throws: ``FileError`` for a file that cannot be read, is damaged, or is none of hnswlib's.
    public static func open(_ path: String, metric: Metric) throws -> HNSWIndex {
        try read(MappedFile(path: path), path: path, metric: metric)
    }

    /// Whether a file is hnswlib's, by its first numbers and its length.
    public static func isHnswlib(_ path: String) -> Bool {
        guard let file = try? MappedFile(path: path) else { return false }
        return (try? HnswlibHeader(file, path: path)) != nil
    }

    /// Reads an index from bytes; `path` is for messages.
    package static func read(_ file: any MatrixStorage, path: String, metric: Metric) throws -> HNSWIndex {
        let header = try HnswlibHeader(file, path: path)
        func malformed(_ message: String) -> FileError { FileError(.malformed, path: path, message) }
        let bytes = UnsafeRawBufferPointer(start: file.start, count: file.byteCount)
        defer { withExtendedLifetime(file) {} }
        func number(_ at: Int) -> Int { Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) }

        var tops: [Int] = [], upper: [Int] = []
        var ids: [Int64] = [], deleted: [Int64] = []
        var at = HnswlibHeader.byteCount + header.count * header.recordByteCount
        let perLevel = 4 + 4 * header.m
        for row in 0..<header.count {
            guard bytes.count - at >= 4 else { throw malformed("the links of vector \(row) are cut off") }
            let size = number(at)
            guard size % perLevel == 0, size / perLevel <= PlainGraph.maximumTop, bytes.count - at - 4 >= size else {
                throw malformed("vector \(row) has \(size) bytes of links above the lowest level")
            }
            tops.append(size / perLevel)
            upper.append(at + 4)
            at += 4 + size
            let record = HnswlibHeader.byteCount + row * header.recordByteCount
            let label = bytes.loadUnaligned(fromByteOffset: record + header.labelOffset, as: UInt64.self)
            guard label < UInt64(Int64.max) else {
                throw FileError(.unsupported, path: path, "label \(label) is not supported: ids are less than 2^63 - 1")
            }
            ids.append(Int64(label))
            if bytes[record + 2] & 1 == 1 { deleted.append(Int64(label)) }
        }
        guard at == bytes.count else { throw malformed("\(bytes.count - at) bytes are left over") }

        let vectors = Matrix<Float>(rows: header.count, columns: header.dimension) { target in
            guard let target = target.baseAddress else { return }
            for row in 0..<header.count {
                let from = HnswlibHeader.byteCount + row * header.recordByteCount + header.vectorOffset
                UnsafeMutableRawPointer(target + row * header.dimension).copyMemory(
                    from: file.start + from, byteCount: 4 * header.dimension)
            }
        }
        let graph = PlainGraph(m: header.m, tops: tops, entry: header.entry) { row, level, body in
            let list =
                level == 0
                ? HnswlibHeader.byteCount + row * header.recordByteCount : upper[row] + (level - 1) * perLevel
            // One more than fit is refused by who asks.
            let count = min(number(list) & 0xffff, (level == 0 ? 2 : 1) * header.m + 1)
            for i in 0..<count {
                let place = list + 4 + 4 * i
                body(place + 4 <= bytes.count ? number(place) : -1)
            }
        }
        do {
            var index = try HNSWIndex(
                graph, vectors: vectors, ids: ids, metric: metric,
                transforms: TransformChain(inputDimension: header.dimension), transformSpecs: [],
                efConstruction: header.efConstruction, path: path)
            index.remove(deleted)
            return index
        } catch let error as IndexError {
            throw malformed("it holds no valid index: \(error)")
        }
    }
}

/// What an hnswlib file begins with, all of whose numbers agree with each other and the file's length.
struct HnswlibHeader {
    static let byteCount = 96

    let count: Int
    let recordByteCount: Int
    let labelOffset: Int
    let vectorOffset: Int
    let entry: Int
    let m: Int
    let efConstruction: Int

    var dimension: Int { (labelOffset - vectorOffset) / 4 }

    /// - Throws: ``FileError`` for a file that is too short, or whose numbers contradict each other.
    init(_ file: any MatrixStorage, path: String) throws(FileError) {
        let bytes = UnsafeRawBufferPointer(start: file.start, count: file.byteCount)
        defer { withExtendedLifetime(file) {} }
        func malformed(_ message: String) -> FileError {
            FileError(.malformed, path: path, "it is no index of hnswlib: \(message)")
        }
        guard bytes.count >= Self.byteCount else { throw malformed("it has \(bytes.count) bytes") }
        func size(_ at: Int) throws(FileError) -> Int {
            let number = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            guard number < 1 << 48 else { throw malformed("number \(number) at byte \(at)") }
            return Int(number)
        }
        let start = try size(0), room = try size(8)
        count = try size(16)
        recordByteCount = try size(24)
        labelOffset = try size(32)
        vectorOffset = try size(40)
        let entry = bytes.loadUnaligned(fromByteOffset: 52, as: UInt32.self)
        let above = try size(56), below = try size(64)
        m = try size(72)
        efConstruction = min(try size(88), 1 << 20)
        self.entry = count == 0 ? 0 : Int(entry)
        guard start == 0, count <= room, IndexSpec.Limits.links.contains(m), above == m, below == 2 * m,
            vectorOffset == 4 + 4 * below, labelOffset > vectorOffset, (labelOffset - vectorOffset) % 4 == 0,
            (labelOffset - vectorOffset) / 4 <= IndexSpec.Limits.dimension.upperBound,
            recordByteCount == labelOffset + 8
        else { throw malformed("its numbers contradict each other") }
        guard count <= (bytes.count - Self.byteCount) / (recordByteCount + 4) else {
            throw malformed("\(count) vectors do not fit in \(bytes.count) bytes")
        }
        guard count == 0 || entry < count else { throw malformed("searching begins at vector \(entry) of \(count)") }
    }
}
