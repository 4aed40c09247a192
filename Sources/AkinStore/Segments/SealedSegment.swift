internal import Akin
internal import Foundation

/// Points in files: one or more files of vectors, and perhaps an index over them.
final class SealedSegment: Segment {
    let record: SegmentRecord
    let metric: Metric
    let parts: [VectorPart]
    /// The position of each part's first point, and behind the last that of the end.
    private let starts: [Int]
    /// Over the rows of all parts; `nil` where each part is searched by its own.
    let index: (any VectorIndex)?
    private let scoresAreExact: Bool
    /// Searches of the parts, where there is no index over all.
    private let flat: [FlatIndex?]
    private let indexByteCount: Int

    /// Where the files of segments are, and how they are read.
    struct Place: Sendable {
        var folder: String
        var dimension: Int
        var metric: Metric
        var space: EmbeddingSpace?
        var threads: Int?
        var verify: Bool

        func path(_ file: String) -> String { folder + "/" + file }
    }

    var name: String { record.name }
    var spec: String { record.spec }
    var isIndexed: Bool { index != nil }
    var count: Int { starts[starts.count - 1] }
    var byteCount: Int { parts.reduce(indexByteCount) { $0 + $1.byteCount } }
    var firstRow: Int64 { record.firstRow }
    var lastRow: Int64 { record.lastRow }

    /// Opens the files of a segment.
    ///
    /// - Throws: `FileError` for the first file that cannot be read or is damaged.
    convenience init(_ record: SegmentRecord, in place: Place) throws {
        let parts = try record.files.filter { $0.hasSuffix(".vectors") }.map {
            try VectorPart(path: place.path($0), dimension: place.dimension, verify: place.verify)
        }
        var index: (any VectorIndex)?
        if let file = record.files.first(where: { $0.hasSuffix(".akin") }) {
            index = try IndexFile.open(place.path(file), verify: place.verify, threads: place.threads)
        }
        try self.init(record, parts: parts, index: index, in: place)
    }

    /// Puts a segment together from what is open already.
    init(_ record: SegmentRecord, parts: [VectorPart], index: (any VectorIndex)?, in place: Place) throws {
        let path = place.path(record.files.first ?? record.name)
        guard let first = parts.first, let last = parts.last, first.rows.first == record.firstRow,
            last.rows.last == record.lastRow,
            zip(parts, parts.dropFirst()).allSatisfy({ $0.rows.last < $1.rows.first }),
            parts.reduce(0, { $0 + $1.count }) == record.count
        else {
            throw FileError(
                .mismatch, path: path,
                "expected the \(record.count) rows \(record.firstRow) to \(record.lastRow) of segment \(record.name)")
        }
        if let index {
            guard index.dimension == place.dimension, index.metric == place.metric, index.count <= record.count else {
                throw FileError(
                    .mismatch, path: path,
                    "expected an index of \(record.count) vectors of dimension \(place.dimension), found "
                        + "\(index.count) of \(index.dimension)")
            }
        }
        self.record = record
        self.parts = parts
        self.index = index
        scoresAreExact = (index as? HNSWIndex)?.hasExactScores ?? false
        metric = place.metric
        starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        flat =
            try index == nil
            ? parts.map { part in
                let rows = part.rows.rows.withUnsafeElements { Array($0) }
                return try FlatIndex(part.vectors, ids: rows, metric: place.metric, threads: place.threads)
            } : []
        indexByteCount = record.files.filter { $0.hasSuffix(".akin") }
            .reduce(0) { $0 + FileSystem.byteCount(place.path($1)) }
    }

    private func part(at position: Int) -> (part: VectorPart, start: Int) {
        if parts.count == 1 { return (parts[0], 0) }
        let number = starts.firstPosition { $0 > position } - 1
        return (parts[number], starts[number])
    }

    func position(of row: Int64) -> Int? {
        let number = parts.count == 1 ? 0 : parts.firstPosition { $0.rows.last >= row }
        guard number < parts.count else { return nil }
        return parts[number].rows.position(of: row).map { starts[number] + $0 }
    }

    func row(at position: Int) -> Int64 {
        let (part, start) = part(at: position)
        return part.rows[position - start]
    }

    func id(at position: Int) -> PointID {
        let (part, start) = part(at: position)
        return part.points.id(at: position - start)
    }

    func hasImage(at position: Int) -> Bool {
        let (part, start) = part(at: position)
        return part.points.hasImage(at: position - start)
    }

    func forEachRun(of range: Range<Int>, _ body: (Int, UnsafePointer<Float>, Int) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let (part, first) = part(at: start)
            let count = min(range.upperBound, first + part.count) - start
            part.vectors.withUnsafeElements { elements in
                guard let vectors = elements.baseAddress else { return }
                body(start, vectors + (start - first) * part.vectors.columns, count)
            }
            start += count
        }
    }

    func withVector<Result>(at position: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result {
        let (part, start) = part(at: position)
        return part.vectors.withUnsafeElements { elements in
            body(
                (elements.baseAddress ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped)
                    + (position - start) * part.vectors.columns)
        }
    }

    func search(_ search: SegmentSearch) {
        if let index {
            return search.ask(index, 0..<count, isExact: false, scoresAreExact: scoresAreExact)
        }
        for (number, index) in flat.enumerated() {
            let range = starts[number]..<starts[number + 1]
            if let index {
                search.ask(index, range, isExact: true, scoresAreExact: true)
            } else {
                search.scan(range)
            }
        }
    }
}
