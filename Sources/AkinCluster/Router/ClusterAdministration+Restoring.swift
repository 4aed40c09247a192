internal import AkinServer
internal import AkinStore
internal import Foundation

extension ClusterAdministration {
    /// Puts a published snapshot in the place of a collection; what was written since is gone.
    ///
    /// The collection gets a new incarnation that begins with the snapshot. Nothing changes when it throws, but that the
    /// new incarnation may not be served yet.
    ///
    /// - Parameters:
    ///   - name: of the collection.
    ///   - ids: the snapshot of all shards, or one for each; empty for the newest that all shards have.
    /// - Returns: the snapshots.
    /// - Throws: `StoreError.snapshot` where a shard has none of that name.
    package func restore(_ name: String, from ids: [String] = []) async throws -> [String] {
        let names = service.link.names
        let (old, new, entry) = try await restored(name, ids, names)
        service.directory.note(name, entry)
        service.writer.forget(old.shards)
        try await service.servers { session in
            for shard in old.shards { try session.jetStream.deleteStream(names.writeStream(shard)) }
            // Of the two that snapshots may have come from, one is needed on.
            for incarnation in [old.incarnation, old.base?.incarnation] {
                guard let incarnation, incarnation != new.base?.incarnation else { continue }
                try session.jetStream.deleteStream(names.snapshotStream(incarnation))
            }
        }
        try await service.waitUntilReady(new, name)
        return new.base?.snapshots ?? []
    }

    /// Writes the new map.
    private func restored(
        _ name: String, _ ids: [String], _ names: ClusterNames
    ) async throws -> (old: ShardMap, new: ShardMap, KeyValueBucket.Entry) {
        do {
            return try await service.servers { session in
                let key = ClusterNames.collection(name)
                guard let entry = try session.bucket.get(key) else { throw StoreError.noCollection(name) }
                let old = try ShardMap(decoding: entry.bytes, of: name)
                let base = try Self.base(ids, of: old, name, session.bucket)
                var new = ShardMap(
                    try old.configuration(), replicas: old.replicas, streamReplicas: old.streamReplicas)
                new.base = base
                do {
                    for shard in new.shards {
                        try session.jetStream.createStream(
                            .init(
                                name: names.writeStream(shard), subjects: [names.writes(shard)],
                                replicas: new.streamReplicas))
                    }
                    let bytes = try new.encoded()
                    let revision = try session.bucket.update(key, bytes, revision: entry.revision)
                    return (old, new, KeyValueBucket.Entry(bytes: bytes, revision: revision))
                } catch {
                    for shard in new.shards { _ = try? session.jetStream.deleteStream(names.writeStream(shard)) }
                    throw error
                }
            }
        } catch let failure as NATSFailure where failure.kind == .conflict {
            throw StoreError.unavailable("the map of \"\(name)\" was changed meanwhile; try again")
        }
    }

    /// Finds the snapshots among the collection's own, or those that it began with.
    ///
    /// Blocks.
    private static func base(
        _ ids: [String], of map: ShardMap, _ name: String, _ bucket: KeyValueBucket
    ) throws -> ShardMap.Base {
        guard ids.count <= 1 || ids.count == map.shardCount else {
            throw StoreError.snapshot(
                "expected one snapshot, or one for each of \(map.shardCount) shards, got \(ids.count)")
        }
        for incarnation in [map.incarnation, map.base?.incarnation].compactMap(\.self) {
            let lists = try (0..<map.shardCount).map { number in
                let key = ClusterNames.snapshots(of: ShardName(incarnation: incarnation, number: number))
                return try PublishedSnapshot.list(decoding: bucket.get(key)?.bytes).map(\.id)
            }
            let wanted: [String]
            if ids.isEmpty {
                let common = lists.dropFirst().reduce(Set(lists[0])) { $0.intersection($1) }
                guard let newest = common.max() else { continue }
                wanted = lists.map { _ in newest }
            } else {
                wanted = ids.count == 1 ? lists.map { _ in ids[0] } : ids
            }
            if zip(wanted, lists).allSatisfy({ $1.contains($0) }) {
                return ShardMap.Base(incarnation: incarnation, snapshots: wanted)
            }
        }
        throw StoreError.snapshot(
            ids.isEmpty
                ? "no snapshot of \"\(name)\" is there for all shards; publish one with akin cluster snapshot \(name)"
                : "\"\(name)\" has no snapshot \(ids.joined(separator: ", ")) of every shard; ask for them with "
                    + "GET /collections/\(name)/snapshots")
    }
}
