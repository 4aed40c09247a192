internal import AkinServer
internal import AkinStore
internal import Foundation
internal import Logging
internal import Synchronization

/// A worker's copy of a shard: a collection of its own that does what the shard's stream says, and answers questions.
///
/// One thread makes the collection, reads the stream and goes on from a snapshot where messages are gone. Trouble with
/// NATS or a full disk makes it wait and try again; what would make answers wrong makes it answer no more.
final class Replica: Sendable {
    let shard: ShardName
    /// The collection's name, for people.
    let collectionName: String
    let map: ShardMap
    let context: WorkerContext

    /// Up to where it has come.
    let gate = PositionGate()
    let counts = Mutex(Counts())
    private let status: Mutex<Status>
    private let ears = Mutex<(direct: NATSSubscription?, group: NATSSubscription?)>((nil, nil))
    /// Since when the stream seems to be shorter than what was read from it.
    private let shortSince = Mutex<ContinuousClock.Instant?>(nil)
    private let end = StopSignal()
    private let running = DispatchGroup()
    private let made: @Sendable () throws -> Void

    /// How it is.
    struct Status: Sendable, Equatable {
        var state: Heartbeat.State
        var problem: String?
        var points = 0
        var bytes = 0
    }

    /// What it has done.
    struct Counts: Sendable {
        var questions = 0
        var failures = 0
        var seconds = 0.0
        var writes = 0
        var refusedWrites = 0
    }

    /// Describes a replica, which begins with ``start(isMade:)``; `made` notes on disk that it was made to its end.
    init(
        _ shard: ShardName, of collectionName: String, _ map: ShardMap, _ context: WorkerContext,
        made: @escaping @Sendable () throws -> Void
    ) {
        self.shard = shard
        self.collectionName = collectionName
        self.map = map
        self.context = context
        self.made = made
        status = Mutex(Status(state: .catchingUp))
    }

