internal import Akin
internal import AkinStore
internal import AkinVision
internal import Foundation
internal import Synchronization

/// An `.akin` file as a collection that can be read and searched, not written.
///
/// Names of points are the index's ids. Where the vectors lie beside the index under the same name (`photos.npy` beside
/// `photos.akin`, row for row), points can also be listed and compared exactly, with path and label where `akin embed`
/// left
/// them (`photos.jsonl`), and pictures where they still are where they were embedded from.
public final class IndexCollection: Sendable {
    /// What the collection is called: the file's name without its ending.
    public let name: String
    let index: any VectorIndex
    /// Vectors and what is known of them, by id.
    let set: EmbeddedSet?
    let byteCount: Int
    /// The pictures of the set, by path.
    private let pictures: [String: ImageItem]
    private let exact = Mutex<(any VectorIndex)?>(nil)
    private let lastFilter = Mutex<(filter: Filter, words: [UInt64])?>(nil)

    /// Opens a file; what is mapped is read as searches need it.
    ///
    /// - Throws: `FileError`, `EmbeddingError` for files that are damaged; `StoreError.invalid` for a name that no
    ///   collection can have, and for vectors that are not the index's.
    public init(path: String) throws {
        let url = URL(fileURLWithPath: path)
        name = url.deletingPathExtension().lastPathComponent
        guard Store.isName(name) else {
            throw StoreError.invalid(
                field: path, expected: "a file's name of letters, digits, _, - and .", actual: "\"\(name)\"")
        }
        index = try IndexFile.open(path, isMapped: true)
        byteCount = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        let vectors = url.deletingPathExtension().appendingPathExtension("npy").path
        guard FileManager.default.fileExists(atPath: vectors) else {
            (set, pictures) = (nil, [:])
            return
        }
        let set = try EmbeddedSet(path: vectors)
        guard set.vectors.rows == index.count, set.vectors.columns == index.dimension else {
            throw StoreError.invalid(
                field: vectors, expected: "the \(index.count) vectors of dimension \(index.dimension) of \(path)",
                actual: "\(set.vectors.rows) of dimension \(set.vectors.columns)")
        }
        if let expected = index.space, let actual = set.space { try expected.check(actual) }
        self.set = set
        pictures = try Self.pictures(of: set, at: vectors)
    }

    /// Where the pictures of a set are, as far as they are still there.
    private static func pictures(of set: EmbeddedSet, at path: String) throws -> [String: ImageItem] {
        guard !set.records.isEmpty, let place = try EmbeddedSet.source(of: path),
            let source = try? ImageSources.open(place), var items = try? source.items()
        else { return [:] }
        var found: [String: ImageItem] = [:]
        while let item = try? items.next() { found[item.path] = item }
        return found
    }

    // Points

    /// Which row a name stands for; `nil` where no point has it.
    func row(_ id: PointID) -> Int? {
        guard case .number(let number) = id, let row = Int(exactly: number), row < index.count else { return nil }
        return row
    }

    func payload(_ row: Int) -> Payload {
        guard let set, !set.records.isEmpty else { return [:] }
        let record = set.records[row]
        var payload: Payload = ["path": .string(record.path)]
        if let label = record.label { payload["label"] = .string(label) }
        return payload
    }

    func point(_ row: Int, _ fields: PointFields) -> StoredPoint {
        var point = StoredPoint(id: .number(UInt64(row)), hasImage: picture(row) != nil)
        if fields.payload != .none { point.payload = fields.payload.part(of: payload(row)) }
        if fields.vector, let set { point.vector = set.vectors[row] }
        return point
    }

    func picture(_ row: Int) -> ImageItem? {
        guard let set, !set.records.isEmpty else { return nil }
        return pictures[set.records[row].path]
    }

    /// The set, for what cannot be answered from the index alone.
    func needSet(_ what: String) throws -> EmbeddedSet {
        guard let set else {
            throw RequestError(
                .badRequest, "unsupported",
                "\(what) needs the vectors beside the index, row for row: \(name).npy beside \(name).akin")
        }
        return set
    }

    /// A bit for each row, set where a filter lets it pass.
    ///
    /// - Complexity: O(count), once for requests with the same filter one after the other.
    func rows(passing filter: Filter) throws -> [UInt64] {
        _ = try needSet("a filter")
        if let known = lastFilter.withLock({ $0 }), known.filter == filter { return known.words }
        var words = [UInt64](repeating: 0, count: (index.count + 63) / 64)
        for row in 0..<index.count where filter.matches(id: .number(UInt64(row)), payload: payload(row)) {
            words[row / 64] |= 1 << UInt64(row % 64)
        }
        let found = words
        lastFilter.withLock { $0 = (filter, found) }
        return words
    }

    /// An index that compares every vector, made when it is asked for first.
    func exactIndex() throws -> any VectorIndex {
        if index is FlatIndex { return index }
        let set = try needSet("exact search")
        return try exact.withLock { made in
            if let made { return made }
            let flat = try FlatIndex(set.vectors, metric: index.metric, space: index.space)
            made = flat
            return flat
        }
    }
}

extension PointFields.PayloadPart {
    /// What of a payload of plain members is wanted.
    fileprivate func part(of payload: Payload) -> Payload {
        switch self {
        case .none: [:]
        case .all: payload
        case .only(let paths): payload.filter { member in paths.contains { $0.description == member.key } }
        case .except(let paths): payload.filter { member in !paths.contains { $0.description == member.key } }
        }
    }
}
