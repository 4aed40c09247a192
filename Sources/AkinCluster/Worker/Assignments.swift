/// Which replicas a worker holds, and what becomes of them when a map changes.
///
/// A replica is dropped only where somebody said so: the collection was deleted, or a map newer than the one that gave the
/// replica to this worker does not any more. A map that is merely absent, or older, drops nothing.
package struct Assignments: Sendable {
    /// What is to be done about a replica.
    package enum Action: Sendable, Equatable {
        /// Hold it, and answer.
        case serve(ShardName, ShardMap)
        /// Let go of it, and of what is on disk.
        case drop(ShardName)
        /// Keep what is on disk, without answering; why.
        case hold(ShardName, String)
        /// Go on as before, which may be holding a replica that nobody asks for; why it is not dropped.
        case keep(ShardName, String)
    }

    /// What the worker is called.
    package let worker: String
    /// The shards that it takes.
    package let accepted: AcceptedShards
    /// The replicas, as they are to be noted on disk.
    package private(set) var records: [ShardName: WorkerFolder.Record]
    private var isTold: Set<String> = []

    /// Begins with the replicas that are on disk.
    package init(worker: String, accepted: AcceptedShards, records: [ShardName: WorkerFolder.Record]) {
        self.worker = worker
        self.accepted = accepted
        self.records = records
    }

    /// Takes note of a collection's map.
    package mutating func set(_ collection: String, _ map: ShardMap, revision: UInt64) -> [Action] {
        var actions: [Action] = []
        var wanted: Set<ShardName> = []
        for shard in map.shards where map.replicas[shard.number].contains(worker) {
            wanted.insert(shard)
            guard accepted.contains(shard.number, of: collection) else {
                actions.append(
                    .hold(shard, "shard \(shard.number) of \"\(collection)\" is not among those of --shards"))
                continue
            }
            actions.append(.serve(shard, map))
            let known = records[shard]
            records[shard] = WorkerFolder.Record(
                collection: collection, revision: max(revision, known?.revision ?? 0), isMade: known?.isMade ?? false)
        }
        for (shard, record) in records where record.collection == collection && !wanted.contains(shard) {
            actions.append(
                revision > record.revision
                    ? .drop(shard) : .keep(shard, "the map of \"\(collection)\" is older than this replica"))
        }
        return actions
    }

    /// Takes note of a map that this program cannot read.
    package func cannotRead(_ collection: String, _ problem: String) -> [Action] {
        records.filter { $0.value.collection == collection }.keys.map { .hold($0, problem) }
    }

    /// Takes note that a collection was deleted, by somebody who meant it.
    package func deleted(_ collection: String) -> [Action] {
        records.filter { $0.value.collection == collection }.keys.map { .drop($0) }
    }

    /// Takes note of all collections there are; gives the replicas that nobody asks for, each once.
    package mutating func told(_ collections: Set<String>) -> [Action] {
        var actions: [Action] = []
        for (shard, record) in records where !collections.contains(record.collection) {
            guard isTold.insert(shard.description).inserted else { continue }
            let problem = "there is no map of \"\(record.collection)\", and no sign that it was deleted"
            actions.append(.keep(shard, problem))
        }
        return actions
    }

    /// Takes note that a replica was made to its end.
    package mutating func made(_ shard: ShardName) { records[shard]?.isMade = true }

    /// Takes note that a replica is gone.
    package mutating func dropped(_ shard: ShardName) { records[shard] = nil }
}
