public import AkinStore
public import Foundation

/// Collections of another service, and beside them index files that can be read only.
public struct ServiceWithIndexes: CollectionService {
    private let base: any CollectionService
    private let indexes: [String: IndexCollection]
    private let pool: WorkPool

    /// Whether the other service is; index files are read on threads of this one.
    public var isLocal: Bool { base.isLocal }

    /// Puts index files beside a service's collections.
    ///
    /// - Throws: `StoreError.collectionExists` where two have the same name.
    public init(
        _ base: any CollectionService, _ indexes: [IndexCollection], threads: Int, limits: ServerLimits = .init()
    ) async throws {
        self.base = base
        var names = Set(try await base.collections())
        for index in indexes {
            guard names.insert(index.name).inserted else { throw StoreError.collectionExists(index.name) }
        }
        self.indexes = Dictionary(uniqueKeysWithValues: indexes.map { ($0.name, $0) })
        pool = WorkPool("indexes", threads: threads, queueLength: limits.queue, seconds: limits.queueSeconds)
    }

    /// Refuses to write into an index file.
    private func writable(_ name: String) throws -> any CollectionService {
        guard indexes[name] == nil else {
            throw RequestError(
                .forbidden, "read_only_collection",
                "\(name) is an index file, which is only read; build another with `akin build`, or load its vectors into a "
                    + "collection with `akin load`")
        }
        return base
    }

    /// Names of both kinds, in order.
    public func collections() async throws -> [String] { (try await base.collections() + indexes.keys).sorted() }

    /// Makes a collection of the other service; the name of an index file is taken.
    public func create(
        _ name: String, _ configuration: CollectionConfiguration, _ placement: Placement
    ) async throws {
        guard indexes[name] == nil else { throw StoreError.collectionExists(name) }
        try await base.create(name, configuration, placement)
    }

    /// Deletes a collection; an index file is not deleted.
    public func drop(_ name: String) async throws -> Bool { try await writable(name).drop(name) }

    /// A collection as it is now.
    public func describe(_ name: String) async throws -> CollectionDescription {
        if let index = indexes[name] { return index.description }
        return try await base.describe(name)
    }

    /// What a collection is made of.
    public func configuration(of name: String) async throws -> CollectionConfiguration {
        if let index = indexes[name] { return index.description.configuration }
        return try await base.configuration(of: name)
    }

    /// How a collection is spread; an index file is not.
    public func placement(of name: String) async throws -> Placement {
        indexes[name] == nil ? try await base.placement(of: name) : Placement(shards: 1, replicas: 1)
    }

    /// Adds or replaces points, in a collection.
    public func upsert(_ points: [Point], into name: String) async throws {
        try await writable(name).upsert(points, into: name)
    }

    /// Deletes points of a collection.
    public func delete(_ selection: PointSelection, from name: String) async throws {
        try await writable(name).delete(selection, from: name)
    }

    /// Changes what is known about points of a collection.
    public func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {
        try await writable(name).change(change, of: selection, in: name)
    }

    /// The points with these names that there are.
    public func retrieve(
        _ ids: [PointID], _ fields: PointFields, from name: String
    ) async throws -> [StoredPoint] {
        guard let index = indexes[name] else { return try await base.retrieve(ids, fields, from: name) }
        if fields.vector { _ = try index.needSet("giving vectors") }
        return try await pool.run { ids.compactMap { id in index.row(id).map { index.point($0, fields) } } }
    }

    /// A page of points.
    public func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
        guard let index = indexes[name] else { return try await base.scroll(query, in: name) }
        return try await pool.run { try index.scroll(query) }
    }

    /// How many points pass.
    public func count(_ filter: Filter, in name: String) async throws -> Int {
        guard let index = indexes[name] else { return try await base.count(filter, in: name) }
        return try await pool.run { try index.count(filter) }
    }

    /// The nearest points of each query.
    public func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
        guard let index = indexes[name] else { return try await base.search(queries, in: name) }
        return try await pool.run { try queries.map(index.search) }
    }

    /// Indexes a member of the payloads of a collection.
    public func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {
        try await writable(name).createPayloadIndex(on: path, kind, in: name)
    }

    /// Forgets an index of payloads of a collection.
    public func deletePayloadIndex(on path: FieldPath, in name: String) async throws {
        try await writable(name).deletePayloadIndex(on: path, in: name)
    }

    /// The picture of a point: one that was stored, or for an index file the one that was embedded, where it still is.
    public func image(of id: PointID, in name: String) async throws -> Data? {
        guard let index = indexes[name] else { return try await base.image(of: id, in: name) }
        guard let row = index.row(id) else { throw StoreError.noPoint(id) }
        return try await pool.run {
            // One that was moved away since is as good as none.
            (try? index.picture(row)?.read()).map { Data($0) }
        }
    }

    /// Writes a collection into one file; an index file is one.
    public func createSnapshot(of name: String) async throws -> SnapshotDescription {
        try await writable(name).createSnapshot(of: name)
    }

    /// An index file has none: it is one.
    public func snapshots(of name: String) async throws -> [SnapshotDescription] {
        indexes[name] == nil ? try await base.snapshots(of: name) : []
    }

    /// Where a snapshot is.
    public func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
        guard indexes[name] == nil else { throw StoreError.snapshot("\(name) is an index file and has no snapshots") }
        return try await base.snapshotFile(snapshot, of: name)
    }

    /// Deletes a collection's snapshot.
    public func deleteSnapshot(_ snapshot: String, of name: String) async throws {
        try await writable(name).deleteSnapshot(snapshot, of: name)
    }

    /// Puts what a file holds in the place of a collection.
    public func restore(_ name: String, from file: URL) async throws {
        try await writable(name).restore(name, from: file)
    }

    /// Calls under way and waiting, of both kinds.
    public var load: ServiceLoad {
        let (mine, theirs) = (pool.load, base.load)
        return ServiceLoad(running: mine.running + theirs.running, waiting: mine.waiting + theirs.waiting)
    }

    /// Lets go of all files.
    public func close() async {
        await pool.close()
        await base.close()
    }
}

extension ServiceWithIndexes: MeasuredService {
    /// Adds those of the other service.
    package func addMeasurements(to text: inout PrometheusText) {
        (base as? any MeasuredService)?.addMeasurements(to: &text)
    }
}
