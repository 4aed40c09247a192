import Akin
import AkinServer
import AkinStore
import Foundation
import Synchronization

/// Collections in memory, searched by comparing with every point: slow, short, and the oracle of other services.
final class MemoryService: CollectionService {
    struct Collection {
        var configuration: CollectionConfiguration
        var points: [PointID: Point] = [:]
        var indexes: [FieldPath: PayloadIndexKind] = [:]
        var snapshots: [SnapshotDescription] = []
    }

    private let state = Mutex<[String: Collection]>([:])
    private let folder: URL
    /// Called before every search, to note it, to make it slow, or to let it fail.
    private let beforeSearch: @Sendable ([SearchQuery]) async throws -> Void

    let isLocal: Bool

    init(
        folder: URL = FileManager.default.temporaryDirectory, isLocal: Bool = true,
        beforeSearch: @escaping @Sendable ([SearchQuery]) async throws -> Void = { _ in }
    ) {
        self.folder = folder
        self.isLocal = isLocal
        self.beforeSearch = beforeSearch
    }

    private func with<T>(_ name: String, _ body: (inout Collection) throws -> T) throws -> T {
        try state.withLock { collections in
            guard var collection = collections[name] else { throw StoreError.noCollection(name) }
            defer { collections[name] = collection }
            return try body(&collection)
        }
    }

    func collections() async throws -> [String] { state.withLock { $0.keys.sorted() } }

    func create(
        _ name: String, _ configuration: CollectionConfiguration, _ placement: Placement
    ) async throws {
        try state.withLock { collections in
            guard collections[name] == nil else { throw StoreError.collectionExists(name) }
            collections[name] = Collection(configuration: configuration)
        }
    }

    func drop(_ name: String) async throws -> Bool { state.withLock { $0.removeValue(forKey: name) != nil } }

    func configuration(of name: String) async throws -> CollectionConfiguration { try with(name) { $0.configuration } }

    func describe(_ name: String) async throws -> CollectionDescription {
        try with(name) {
            CollectionDescription(
                configuration: $0.configuration, pointCount: $0.points.count, indexedCount: 0,
                segments: [.init(name: "memory", spec: "Flat", count: $0.points.count, deletedCount: 0)],
                payloadIndexes: $0.indexes, isIndexing: false, byteCount: 0, damage: [])
        }
    }

    func upsert(_ points: [Point], into name: String) async throws {
        try with(name) { collection in for point in points { collection.points[point.id] = point } }
    }

    func delete(_ selection: PointSelection, from name: String) async throws {
        try with(name) { collection in
            for id in Self.ids(selection, collection) { collection.points[id] = nil }
        }
    }

    func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {
        try with(name) { collection in
            for id in Self.ids(selection, collection) {
                guard var point = collection.points[id] else { continue }
                switch change {
                case .set(let payload, nil): point.payload.merge(payload) { $1 }
                case .set(let payload, let path?):
                    var inner: Payload = [:]
                    if case .object(let members)? = point.payload[path.description] { inner = members }
                    inner.merge(payload) { $1 }
                    point.payload[path.description] = .object(inner)
                case .replace(let payload): point.payload = payload
                case .delete(let paths): for path in paths { point.payload[path.description] = nil }
                case .clear: point.payload = [:]
                }
                collection.points[id] = point
            }
        }
    }

    private static func ids(_ selection: PointSelection, _ collection: Collection) -> [PointID] {
        switch selection {
        case .ids(let ids): ids
        case .matching(let filter):
            collection.points.values.filter { $0.passes(filter) }.map(\.id)
        }
    }

