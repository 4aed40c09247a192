package import AkinStore
internal import Synchronization

/// Which collections there are, on which workers, and how those are: from the bucket of maps and from heartbeats.
///
/// Every question is answered from memory.
package final class ClusterDirectory: Sendable {
    /// A worker as it was last heard of.
    package struct Worker: Sendable {
        /// What it said.
        package var beat: Heartbeat
        /// When.
        package var heard: ContinuousClock.Instant
        fileprivate let replicas: [ShardName: Heartbeat.Replica]
        fileprivate let sets: Set<SetShard>
    }

    /// What is known about the replicas of a shard.
    package struct Replicas: Sendable {
        /// Workers that answer, as far as is known.
        package var live: [String] = []
        /// Whether one of the others does not speak.
        ///
        /// It may be stopped, and still get questions of the group.
        package var hasSilent = false
        /// How long none has been live; zero where one is.
        package var deadFor: Duration = .zero
    }

    private struct Entry {
        var map: Result<ShardMap, StoreError>
        var revision: UInt64
    }

    private struct SetEntry {
        var set: Result<PublishedSet, StoreError>
        var revision: UInt64
    }

    private struct State {
        var maps: [String: Entry] = [:]
        var workers: [String: Worker] = [:]
        var sets: [String: SetEntry] = [:]
        var lastLive: [AskedShard: ContinuousClock.Instant] = [:]
        var isComplete = false
        var mirror: KeyValueMirror?
        var subscription: NATSSubscription?
    }
    private let state = Mutex(State())

    /// Nothing is known yet.
    package init() {}

    /// Begins to listen.
    package func attach(_ session: ClusterLink.Session, _ names: ClusterNames) throws {
        let subscription = try session.connection.subscribe(names.heartbeats("*")) { [weak self] message in
            if let beat = Heartbeat(decoding: message.bytes) { self?.hear(beat) }
        }
        let mirror = KeyValueMirror(session.bucket) { [weak self] change in self?.take(change) }
        state.withLock {
            $0.subscription = subscription
            $0.mirror = mirror
        }
    }

    /// Stops listening.
    package func end() {
        let (mirror, subscription) = state.withLock { ($0.mirror, $0.subscription) }
        mirror?.end()
        subscription?.end()
    }

    private static let keyStart = ClusterNames.collection("")
    private static let setStart = ClusterNames.set("")

    private func take(_ change: KeyValueMirror.Change) {
        switch change {
        case .complete: state.withLock { $0.isComplete = true }
        case .set(let key, let entry):
            if key.hasPrefix(Self.keyStart) {
                note(String(key.dropFirst(Self.keyStart.count)), entry)
            } else if key.hasPrefix(Self.setStart) {
                note(set: String(key.dropFirst(Self.setStart.count)), entry)
            }
        case .deleted(let key, let revision):
            if key.hasPrefix(Self.keyStart) {
                forget(String(key.dropFirst(Self.keyStart.count)), droppedBy: revision)
            } else if key.hasPrefix(Self.setStart) {
                let name = String(key.dropFirst(Self.setStart.count))
                state.withLock { state in
                    if let known = state.sets[name], known.revision > revision { return }
                    state.sets[name] = nil
                }
            }
        }
    }

    /// Takes a map as it is in the bucket, unless a newer one is known.
    package func note(_ name: String, _ entry: KeyValueBucket.Entry) {
        let known = state.withLock { $0.maps[name]?.revision }
        if let known, known >= entry.revision { return }
        let map: Result<ShardMap, StoreError>
        do { map = .success(try ShardMap(decoding: entry.bytes, of: name)) } catch let error as StoreError {
            map = .failure(error)
        } catch { map = .failure(.storage("\(error)")) }
        state.withLock { state in
            if let known = state.maps[name], known.revision >= entry.revision { return }
            state.maps[name] = Entry(map: map, revision: entry.revision)
        }
    }

    /// Takes what is published under a name, unless something newer is known.
    package func note(set name: String, _ entry: KeyValueBucket.Entry) {
        let set: Result<PublishedSet, StoreError>
        do { set = .success(try PublishedSet(decoding: entry.bytes, of: name)) } catch let error as StoreError {
            set = .failure(error)
        } catch { set = .failure(.storage("\(error)")) }
        state.withLock { state in
            if let known = state.sets[name], known.revision >= entry.revision { return }
            state.sets[name] = SetEntry(set: set, revision: entry.revision)
        }
    }

    /// The names of published sets, in order.
    package var sets: [String] { state.withLock { $0.sets.keys }.sorted() }

    /// What is published under a name; `nil` where nothing is known to be.
    ///
    /// - Throws: `StoreError` where it is something that this program cannot read.
    package func set(_ name: String) throws(StoreError) -> PublishedSet? {
        try state.withLock { $0.sets[name] }?.set.get()
    }

    /// Takes it that a change of the bucket dropped a collection, unless a newer one of its name is known.
    package func forget(_ name: String, droppedBy revision: UInt64) {
        state.withLock { state in
            if let known = state.maps[name], known.revision > revision { return }
            guard case .success(let map)? = state.maps.removeValue(forKey: name)?.map else { return }
            for shard in map.shards { state.lastLive[.collection(shard)] = nil }
        }
    }

    /// Takes a heartbeat.
    package func hear(_ beat: Heartbeat, at time: ContinuousClock.Instant = .now) {
        let replicas = Dictionary(beat.replicas.map { ($0.shard, $0) }) { $1 }
        let sets = Set(beat.sets.compactMap(SetShard.init))
        state.withLock { $0.workers[beat.worker] = Worker(beat: beat, heard: time, replicas: replicas, sets: sets) }
    }

    /// Whether all maps there are have been heard of.
    package var isComplete: Bool { state.withLock { $0.isComplete } }

    /// The names of collections, in order; those with maps that this program cannot read, too.
    package var collections: [String] { state.withLock { $0.maps.keys }.sorted() }

    /// The map of a collection; `nil` where none is known.
    ///
    /// - Throws: `StoreError` where there is one that this program cannot read.
    package func map(of name: String) throws(StoreError) -> ShardMap? {
        try state.withLock { $0.maps[name] }?.map.get()
    }

    /// The number of the change that wrote a collection's map; 0 where none is known.
    func revision(of name: String) -> UInt64 { state.withLock { $0.maps[name]?.revision ?? 0 } }

    /// The maps that this program can read, by the names of their collections.
    package var maps: [String: ShardMap] {
        state.withLock { $0.maps }.compactMapValues { try? $0.map.get() }
    }

    /// Workers that speak, in order; those that are going away only where they are asked for.
    package func liveWorkers(alsoDraining: Bool = false, at time: ContinuousClock.Instant = .now) -> [Worker] {
        state.withLock { state in
            state.workers.values.filter { Self.isFresh($0, time) && (alsoDraining || !$0.beat.isDraining) }
        }.sorted { $0.beat.worker < $1.beat.worker }
    }

    /// What a worker last said of a replica, and whether it still speaks; `nil` where it never spoke.
    package func worker(_ name: String, at time: ContinuousClock.Instant = .now) -> (Worker, isFresh: Bool)? {
        state.withLock { $0.workers[name] }.map { ($0, Self.isFresh($0, time)) }
    }

    /// The replicas of a shard.
    package func replicas(
        of shard: AskedShard, on workers: [String], at time: ContinuousClock.Instant = .now
    ) -> Replicas {
        state.withLock { state in
            var replicas = Replicas(), workers = workers
            if case .set(let shard) = shard {
                workers = state.workers.filter { $0.value.sets.contains(shard) }.keys.sorted()
            }
            for name in workers {
                guard let worker = state.workers[name], Self.isFresh(worker, time) else {
                    replicas.hasSilent = true
                    continue
                }
                if !worker.beat.isDraining, worker.answers(for: shard) { replicas.live.append(name) }
            }
            if replicas.live.isEmpty {
                let last = state.lastLive[shard]
                // Whoever was never heard of has as long to speak as one that was.
                if last == nil { state.lastLive[shard] = time }
                replicas.deadFor = time - (last ?? time)
            } else {
                state.lastLive[shard] = time
            }
            return replicas
        }
    }

    /// The replicas of a shard of a collection.
    package func replicas(
        of shard: ShardName, on workers: [String], at time: ContinuousClock.Instant = .now
    ) -> Replicas {
        replicas(of: .collection(shard), on: workers, at: time)
    }

    private static func isFresh(_ worker: Worker, _ time: ContinuousClock.Instant) -> Bool {
        time - worker.heard < .seconds(Heartbeat.patience)
    }
}

extension ClusterDirectory.Worker {
    /// What it said of a replica.
    package func replica(_ shard: ShardName) -> Heartbeat.Replica? { replicas[shard] }

    /// Whether it said that it has a shard of a published set open.
    package func has(_ shard: SetShard) -> Bool { sets.contains(shard) }

    fileprivate func answers(for shard: AskedShard) -> Bool {
        switch shard {
        case .collection(let shard): replicas[shard]?.state == .ready
        case .set(let shard): sets.contains(shard)
        }
    }
}
