package import AkinServer
package import AkinStore
package import Foundation

/// Collections of a cluster, and beside them published sets, which can only be searched.
package struct ServiceWithSets: CollectionService {
    private let base: ClusterService

    /// What the service of the cluster is.
    package var isLocal: Bool { base.isLocal }

    /// Puts the sets that the service's directory knows beside its collections.
    package init(_ base: ClusterService) { self.base = base }

    /// What is published under a name, unless a collection has it.
    private func set(_ name: String) throws -> PublishedSet? {
        if try base.directory.map(of: name) != nil { return nil }
        return try base.directory.set(name)
    }

    private func refuse(_ what: String, _ name: String) -> RequestError {
        RequestError(
            .forbidden, "read_only_collection",
            "\(name) is a published set, which is only searched: it has ids and vectors, and \(what); publish another "
                + "version with `akin cluster publish`")
    }

    /// The cluster's service, unless a set has the name.
    private func collection(_ name: String, or what: String) throws -> ClusterService {
        guard try set(name) == nil else { throw refuse(what, name) }
        return base
    }

    private static let unwritable = "nothing can be written to it"
    private static let unlisted = "its points cannot be listed"

    /// The nearest points of each query, all from the one version that is published when this begins.
    package func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
        guard let set = try set(name) else { return try await base.search(queries, in: name) }
        return try await base.search(queries, in: set.version, of: name)
    }

    /// What a collection or the published version of a set is made of.
    package func configuration(of name: String) async throws -> CollectionConfiguration {
        if let set = try set(name) { return try set.version.configuration() }
        return try await base.configuration(of: name)
    }

    /// How a collection or the published version of a set is spread.
    package func placement(of name: String) async throws -> Placement {
        if let set = try set(name) { return Placement(shards: set.version.shards) }
        return try await base.placement(of: name)
    }

    /// A collection or the published version of a set, as it is now.
    package func describe(_ name: String) async throws -> CollectionDescription {
        guard let set = try set(name) else { return try await base.describe(name) }
        let version = set.version
        return CollectionDescription(
            configuration: try version.configuration(), pointCount: version.count, indexedCount: version.count,
            segments: (0..<version.shards).map {
                .init(
                    name: "\(SetShard(set: name, version: version.name, number: $0))", spec: version.spec,
                    count: version.count / version.shards, deletedCount: 0)
            }, payloadIndexes: [:], isIndexing: false, byteCount: version.byteCount, damage: [])
    }

    /// How many points there are.
    package func count(_ filter: Filter, in name: String) async throws -> Int {
        guard let set = try set(name) else { return try await base.count(filter, in: name) }
        guard filter.isEmpty else { throw refuse("nothing by which they could be counted", name) }
        return set.version.count
    }

    /// Names of both kinds, in order.
    package func collections() async throws -> [String] {
        Set(try await base.collections()).union(base.directory.sets).sorted()
    }

    /// Makes a collection; the name of a published set is taken.
    package func create(_ name: String, _ configuration: CollectionConfiguration, _ placement: Placement) async throws {
        guard try set(name) == nil else { throw StoreError.collectionExists(name) }
        try await base.create(name, configuration, placement)
    }

    /// Deletes a collection.
    package func drop(_ name: String) async throws -> Bool {
        try await collection(name, or: Self.unwritable).drop(name)
    }

    /// Adds or replaces points of a collection.
    package func upsert(_ points: [Point], into name: String) async throws {
        try await collection(name, or: Self.unwritable).upsert(points, into: name)
    }

    /// Deletes points of a collection.
    package func delete(_ selection: PointSelection, from name: String) async throws {
        try await collection(name, or: Self.unwritable).delete(selection, from: name)
    }

    /// Changes what is known about points of a collection.
    package func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {
        try await collection(name, or: Self.unwritable).change(change, of: selection, in: name)
    }

    /// Points of a collection by name.
    package func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] {
        try await collection(name, or: Self.unlisted).retrieve(ids, fields, from: name)
    }

    /// A page of points of a collection.
    package func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
        try await collection(name, or: Self.unlisted).scroll(query, in: name)
    }

    /// Indexes a member of the payloads of a collection.
    package func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {
        try await collection(name, or: Self.unwritable).createPayloadIndex(on: path, kind, in: name)
    }

    /// Forgets an index of payloads of a collection.
    package func deletePayloadIndex(on path: FieldPath, in name: String) async throws {
        try await collection(name, or: Self.unwritable).deletePayloadIndex(on: path, in: name)
    }

    /// The picture of a point; points of a set have none.
    package func image(of id: PointID, in name: String) async throws -> Data? {
        guard try set(name) == nil else { return nil }
        return try await base.image(of: id, in: name)
    }

    /// Publishes a snapshot of a collection.
    package func createSnapshot(of name: String) async throws -> SnapshotDescription {
        try await collection(name, or: Self.unwritable).createSnapshot(of: name)
    }

    /// A collection's snapshots; a set has none.
    package func snapshots(of name: String) async throws -> [SnapshotDescription] {
        guard try set(name) == nil else { return [] }
        return try await base.snapshots(of: name)
    }

    /// Where a snapshot is.
    package func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
        try await collection(name, or: Self.unwritable).snapshotFile(snapshot, of: name)
    }

    /// Deletes a collection's snapshot.
    package func deleteSnapshot(_ snapshot: String, of name: String) async throws {
        try await collection(name, or: Self.unwritable).deleteSnapshot(snapshot, of: name)
    }

    /// Puts what a file holds in the place of a collection.
    package func restore(_ name: String, from file: URL) async throws {
        try await collection(name, or: Self.unwritable).restore(name, from: file)
    }

    /// Calls under way.
    package var load: ServiceLoad { base.load }

    /// Lets go of the NATS servers.
    package func close() async { await base.close() }
}

extension ServiceWithSets: MeasuredService {
    /// Adds what is known of shards.
    package func addMeasurements(to text: inout PrometheusText) { base.addMeasurements(to: &text) }
}