    func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] {
        try with(name) { collection in ids.compactMap { collection.points[$0]?.stored(fields) } }
    }

    func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
        try with(name) { collection in
            let points = collection.points.values.filter { $0.passes(query.filter) }.sorted { $0.id < $1.id }
            if let order = query.order {
                let valued = points.compactMap { point in
                    point.payload[order.path.description]?.double.map { ($0, point) }
                }.filter { value, _ in order.start.map { order.isDescending ? value <= $0 : value >= $0 } ?? true }
                let sorted = valued.sorted { order.isDescending ? $0.0 > $1.0 : $0.0 < $1.0 }.prefix(query.limit)
                return ScrollPage(
                    points: sorted.map { $0.1.stored(query.fields) }, values: sorted.map { .number($0.0) })
            }
            let from = query.start.map { start in points.filter { $0.id >= start } } ?? points
            return ScrollPage(
                points: from.prefix(query.limit).map { $0.stored(query.fields) },
                next: from.count > query.limit ? from[query.limit].id : nil)
        }
    }

    func count(_ filter: Filter, in name: String) async throws -> Int {
        try with(name) { $0.points.values.filter { $0.passes(filter) }.count }
    }

    func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
        try await beforeSearch(queries)
        return try with(name) { collection in
            let metric = collection.configuration.metric
            return queries.map { query in
                let scored = collection.points.values.filter { $0.passes(query.filter) }.map { point in
                    (point, Self.score(query.vector, point.vector, metric))
                }
                let passed = scored.filter { _, score in
                    query.threshold.map { !metric.isNearer($0, than: score) } ?? true
                }
                let sorted = passed.sorted { a, b in
                    a.1 == b.1 ? a.0.id < b.0.id : metric.isNearer(a.1, than: b.1)
                }
                return SearchAnswer(
                    hits: sorted.dropFirst(query.offset).prefix(query.limit).map {
                        .init(point: $0.0.stored(query.fields), score: $0.1)
                    }, isExact: true, plan: query.filter.isEmpty ? .unfiltered : .matchesFirst)
            }
        }
    }

    static func score(_ a: [Float], _ b: [Float], _ metric: Metric) -> Float {
        var dot = 0.0, difference = 0.0, squareA = 0.0, squareB = 0.0
        for (x, y) in zip(a.map(Double.init), b.map(Double.init)) {
            dot += x * y
            difference += (x - y) * (x - y)
            squareA += x * x
            squareB += y * y
        }
        switch metric {
        case .l2: return Float(difference)
        case .innerProduct: return Float(dot)
        case .cosine: return squareA * squareB == 0 ? 0 : Float(dot / (squareA * squareB).squareRoot())
        }
    }

    func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {
        try with(name) { $0.indexes[path] = kind }
    }

    func deletePayloadIndex(on path: FieldPath, in name: String) async throws {
        try with(name) { $0.indexes[path] = nil }
    }

    func image(of id: PointID, in name: String) async throws -> Data? {
        try with(name) { collection in
            guard let point = collection.points[id] else { throw StoreError.noPoint(id) }
            return point.image
        }
    }

    // Snapshots keep the points alone, as lines of JSON.
    func createSnapshot(of name: String) async throws -> SnapshotDescription {
        try with(name) { collection in
            let lines = collection.points.values.sorted { $0.id < $1.id }.map { point in
                JSON.object([
                    "id": point.id.json, "vector": .array(point.vector.map { .number(Double($0)) }),
                    "payload": .object(point.payload),
                ]).encoded
            }
            let data = Data(lines.joined(separator: "\n".utf8))
            let snapshot = SnapshotDescription(
                name: "\(name)-\(collection.snapshots.count).snapshot", byteCount: data.count,
                date: Date(timeIntervalSince1970: 0))
            try data.write(to: folder.appendingPathComponent(snapshot.name))
            collection.snapshots.append(snapshot)
            return snapshot
        }
    }

    func snapshots(of name: String) async throws -> [SnapshotDescription] { try with(name) { $0.snapshots } }

    func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
        try with(name) { collection in
            guard collection.snapshots.contains(where: { $0.name == snapshot }) else {
                throw StoreError.snapshot("there is no snapshot \"\(snapshot)\"")
            }
            return folder.appendingPathComponent(snapshot)
        }
    }

    func deleteSnapshot(_ snapshot: String, of name: String) async throws {
        _ = try await snapshotFile(snapshot, of: name)
        try with(name) { $0.snapshots.removeAll { $0.name == snapshot } }
    }

    func restore(_ name: String, from file: URL) async throws {
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
        let points = try lines.map { line -> Point in
            guard let root = try? JSONDocument(parsing: Array(line)).root, let vector = root["vector"]?.floats,
                let id = root["id"].flatMap(PointID.init(json:)), case .object(let payload)? = root["payload"]?.json
            else { throw StoreError.snapshot("the snapshot is damaged") }
            return Point(id: id, vector: vector, payload: payload)
        }
        try with(name) { collection in
            collection.points = Dictionary(points.map { ($0.id, $0) }) { $1 }
        }
    }

    var load: ServiceLoad { .init(running: 1, waiting: 2) }

    func close() async {}
}

