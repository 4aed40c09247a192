internal import AkinStore
internal import Foundation
internal import Logging
internal import Synchronization

/// The replicas of a worker, which come and go as maps say.
///
/// Maps are heard on one thread and acted upon on another, one after the other.
final class ReplicaSet: Sendable {
    let context: WorkerContext
    private let folder: WorkerFolder
    private let maps: KeyValueBucket
    private let queue = DispatchQueue(label: "akin-maps")
    private let state: Mutex<State>

    private struct State {
        var assignments: Assignments
        var replicas: [ShardName: Replica] = [:]
        /// Replicas that are given to this worker, or are on its disk, and do not answer; why.
        var held: [ShardName: String] = [:]
        /// Maps that were heard: the change that wrote them.
        var heard: [String: UInt64] = [:]
        /// Collections that were named since the bucket was told from its beginning.
        var named: Set<String> = []
        /// Problems that were told, by collection.
        var told: [String: String] = [:]
        var isComplete = false
        var isClosed = false
    }

    init(_ context: WorkerContext, _ folder: WorkerFolder, _ maps: KeyValueBucket, _ assignments: Assignments) {
        self.context = context
        self.folder = folder
        self.maps = maps
        state = Mutex(State(assignments: assignments))
    }

    /// Whether all collections were heard of once.
    var isComplete: Bool { state.withLock { $0.isComplete } }

    /// How the replicas are.
    var current: [Heartbeat.Replica] {
        let (replicas, held) = state.withLock { ($0.replicas, $0.held) }
        let failed = held.filter { replicas[$0.key] == nil }.map {
            Heartbeat.Replica(shard: $0.key, state: .failed, problem: $0.value)
        }
        return (replicas.values.map(\.current) + failed).sorted { "\($0.shard)" < "\($1.shard)" }
    }

    /// The replica of a shard.
    func replica(of shard: ShardName) -> Replica? { state.withLock { $0.replicas[shard] } }

    /// The replicas there are.
    var all: [Replica] { state.withLock { Array($0.replicas.values) } }

    /// Looks how large the replicas are.
    func measure() {
        for replica in all { replica.measure() }
    }

    // MARK: - Maps

    /// Takes note of a change of the bucket of maps.
    func hear(_ change: KeyValueMirror.Change) {
        queue.async { [self] in
            guard !state.withLock({ $0.isClosed }) else { return }
            switch change {
            case .set(let key, let entry):
                guard let name = Self.collection(of: key) else { return }
                set(name, entry)
            case .deleted(let key, _):
                guard let name = Self.collection(of: key) else { return }
                deleted(name)
            case .complete: complete()
            }
        }
    }

    private static func collection(of key: String) -> String? {
        let start = ClusterNames.collection("")
        return key.hasPrefix(start) ? String(key.dropFirst(start.count)) : nil
    }

    private func set(_ name: String, _ entry: KeyValueBucket.Entry) {
        let isNew = state.withLock { state in
            state.named.insert(name)
            guard state.heard[name] != entry.revision else { return false }
            state.heard[name] = entry.revision
            return true
        }
        guard isNew else { return }
        do {
            let map = try ShardMap(decoding: entry.bytes, of: name)
            let actions = state.withLock { state in
                state.told[name] = nil
                return state.assignments.set(name, map, revision: entry.revision)
            }
            act(actions, name)
        } catch {
            tell(name, "\(error)")
            // A damaged map says nothing; one of a newer format says what this program does not understand.
            guard case StoreError.unavailable = error else { return }
            act(state.withLock { $0.assignments.cannotRead(name, "\(error)") }, name)
        }
    }

    private func deleted(_ name: String) {
        let actions = state.withLock { state in
            state.heard[name] = nil
            return state.assignments.deleted(name)
        }
        guard !actions.isEmpty else { return }
        // A server that lags behind may tell of a deletion although the collection is there again by now.
        Thread.sleep(forTimeInterval: 0.5)
        guard let entry = try? maps.get(ClusterNames.collection(name)) else {
            guard isSurelyGone(name) else { return }
            return act(actions, name)
        }
        set(name, entry)
    }

    /// Whether the servers say that there is no map; false where they say nothing.
    private func isSurelyGone(_ name: String) -> Bool {
        do { return try maps.get(ClusterNames.collection(name)) == nil } catch { return false }
    }

    private func complete() {
        let actions = state.withLock { state in
            state.isComplete = true
            defer { state.named = [] }
            return state.assignments.told(state.named)
        }
        act(actions, "")
    }

    // MARK: - Replicas

    private func act(_ actions: [Assignments.Action], _ name: String) {
        guard !actions.isEmpty else { return }
        // Noted before anything is made, so that nothing on disk is without a note.
        do { try note() } catch {
            tell(name, "\(error)")
            state.withLock { $0.heard[name] = nil }
            return
        }
        for action in actions {
            switch action {
            case .serve(let shard, let map): serve(shard, name, map)
            case .drop(let shard): drop(shard)
            case .hold(let shard, let why):
                context.logger.error("replica \(shard) is not served: \(why)")
                let replica = state.withLock { state in
                    state.held[shard] = why
                    return state.replicas.removeValue(forKey: shard)
                }
                replica?.leave()
                replica?.stop()
            case .keep(let shard, let why):
                guard replica(of: shard) == nil else { continue }
                context.logger.warning("replica \(shard) is kept and not served: \(why)")
            }
        }
    }

    private func serve(_ shard: ShardName, _ name: String, _ map: ShardMap) {
        let (isThere, isMade) = state.withLock { state in
            state.held[shard] = nil
            return (state.replicas[shard] != nil, state.assignments.records[shard]?.isMade ?? false)
        }
        guard !isThere else { return }
        let replica = Replica(shard, of: name, map, context) { [weak self] in
            self?.state.withLock { $0.assignments.made(shard) }
            try self?.note()
        }
        let goesOn = state.withLock { state in
            guard !state.isClosed else { return false }
            state.replicas[shard] = replica
            return true
        }
        if goesOn { replica.start(isMade: isMade) }
    }

    private func drop(_ shard: ShardName) {
        let replica = state.withLock { state in
            state.held[shard] = nil
            return state.replicas.removeValue(forKey: shard)
        }
        replica?.leave()
        replica?.stop()
        do {
            if context.store.names.contains(shard.description) { try context.store.drop(shard.description) }
            state.withLock { $0.assignments.dropped(shard) }
            try note()
            context.logger.info("replica \(shard) is dropped")
        } catch { context.logger.error("replica \(shard) cannot be dropped: \(error)") }
    }

    private let noting = NSLock()

    private func note() throws {
        try noting.withLock { try folder.write(state.withLock { $0.assignments.records }) }
    }

    private func tell(_ name: String, _ problem: String) {
        let isNew = state.withLock { state in
            defer { state.told[name] = problem }
            return state.told[name] != problem
        }
        if isNew { context.logger.error("\(problem)") }
    }

    // MARK: - Ending

    /// Leaves the queue groups, answers what has come, and stops reading streams.
    ///
    /// Blocks.
    func close(within seconds: Double) {
        state.withLock { $0.isClosed = true }
        queue.sync {}
        let all = all
        // All leave first: a router that is sent away by one must not come to the next.
        for replica in all { replica.leave() }
        _ = context.budget.drain(within: seconds)
        DispatchQueue.concurrentPerform(iterations: all.count) { all[$0].stop() }
    }
}
