internal import AkinStore

/// Brings replicas to other workers as files, and from them.
protocol SnapshotExchange: Sendable {
    /// Publishes a snapshot of a replica.
    ///
    /// - Parameters:
    ///   - shard: the local collection is called like it.
    ///   - id: what the snapshot is called.
    ///   - map: the collection's.
    ///   - isPurging: whether the shard's stream forgets what the older of its snapshots has.
    /// - Returns: what was published.
    /// - Throws: `StoreError`, ``NATSFailure``; what was published in part is not listed.
    func publish(_ shard: ShardName, id: String, map: ShardMap, isPurging: Bool) async throws -> PublishedSnapshot

    /// The newest snapshot that reaches beyond a position; `nil` where there is none.
    func newest(of shard: ShardName, beyond position: UInt64) async throws -> PublishedSnapshot?

    /// A snapshot by its id; `nil` where there is none.
    func find(_ id: String, of shard: ShardName) async throws -> PublishedSnapshot?

    /// Puts a snapshot of `source` in the place of the local collection of `shard`, which stays as it was when it throws.
    func fetch(_ snapshot: PublishedSnapshot, of source: ShardName, into shard: ShardName, map: ShardMap) async throws
}

extension StreamSnapshots: SnapshotExchange {}
