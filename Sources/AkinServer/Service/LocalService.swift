public import AkinStore
public import Foundation

/// The collections of a store in this process.
///
/// Calls of the store block, so they run on threads of their own: as many as there are cores for reading, more for
/// writing, because writes mostly wait for the disk, and a few for what takes long. None waits behind another kind.
public final class LocalService: CollectionService {
    private let store: Store
    private let reads, writes, chores: WorkPool
    /// Pools do all that blocks.
    public var isLocal: Bool { true }

    /// Serves a store, which it closes in the end.
    ///
    /// - Parameters:
    ///   - store: nobody else may close it.
    ///   - limits: how many calls may wait, and how long.
    ///   - threads: for reading; one per core where it is `nil`.
    public init(_ store: Store, limits: ServerLimits = .init(), threads: Int? = nil) {
        self.store = store
        func pool(_ name: String, _ threads: Int, _ seconds: Double) -> WorkPool {
            WorkPool("akin-" + name, threads: threads, queueLength: limits.queue, seconds: seconds)
        }
        reads = pool("read", threads ?? ProcessInfo.processInfo.activeProcessorCount, limits.queueSeconds)
        writes = pool("write", 16, limits.queueSeconds * 5)
        chores = pool("chore", 2, 600)
    }

    /// The names of all collections, in order.
    public func collections() async throws -> [String] { store.names }

    /// Makes an empty collection.
    public func create(
        _ name: String, _ configuration: CollectionConfiguration, _ placement: Placement
    ) async throws {
        try await chores.run { [store] in _ = try store.create(name, configuration) }
    }

    /// Deletes a collection; whether there was one.
    public func drop(_ name: String) async throws -> Bool {
        try await chores.run { [store] in
            do {
                try store.drop(name)
                return true
            } catch StoreError.noCollection { return false }
        }
    }

    /// What a collection is made of; does not wait for a thread.
    public func configuration(of name: String) async throws -> CollectionConfiguration {
        try store.collection(name).configuration
    }

    /// A collection as it is now.
    public func describe(_ name: String) async throws -> CollectionDescription {
        try await read(name) { try $0.describe() }
    }

    /// Adds or replaces points.
    public func upsert(_ points: [Point], into name: String) async throws {
        try await write(name) { try $0.upsert(points) }
    }

    /// Deletes points.
    public func delete(_ selection: PointSelection, from name: String) async throws {
        try await write(name) { _ = try $0.delete(selection) }
    }

    /// Changes what is known about points.
    public func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {
        try await write(name) { _ = try $0.change(change, selection) }
    }

    /// The points with these names that there are.
    public func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] {
        try await read(name) { try $0.retrieve(ids, fields: fields) }
    }

    /// A page of points; an order other than that of names needs a payload index.
    public func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
        try await read(name) { collection in
            guard let order = query.order else {
                let (points, next) = try collection.scroll(
                    query.filter, from: query.start, limit: query.limit, fields: query.fields)
                return ScrollPage(points: points, next: next)
            }
            let points = try collection.scroll(
                query.filter, orderedBy: order.path, isDescending: order.isDescending, from: order.start,
                limit: query.limit, fields: query.fields)
            return ScrollPage(points: points.map(\.point), values: points.map(\.value))
        }
    }

    /// How many points pass.
    public func count(_ filter: Filter, in name: String) async throws -> Int {
        try await read(name) { try $0.count(filter) }
    }

    /// The nearest points of each query.
    public func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
        try await read(name) { try $0.search(queries) }
    }

    /// Indexes a member of the payloads.
    public func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {
        let collection = try store.collection(name)
        try await chores.run { try collection.createPayloadIndex(path, kind) }
    }

    /// Forgets an index of payloads.
    public func deletePayloadIndex(on path: FieldPath, in name: String) async throws {
        let collection = try store.collection(name)
        try await chores.run { try collection.deletePayloadIndex(path) }
    }

    /// The image file stored with a point.
    public func image(of id: PointID, in name: String) async throws -> Data? {
        try await read(name) { try $0.image(id) }
    }

    /// Writes all of a collection into one file.
    public func createSnapshot(of name: String) async throws -> SnapshotDescription {
        try await chores.run { [store] in try store.createSnapshot(of: name) }
    }

    /// A collection's snapshots, oldest first.
    public func snapshots(of name: String) async throws -> [SnapshotDescription] {
        _ = try store.collection(name)
        return try await reads.run { [store] in try store.snapshots(of: name) }
    }

    /// Where a snapshot's file is.
    public func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
        URL(fileURLWithPath: try store.snapshotPath(of: name, named: snapshot))
    }

    /// Deletes a snapshot.
    public func deleteSnapshot(_ snapshot: String, of name: String) async throws {
        _ = try store.collection(name)
        try await reads.run { [store] in try store.deleteSnapshot(of: name, named: snapshot) }
    }

    /// Puts what a snapshot's file holds in the place of a collection.
    public func restore(_ name: String, from file: URL) async throws {
        try await chores.run { [store] in _ = try store.restore(name, fromFile: file.path) }
    }

    /// Calls under way and waiting for a thread.
    public var load: ServiceLoad {
        let loads = [reads.load, writes.load, chores.load]
        return ServiceLoad(
            running: loads.reduce(0) { $0 + $1.running }, waiting: loads.reduce(0) { $0 + $1.waiting })
    }

    /// Does what waits, then lets go of all files.
    public func close() async {
        for pool in [reads, writes, chores] { await pool.close() }
        store.close()
    }

    private func read<T: Sendable>(
        _ name: String, _ body: @escaping @Sendable (VectorCollection) throws -> T
    ) async throws -> T {
        let collection = try store.collection(name)
        return try await reads.run { try body(collection) }
    }

    private func write<T: Sendable>(
        _ name: String, _ body: @escaping @Sendable (VectorCollection) throws -> T
    ) async throws -> T {
        let collection = try store.collection(name)
        return try await writes.run { try body(collection) }
    }
}
