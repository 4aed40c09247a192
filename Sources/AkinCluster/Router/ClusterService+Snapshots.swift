package import AkinServer
package import AkinStore
package import Foundation

extension ClusterService {
    /// Lets one replica of each shard publish a snapshot, all under one name.
    package func createSnapshot(of name: String) async throws -> SnapshotDescription {
        try await createSnapshot(of: name, isPurging: false)
    }

    /// Lets one replica of each shard publish a snapshot, all under one name.
    ///
    /// - Parameters:
    ///   - name: of the collection.
    ///   - isPurging: whether the streams forget what the older of the shards' snapshots has.
    /// - Returns: the snapshot, with the bytes of all shards.
    /// - Throws: `StoreError.unavailable` where a shard has no replica that answers, or one refuses.
    package func createSnapshot(of name: String, isPurging: Bool) async throws -> SnapshotDescription {
        let map = try await map(of: name)
        let id = WorkerOrder.snapshotID()
        let published = try await withThrowingTaskGroup(of: PublishedSnapshot.self) { group in
            for (shard, workers) in zip(map.shards, map.replicas) {
                guard let worker = directory.replicas(of: shard, on: workers).live.first else {
                    throw StoreError.unavailable("shard \(shard.number) of \"\(name)\" has no replica that answers")
                }
                let order = try WorkerOrder.publishSnapshot(shard: shard, id: id, isPurging: isPurging).encoded()
                group.addTask { [link] in
                    let bytes: [UInt8]
                    do {
                        bytes = try await link.ask(order, to: link.names.orders(worker), within: 600)
                    } catch let failure as NATSFailure {
                        throw StoreError.unavailable("worker \(worker), asked for a snapshot: \(failure.description)")
                    }
                    switch WorkerReply(decoding: bytes) {
                    case .snapshot(let snapshot): return snapshot
                    case .refused(let why): throw StoreError.unavailable("worker \(worker): \(why)")
                    case nil: throw StoreError.unavailable("worker \(worker) answered something else than expected")
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        return Self.description(id, published)
    }

    private static func description(_ id: String, _ shards: [PublishedSnapshot]) -> SnapshotDescription {
        SnapshotDescription(
            name: id, byteCount: shards.reduce(0) { $0 + $1.byteCount },
            date: Date(timeIntervalSince1970: shards.map(\.time).min() ?? 0))
    }

    /// The snapshots that every shard has, oldest first.
    package func snapshots(of name: String) async throws -> [SnapshotDescription] {
        let map = try await map(of: name)
        let lists = try await bucket { bucket in
            try map.shards.map {
                try PublishedSnapshot.list(decoding: bucket.get(ClusterNames.snapshots(of: $0))?.bytes)
            }
        }
        let all = Dictionary(grouping: lists.joined(), by: \.id)
        return all.filter { $0.value.count == map.shardCount }.sorted { $0.key < $1.key }
            .map { Self.description($0.key, $0.value) }
    }

    /// Refuses: snapshots of a cluster are no files.
    package func snapshotFile(_ snapshot: String, of name: String) async throws -> URL {
        _ = try await map(of: name)
        throw Self.unsupported("downloading a snapshot", "akin cluster restore, which reads it where it is")
    }

    /// Refuses: the older ones go by themselves.
    package func deleteSnapshot(_ snapshot: String, of name: String) async throws {
        _ = try await map(of: name)
        throw Self.unsupported("deleting a snapshot", "a newer one: two are kept for each shard")
    }

    /// Refuses: a file of one collection does not say which shard its points belong to.
    package func restore(_ name: String, from file: URL) async throws {
        throw Self.unsupported("restoring a file", "akin cluster restore NAME, from a published snapshot")
    }

    private static func unsupported(_ what: String, _ instead: String) -> RequestError {
        RequestError(.badRequest, "unsupported", "\(what) is not supported by a cluster; use \(instead)")
    }
}