    /// Begins to work, on a thread of its own.
    ///
    /// - Parameter isMade: whether what is on disk is the whole beginning; it is made anew otherwise.
    func start(isMade: Bool) {
        running.enter()
        let thread = Thread { [self] in
            defer { running.leave() }
            run(isMade)
        }
        thread.name = "akin-replica"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Hears no more questions, and waits until those that came have been taken.
    ///
    /// Blocks.
    func leave() {
        leaveGroup()
        ears.withLock { ears in
            defer { ears.direct = nil }
            return ears.direct
        }?.drain(within: 2)
    }

    /// Stops reading the stream.
    ///
    /// Blocks.
    func stop() {
        end.stop()
        gate.close()
        running.wait()
        leave()
    }

    /// How it is, for others.
    var current: Heartbeat.Replica {
        let status = status.withLock { $0 }
        return Heartbeat.Replica(
            shard: shard, state: status.state, position: gate.position, points: status.points, bytes: status.bytes,
            problem: status.problem)
    }

    /// Looks how large it is; reads file lengths.
    func measure() {
        guard let found = try? context.store.collection(shard.description).describe() else { return }
        status.withLock {
            $0.points = found.pointCount
            $0.bytes = found.byteCount
        }
    }

    // MARK: - State

    private var logger: Logger { context.logger }
    private var title: String { "shard \(shard.number) of \"\(collectionName)\"" }
    private var stream: String { context.names.writeStream(shard) }

    private func set(_ state: Heartbeat.State, _ problem: String? = nil) {
        let isNew = status.withLock { status in
            defer { (status.state, status.problem) = (state, problem) }
            return status.state != state || status.problem != problem
        }
        guard isNew else { return }
        let text = "\(title): \(state.text) at position \(gate.position)" + (problem.map { ": \($0)" } ?? "")
        state == .failed || state == .gap ? logger.error("\(text)") : logger.info("\(text)")
    }

    /// Notes what is wrong while the state stays, and tells of it once; `nil` when it is over.
    private func note(_ problem: String?) {
        let old = status.withLock { status in
            defer { status.problem = problem }
            return status.problem
        }
        switch (old, problem) {
        case (nil, let problem?): logger.warning("\(title): \(problem); trying again")
        case (_?, nil): logger.info("\(title): goes on at position \(gate.position)")
        default: break
        }
    }

    // MARK: - Work

    /// Why a replica cannot go on.
    private struct Failure: Error {
        var reason: String
    }

    private func run(_ isMade: Bool) {
        var isMade = isMade
        var backoff = Backoff()
        while !end.isStopping {
            do {
                let collection = try open(isMade)
                isMade = true
                gate.move(to: collection.position)
                measure()
                try listen()
                backoff.reset()
                try follow(collection)
            } catch let failure as Failure {
                leaveGroup()
                set(.failed, failure.reason)
                return
            } catch let gap as StreamReader.Gap {
                close(gap)
            } catch {
                if end.isStopping { return }
                note("\(error)")
                end.wait(backoff.wait())
            }
        }
    }

    /// The collection, which is made where there is none.
    private func open(_ isMade: Bool) throws -> VectorCollection {
        let (store, name) = (context.store, shard.description)
        // What a crash interrupted is begun anew.
        if !isMade, store.names.contains(name) { try store.drop(name) }
        if !store.names.contains(name) {
            if let base = map.base {
                try restore(base)
            } else {
                try store.create(name, try map.configuration())
            }
            try made()
        }
        let collection: VectorCollection
        do { collection = try store.collection(name) } catch {
            throw Failure(reason: "cannot be opened: \(error); \(Self.remedy(name))")
        }
        try check(collection)
        return collection
    }

    private func check(_ collection: VectorCollection) throws {
        let expected = try map.configuration(), actual = collection.configuration
        guard actual.dimension == expected.dimension, actual.metric == expected.metric,
            expected.space == nil || actual.space?.id == expected.space?.id
        else { throw Failure(reason: "expected a collection of \(expected), got \(actual)") }
        // Points would be missing from answers.
        if let part = try collection.describe().damage.first(where: { !$0.hasPrefix("cannot index") }) {
            throw Failure(reason: "damaged: \(part); \(Self.remedy(shard.description))")
        }
    }

    private static func remedy(_ name: String) -> String {
        "stop the worker and remove its folder collections/\(name), and the replica is made anew"
    }

    private func restore(_ base: ShardMap.Base) throws {
        guard base.snapshots.indices.contains(shard.number) else {
            throw Failure(reason: "the map names \(base.snapshots.count) snapshots for \(map.shardCount) shards")
        }
        let (source, id) = (
            ShardName(incarnation: base.incarnation, number: shard.number), base.snapshots[shard.number]
        )
        set(.restoring)
        let found = try Blocking.wait(until: end) { [context] in try await context.snapshots.find(id, of: source) }
        guard let found else { throw StoreError.snapshot("there is no snapshot \(id) of shard \(source)") }
        try fetch(found, of: source)
        try context.store.collection(shard.description).setPosition(0)
        set(.catchingUp)
    }

    private func fetch(_ snapshot: PublishedSnapshot, of source: ShardName) throws {
        try Blocking.wait(until: end) { [context, shard, map] in
            try await context.snapshots.fetch(snapshot, of: source, into: shard, map: map)
        }
    }

    /// Goes on from a snapshot where messages of the stream are gone.
    private func close(_ gap: StreamReader.Gap) {
        guard gap.last + 1 >= gap.expected else { return shorten(gap) }
        leaveGroup()
        let problem = "messages \(gap.expected) to \(gap.first - 1) of stream \(stream) are gone"
        do {
            let position = gate.position
            let found = try Blocking.wait(until: end) { [context, shard] in
                try await context.snapshots.newest(of: shard, beyond: position)
            }
            guard let found else {
                set(.gap, problem + ", and no snapshot reaches beyond \(position); publish one from another replica")
                end.wait(5)
                return
            }
            logger.info("\(title): \(problem); going on from snapshot \(found.id)")
            set(.restoring)
            try fetch(found, of: shard)
            set(.catchingUp)
        } catch {
            set(.gap, "\(problem); a snapshot cannot be fetched: \(error)")
            end.wait(5)
        }
    }

    /// Takes note that the stream ends before what was read from it.
    ///
    /// Servers that have just chosen a leader may say so for a moment, so a replica that answers goes on for a while.
    private func shorten(_ gap: StreamReader.Gap) {
        let problem =
            "stream \(stream) ends at message \(gap.last), this replica has read \(gap.expected - 1): it is another one"
        let since = shortSince.withLock { since in
            since = since ?? .now
            return since ?? .now
        }
        if isServing, ContinuousClock.now - since < .seconds(10) {
            note(problem)
            end.wait(0.25)
        } else {
            leaveGroup()
            set(.failed, problem)
            end.wait(2)
        }
    }

    /// Does what the stream says, as long as that goes well.
    private func follow(_ collection: VectorCollection) throws {
        var reader = reader(of: collection)
        defer { reader.end() }
        var goal: UInt64?
        var backoff = Backoff()
        var batch = WriteBatch()
        while !end.isStopping {
            do {
                if goal == nil {
                    goal = try self.goal(after: collection.position)
                    shortSince.withLock { $0 = nil }
                    if !isServing { set(.catchingUp) }
                }
                if let goal, collection.position >= goal { try serve() }
                let messages = try reader.read(batch.count, within: 1)
                note(nil)
                backoff.reset()
                try batch.check(messages, after: collection.position)
                try apply(batch.writes(messages, of: stream), to: collection)
            } catch let failure as NATSFailure {
                note(failure.description)
                reader.end()
                end.wait(backoff.wait())
                // Whatever it had read and not given away is read again.
                reader = self.reader(of: collection)
            }
        }
    }

    /// The message at which a replica is no longer behind: the last of the stream as it is now.
    private func goal(after position: UInt64) throws -> UInt64 {
        let state = try context.streams.state(of: stream)
        guard state.first <= position + 1, state.last >= position else {
            throw StreamReader.Gap(expected: position + 1, first: state.first, last: state.last)
        }
        return state.last
    }

    private func reader(of collection: VectorCollection) -> StreamReader {
        StreamReader(
            context.streams, stream: stream, subject: context.names.writes(shard), from: collection.position + 1)
    }

    private func apply(_ batch: (writes: [StreamWrite], failure: String?), to collection: VectorCollection) throws {
        var backoff = Backoff()
        while !batch.writes.isEmpty, !end.isStopping {
            do {
                let refusals = try collection.apply(batch.writes)
                gate.move(to: collection.position)
                let refused = refusals.lazy.compactMap(\.self)
                counts.withLock {
                    $0.writes += batch.writes.count
                    $0.refusedWrites += refused.count
                }
                if let first = refused.first { logger.debug("\(title): a write was passed over: \(first)") }
                note(nil)
                break
            } catch {
                gate.move(to: collection.position)
                if case StoreError.unavailable = error { throw error }
                note("\(error)")
                end.wait(backoff.wait())
            }
        }
        if let failure = batch.failure, !end.isStopping { throw Failure(reason: failure) }
    }

    // MARK: - Ears

    private var isServing: Bool { ears.withLock { $0.group != nil } }

    /// Hears what is asked of this replica alone.
    private func listen() throws {
        guard ears.withLock({ $0.direct == nil }) else { return }
        let subject = context.names.questions(shard, worker: context.worker)
        let direct = try context.connection.subscribe(subject) { [weak self] in self?.take($0) }
        ears.withLock { $0.direct = direct }
    }

    /// Hears what is asked of any replica of the shard.
    private func serve() throws {
        guard !isServing else { return set(.ready, current.problem) }
        let group = try context.connection.subscribe(
            context.names.questions(shard), queue: ClusterNames.replicas
        ) { [weak self] in self?.take($0) }
        ears.withLock { $0.group = group }
        set(.ready)
    }

    private func leaveGroup() {
        ears.withLock { ears in
            defer { ears.group = nil }
            return ears.group
        }?.drain(within: 2)
    }
}

extension Heartbeat.State {
    fileprivate var text: String {
        switch self {
        case .restoring: "restoring"
        case .catchingUp: "catching up"
        case .ready: "ready"
        case .gap: "messages are missing"
        case .failed: "failed"
        }
    }
}