extension PointID {
    var json: JSON {
        switch self {
        case .number(let number): .integer(Int64(number))
        case .name(let name): .string(name)
        }
    }

    init?(json: JSONReader) {
        if let number = json.unsigned { self = .number(number) } else { self.init(name: json.string ?? "") }
    }
}

extension Point {
    func stored(_ fields: PointFields) -> StoredPoint {
        let known: Payload? =
            switch fields.payload {
            case .none: nil
            case .all: payload
            case .only(let paths): payload.filter { key, _ in paths.contains { $0.description == key } }
            case .except(let paths): payload.filter { key, _ in !paths.contains { $0.description == key } }
            }
        return StoredPoint(id: id, payload: known, vector: fields.vector ? vector : nil, hasImage: image != nil)
    }

    func passes(_ filter: Filter) -> Bool { filter.passes(id, .object(payload)) }
}

extension Filter {
    /// Says for one object what the words of a filter mean, as plainly as can be.
    fileprivate func passes(_ id: PointID?, _ object: JSON) -> Bool {
        must.allSatisfy { $0.holds(id, object) } && !mustNot.contains { $0.holds(id, object) }
            && (should.isEmpty || should.contains { $0.holds(id, object) })
            && (atLeast.map { some in some.conditions.filter { $0.holds(id, object) }.count >= some.count } ?? true)
    }
}

extension Filter.Condition {
    fileprivate func holds(_ id: PointID?, _ object: JSON) -> Bool {
        switch self {
        case .match(let path, let value): object.leaves(path).contains(value)
        case .any(let path, let values): object.leaves(path).contains { values.contains($0) }
        case .except(let path, let values): object.leaves(path).contains { $0 != .null && !values.contains($0) }
        case .range(let path, let range):
            object.leaves(path).contains { $0.double.map(range.contains) ?? false }
        case .time(let path, let range):
            object.leaves(path).contains { value in
                guard case .string(let text) = value else { return false }
                return (ISO8601DateFormatter().date(from: text)?.timeIntervalSince1970).map(range.contains) ?? false
            }
        case .isEmpty(let path): object.leaves(path).allSatisfy { $0 == .null }
        case .isNull(let path): object.values(path).contains(.null)
        case .count(let path, let range): range.contains(Double(object.leaves(path).count))
        case .hasID(let ids): id.map(ids.contains) ?? false
        case .nested(let path, let filter): object.leaves(path).contains { filter.passes(nil, $0) }
        case .filter(let filter): filter.passes(id, object)
        }
    }
}

extension JSON {
    /// What stands at a path.
    fileprivate func values(_ path: FieldPath) -> [JSON] {
        var values = [self]
        for name in path.description.split(separator: ".") {
            let isEach = name.hasSuffix("[]")
            values = values.compactMap { $0[String(isEach ? name.dropLast(2) : name)] }
            if isEach { values = values.flatMap { if case .array(let elements) = $0 { elements } else { [JSON]() } } }
        }
        return values
    }

    /// What stands at a path, arrays as their elements.
    fileprivate func leaves(_ path: FieldPath) -> [JSON] {
        values(path).flatMap { if case .array(let elements) = $0 { elements } else { [$0] } }
    }
}
