internal import Akin
internal import AkinServer
internal import AkinStore
internal import Foundation

extension StreamSnapshots {
    /// Publishes a snapshot of a replica, and forgets all but the two newest of its shard.
    ///
    /// - Parameters:
    ///   - shard: the local collection is called like it.
    ///   - id: what the snapshot is called.
    ///   - map: the collection's.
    ///   - isPurging: whether the shard's stream forgets what the older of its two snapshots has.
    /// - Returns: the snapshot as it is listed.
    /// - Throws: `StoreError`, ``NATSFailure``. Nothing is listed then, unless only the purge failed.
    package func publish(
        _ shard: ShardName, id: String, map: ShardMap, isPurging: Bool
    ) async throws -> PublishedSnapshot {
        let snapshot = try await withFile { path in try await send(shard, id, map, path) }
        let kept = try await list(snapshot, of: shard)
        // Pieces of snapshots that are listed no more, and of those that were never finished.
        if let oldest = kept.map(\.first).min() {
            try await patiently {
                try await Blocking.run { [streams, names] in
                    try streams.purge(
                        names.snapshotStream(shard.incarnation), before: oldest, subject: names.snapshot(shard, "*"))
                }
            }
        }
        if isPurging, kept.count == Self.kept, let older = kept.map(\.position).min(), older > 0 {
            try await patiently {
                try await Blocking.run { [streams, names] in
                    try streams.purge(names.writeStream(shard), before: older + 1)
                }
            }
        }
        return snapshot
    }

    /// Puts a copy of the collection into the stream.
    private func send(
        _ shard: ShardName, _ id: String, _ map: ShardMap, _ path: String
    ) async throws -> PublishedSnapshot {
        let (position, space) = try await Blocking.run { [store] in
            let collection = try store.collection(shard.description)
            // Taken first: what is copied reaches at least as far.
            let position = collection.position
            try store.createSnapshot(of: shard.description, at: path)
            return (position, collection.configuration.space?.id)
        }
        try await patiently {
            try await Blocking.run { [streams, names] in
                try streams.createStream(
                    .init(
                        name: names.snapshotStream(shard.incarnation), subjects: [names.snapshots(shard.incarnation)],
                        replicas: map.streamReplicas))
            }
        }
        var snapshot = PublishedSnapshot(
            id: id, position: position, byteCount: 0, pieces: 0, first: 0, last: 0, checksum: 0, spaceID: space,
            time: Date().timeIntervalSince1970)
        // Told apart from pieces of a snapshot of the same name that was not finished.
        let run = UUID().uuidString
        let file: FileHandle
        do { file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
            throw StoreError.storage("\(path): cannot read: \(error.localizedDescription)")
        }
        defer { try? file.close() }
        var checksum = CRC32C()
        let size = SnapshotPiece.byteCount(limit: streams.connection.greatestMessage)
        while let part = try file.read(upToCount: size), !part.isEmpty {
            try Task.checkCancellation()
            let bytes = [UInt8](part), number = snapshot.pieces
            bytes.withUnsafeBytes { checksum.update($0) }
            let sequence = try await patiently {
                try await streams.publish(
                    SnapshotPiece.encoded(number, bytes), to: names.snapshot(shard, id), name: "\(run).\(number)",
                    within: 5)
            }
            if number == 0 { snapshot.first = sequence }
            snapshot.last = sequence
            snapshot.pieces += 1
            snapshot.byteCount += bytes.count
        }
        snapshot.checksum = checksum.value
        return snapshot
    }

    /// Lists a snapshot; gives those that are listed now.
    private func list(_ snapshot: PublishedSnapshot, of shard: ShardName) async throws -> [PublishedSnapshot] {
        try await patiently {
            try await Blocking.run { [bucket] in
                let key = ClusterNames.snapshots(of: shard)
                let entry = try bucket.get(key)
                var list = try PublishedSnapshot.list(decoding: entry?.bytes)
                // It is there where an answer was lost.
                if list.contains(snapshot) { return list }
                guard !list.contains(where: { $0.id == snapshot.id }) else {
                    throw StoreError.snapshot("shard \(shard) has a snapshot \(snapshot.id) already")
                }
                list = Array((list + [snapshot]).sorted { $0.id < $1.id }.suffix(Self.kept))
                let bytes = try PublishedSnapshot.encoded(list)
                if let entry {
                    try bucket.update(key, bytes, revision: entry.revision)
                } else {
                    try bucket.create(key, bytes)
                }
                return list
            }
        }
    }
}
