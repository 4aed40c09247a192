package import AkinServer
package import AkinStore

extension ClusterService {
    /// Adds points, or replaces those that have the same names.
    ///
    /// What is invalid is refused before anything is written. When it throws otherwise, some or all may be written; the
    /// same points may be written again.
    package func upsert(_ points: [Point], into name: String) async throws {
        let map = try await map(of: name)
        try map.configuration().check(points)
        let shares = Self.split(points, over: map.shardCount, \.id)
        try await write(shares.mapValues { .upsert($0) }, to: map, of: name)
    }

    /// Deletes points.
    package func delete(_ selection: PointSelection, from name: String) async throws {
        let map = try await map(of: name)
        try await write(Self.split(selection, over: map.shardCount) { .delete($0) }, to: map, of: name)
    }

    /// Changes what is known about points.
    package func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws {
        let map = try await map(of: name)
        try map.configuration().check(change)
        try await write(Self.split(selection, over: map.shardCount) { .change(change, $0) }, to: map, of: name)
    }

    /// Indexes a member of the payloads, in every shard.
    package func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws {
        try await writeEverywhere(.createPayloadIndex(path, kind), name)
    }

    /// Forgets an index of payloads, in every shard.
    package func deletePayloadIndex(on path: FieldPath, in name: String) async throws {
        try await writeEverywhere(.deletePayloadIndex(path), name)
    }

    private func writeEverywhere(_ write: ShardWrite, _ name: String) async throws {
        let map = try await map(of: name)
        let all = Dictionary(uniqueKeysWithValues: (0..<map.shardCount).map { ($0, write) })
        try await self.write(all, to: map, of: name)
    }

    private func write(_ writes: [Int: ShardWrite], to map: ShardMap, of name: String) async throws {
        guard !writes.isEmpty else { return }
        let positions = try await counted {
            try await writer.write(writes, to: map, of: name, until: deadline)
        }
        for (shard, position) in positions { CallNotes.current?.noteWritten(shard, at: position, of: name) }
    }

    /// A selection's share in each shard that it concerns: names in theirs, a filter in all.
    private static func split(
        _ selection: PointSelection, over count: Int, _ write: (PointSelection) -> ShardWrite
    ) -> [Int: ShardWrite] {
        switch selection {
        case .ids(let ids): split(ids, over: count, \.self).mapValues { write(.ids($0)) }
        case .matching: Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, write(selection)) })
        }
    }
}
