internal import AkinServer
package import AkinStore
internal import Foundation

/// Brings replicas to other workers: snapshots of their collections lie in pieces in a stream, and are listed in the bucket
/// of maps.
///
/// ```
/// collection -> file -> pieces P.s.INCARNATION.SHARD.ID -> file -> collection of another worker
///                       listed at snapshots.INCARNATION.SHARD, the two newest of each shard
/// ```
package struct StreamSnapshots: Sendable {
    /// Snapshots that are kept of a shard: while the newest is fetched, and where it turns out to be damaged, there is another.
    static let kept = 2
    /// Seconds without success after which servers that do not answer are given up.
    static let patience = 60.0

    let streams: JetStream
    let bucket: KeyValueBucket
    let names: ClusterNames
    let store: Store
    private let scratch: String

    /// Publishes from a store, and fetches into it.
    ///
    /// - Parameters:
    ///   - streams: the servers.
    ///   - bucket: the bucket of maps.
    ///   - names: what the cluster is called.
    ///   - store: whose collections are called as ``ShardName/description`` says.
    ///   - scratch: a folder of its own for files on their way. What an earlier process left there is removed.
    /// - Throws: `StoreError` where the folder cannot be made.
    package init(
        _ streams: JetStream, bucket: KeyValueBucket, names: ClusterNames, store: Store, scratch: String
    ) throws {
        self.streams = streams
        self.bucket = bucket
        self.names = names
        self.store = store
        self.scratch = scratch
        try? FileManager.default.removeItem(atPath: scratch)
        do { try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true) } catch {
            throw StoreError.storage("\(scratch): cannot make this folder: \(error.localizedDescription)")
        }
    }

    /// The snapshots of a shard, oldest first.
    package func list(of shard: ShardName) async throws -> [PublishedSnapshot] {
        try await Blocking.run { [bucket] in
            try PublishedSnapshot.list(decoding: bucket.get(ClusterNames.snapshots(of: shard))?.bytes)
        }
    }

    /// The newest snapshot that reaches beyond a position; `nil` where there is none.
    package func newest(of shard: ShardName, beyond position: UInt64) async throws -> PublishedSnapshot? {
        try await list(of: shard).last { $0.position > position }
    }

    /// A snapshot by its id; `nil` where there is none.
    package func find(_ id: String, of shard: ShardName) async throws -> PublishedSnapshot? {
        try await list(of: shard).first { $0.id == id }
    }

    /// Lends the path of a file that is gone afterwards.
    func withFile<Value: Sendable>(_ body: @Sendable (String) async throws -> Value) async throws -> Value {
        let path = "\(scratch)/\(UUID().uuidString.lowercased()).snapshot"
        defer {
            // The second is what a writer leaves that did not come to its end.
            for path in [path, path + ".tmp"] { unlink(path) }
        }
        return try await body(path)
    }

    /// Tries until the servers answer; what `body` does may be done more than once.
    func patiently<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now + .seconds(Self.patience)
        var pause = 0.05
        while true {
            do { return try await body() } catch let failure as NATSFailure
                where (failure.isPassing || failure.kind == .conflict) && ContinuousClock.now < end
            {
                try await Task.sleep(for: .seconds(pause))
                pause = min(2, 2 * pause)
            }
        }
    }
}
