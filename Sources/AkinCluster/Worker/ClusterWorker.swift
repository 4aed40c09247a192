internal import AkinServer
package import AkinStore
internal import Foundation
package import Logging
internal import Synchronization

/// Holds the replicas that the maps give to a worker, and answers for them.
///
/// ```swift
/// let worker = ClusterWorker(options, connection, logger)
/// try await worker.run()      // until stop() is called from elsewhere, or another takes the name
/// ```
package final class ClusterWorker: Sendable {
    /// Seconds in which routers hear of a heartbeat that says that a worker is going.
    private static let farewellSeconds = 0.3
    /// Seconds that questions under way may take when a worker ends.
    private static let drainSeconds = 20.0

    private let options: WorkerOptions
    private let connection: NATSConnection
    private let logger: Logger
    private let end = StopSignal()
    private let parts = Mutex<Parts?>(nil)
    private let state = Mutex(Phase.new)

    private enum Phase { case new, running, ended }

    /// What there is once a worker has begun.
    private struct Parts: Sendable {
        var context: WorkerContext
        var lease: NameLease
        var replicas: ReplicaSet
        var heartbeats: HeartbeatSender
        var mirror: KeyValueMirror
        var orders: NATSSubscription
        var sets: SetServer?
    }

    /// Describes a worker, which begins with ``run()``.
    package init(_ options: WorkerOptions, _ connection: NATSConnection, _ logger: Logger) {
        self.options = options
        self.connection = connection
        self.logger = logger
    }

    /// Its replicas, as its heartbeats tell of them.
    package var replicas: [Heartbeat.Replica] { parts.withLock { $0 }?.replicas.current ?? [] }

    /// Whether it has its name, and has heard of all collections.
    package var isReady: Bool { parts.withLock { $0 }?.replicas.isComplete ?? false }

    /// What its replicas have done.
    var counts: [(ShardName, Replica.Counts)] {
        (parts.withLock { $0 }?.replicas.all ?? []).map { ($0.shard, $0.counts.withLock { $0 }) }
            .sorted { "\($0.0)" < "\($1.0)" }
    }

    /// Questions under way, and those that were refused.
    var load: (running: Int, refused: Int) {
        let budget = parts.withLock { $0 }?.context.budget
        return (budget?.runningCount ?? 0, budget?.refusedCount ?? 0)
    }

    /// Works until ``stop()`` is called, or the task is cancelled.
    ///
    /// - Throws: `StoreError.unavailable` where the folder is open elsewhere or belongs to another worker, where another
    ///   worker keeps the name, or takes it later; `StoreError.storage`. Trouble with NATS makes it wait.
    package func run() async throws {
        try await withTaskCancellationHandler {
            try await Blocking.run { [self] in try begin() }
        } onCancel: {
            end.stop()
        }
        while !end.isStopping, !Task.isCancelled {
            if let loss = parts.withLock({ $0 })?.lease.loss {
                logger.error("\(loss)")
                await stop()
                throw loss
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        await stop()
    }

    /// Says that it is going, answers what was asked, lets go of all files and gives up its name.
    ///
    /// Returns once that is done, also where somebody else called it first.
    package func stop() async {
        end.stop()
        try? await Blocking.run { [self] in finish() }
    }

    // MARK: - Beginning

    private func begin() throws {
        do {
            try state.withLock { state in
                guard state == .new, !end.isStopping else { throw CancellationError() }
                state = .running
            }
            try open()
        } catch {
            state.withLock { $0 = .ended }
            if error is CancellationError { return }
            throw error
        }
    }

    private func open() throws {
        guard ClusterNames.isName(options.name) else {
            throw StoreError.invalid(
                field: "name", expected: "1 to 64 letters, digits, '_' and '-'", actual: "\"\(options.name)\"")
        }
        let store = try Store(path: options.folder, settings: options.store)
        do {
            let folder = try WorkerFolder(options.folder, of: options.name)
            let records = try folder.records()
            let (streams, buckets) = try patiently {
                let streams = try JetStream(connection)
                return (streams, try ClusterBuckets(streams, options.names, replicas: options.bucketReplicas))
            }
            let instance = UUID().uuidString.lowercased()
            let (host, pid) = (ProcessInfo.processInfo.hostName, ProcessInfo.processInfo.processIdentifier)
            let lease = NameLease(
                buckets.leases, name: options.name,
                .init(instance: instance, directory: folder.id, host: host, pid: pid), logger)
            try lease.acquire(within: options.namePatience, end)
            var beat = Heartbeat(worker: options.name, instance: instance, host: host, pid: pid)
            beat.isDraining = false
            try serve(store, folder, records, streams, buckets, lease, beat)
        } catch {
            store.close()
            throw error
        }
    }

    private func serve(
        _ store: Store, _ folder: WorkerFolder, _ records: [ShardName: WorkerFolder.Record], _ streams: JetStream,
        _ buckets: ClusterBuckets, _ lease: NameLease, _ beat: Heartbeat
    ) throws {
        var limits = ServerLimits()
        limits.queue = options.questions
        let context = WorkerContext(
            worker: options.name, connection: connection, streams: streams, names: options.names, store: store,
            service: LocalService(store, limits: limits, threads: options.threads),
            snapshots: try StreamSnapshots(
                streams, bucket: buckets.maps, names: options.names, store: store, scratch: options.folder + "/scratch"),
            budget: QuestionBudget(options.questions), logger: logger)
        let assignments = Assignments(worker: options.name, accepted: options.shards, records: records)
        let replicas = ReplicaSet(context, folder, buckets.maps, assignments)
        let orders = try patiently {
            try connection.subscribe(options.names.orders(options.name)) { replicas.take(order: $0) }
        }
        let sets = options.sets.map { folder in
            SetServer(
                connection, options.names, worker: options.name, folder: folder,
                threads: options.threads ?? ProcessInfo.processInfo.activeProcessorCount, limits: limits, logger: logger
            )
        }
        let heartbeats = HeartbeatSender(
            beat, to: options.names.heartbeats(options.name), connection, replicas, sets)
        let mirror = KeyValueMirror(buckets.maps) { replicas.hear($0) }
        parts.withLock {
            $0 = Parts(
                context: context, lease: lease, replicas: replicas, heartbeats: heartbeats, mirror: mirror,
                orders: orders, sets: sets)
        }
        logger.info("worker \"\(options.name)\" is here, with \(records.count) replicas on disk")
    }

    /// Tries until NATS answers.
    private func patiently<T>(_ body: () throws -> T) throws -> T {
        var backoff = Backoff()
        var isFirst = true
        while true {
            do { return try body() } catch let failure as NATSFailure where failure.kind != .refused {
                if end.isStopping { throw CancellationError() }
                if isFirst { logger.warning("\(failure.description); trying again") }
                isFirst = false
                end.wait(backoff.wait())
            }
        }
    }

    // MARK: - Ending

    private func finish() {
        // Waits while another thread begins or ends the worker.
        while state.withLock({ $0 == .running }), parts.withLock({ $0 == nil }) { Thread.sleep(forTimeInterval: 0.01) }
        finishing.lock()
        defer { finishing.unlock() }
        let found = parts.withLock { parts in
            defer { parts = nil }
            return parts
        }
        guard let parts = found else { return }
        logger.info("going; \(parts.context.budget.runningCount) questions are under way")
        parts.heartbeats.drain()
        Thread.sleep(forTimeInterval: Self.farewellSeconds)
        parts.mirror.end()
        parts.orders.end()
        parts.replicas.close(within: Self.drainSeconds)
        if !parts.context.budget.drain(within: Self.drainSeconds) {
            logger.warning("\(parts.context.budget.runningCount) questions are given up")
        }
        // What was answered is on its way before the connection ends.
        try? connection.flush()
        parts.heartbeats.end()
        let closed = DispatchSemaphore(value: 0)
        Task {
            await parts.sets?.end()
            await parts.context.service.close()
            closed.signal()
        }
        closed.wait()
        parts.lease.release()
        state.withLock { $0 = .ended }
        logger.info("closed")
    }

    private let finishing = NSLock()
}
