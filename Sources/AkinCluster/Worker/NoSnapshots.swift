internal import AkinStore

/// Neither publishes snapshots nor finds any: replicas live from their streams alone.
struct NoSnapshots: SnapshotExchange {
    func publish(_ shard: ShardName, id: String, map: ShardMap, isPurging: Bool) async throws -> PublishedSnapshot {
        throw StoreError.unavailable("this worker publishes no snapshots")
    }

    func newest(of shard: ShardName, beyond position: UInt64) async throws -> PublishedSnapshot? { nil }

    func find(_ id: String, of shard: ShardName) async throws -> PublishedSnapshot? { nil }

    func fetch(_ snapshot: PublishedSnapshot, of source: ShardName, into shard: ShardName, map: ShardMap) async throws {
        throw StoreError.unavailable("this worker fetches no snapshots")
    }
}
