import AkinCluster
import AkinStore
import Foundation
import Logging
import Synchronization
import Testing

/// A server of NATS, a collection's map and streams, and workers in this process.
final class WorkerBench: @unchecked Sendable {
    let server: NATSServer
    let names: ClusterNames
    let connection: NATSConnection
    let streams: JetStream
    let buckets: ClusterBuckets
    let folder: URL

    init() throws {
        server = try NATSServer()
        names = try #require(ClusterNames(prefix: "t"))
        connection = try server.connect()
        streams = try JetStream(connection)
        buckets = try ClusterBuckets(streams, names)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-worker-\(UUID().uuidString)")
    }

    deinit {
        connection.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Makes a collection of two-dimensional points.
    func create(_ name: String, _ replicas: [[String]]) throws -> ShardMap {
        let map = ShardMap(
            CollectionConfiguration(dimension: 2, metric: .l2), replicas: replicas, streamReplicas: 1)
        for shard in map.shards {
            try streams.createStream(.init(name: names.writeStream(shard), subjects: [names.writes(shard)]))
        }
        try publish(map, of: name)
        return map
    }

    /// Makes a map known.
    func publish(_ map: ShardMap, of name: String) throws {
        try buckets.maps.put(ClusterNames.collection(name), try map.encoded())
    }

    /// Writes to a shard's stream.
    @discardableResult
    func write(_ write: ShardWrite, to shard: ShardName) async throws -> UInt64 {
        try await writeBytes(write.encoded(), to: shard)
    }

    @discardableResult
    func writeBytes(_ bytes: [UInt8], to shard: ShardName) async throws -> UInt64 {
        try await streams.publish(bytes, to: names.writes(shard), name: UUID().uuidString, within: 10)
    }

    /// A point of a number.
    static func point(_ number: UInt64, _ x: Float? = nil) -> Point {
        Point(id: .number(number), vector: [x ?? Float(number), 1], payload: ["number": .integer(Int64(number))])
    }

    /// Asks a replica, or all of a shard.
    func ask(_ question: ShardQuestion, _ shard: ShardName, worker: String? = nil) async throws -> ShardAnswer {
        let subject = worker.map { names.questions(shard, worker: $0) } ?? names.questions(shard)
        return try ShardAnswer(decoding: try await connection.ask(question.encoded(), to: subject, within: 10))
    }

    /// The numbers of a replica's points.
    func numbers(_ shard: ShardName, worker: String? = nil, after: UInt64 = 0) async throws -> [UInt64] {
        let question = ShardQuestion(after: after, patience: 10_000, .scroll(.init(limit: 10_000)))
        guard case .scroll(let page) = try await ask(question, shard, worker: worker).result.get() else { return [] }
        return page.points.compactMap { point in
            if case .number(let number) = point.id { number } else { nil }
        }
    }

    /// A worker with a connection of its own, which runs until ``RunningWorker/stop()``.
    func worker(_ name: String, folder: String? = nil, _ change: (inout WorkerOptions) -> Void = { _ in }) throws
        -> RunningWorker
    {
        var options = WorkerOptions(
            name: name, folder: self.folder.appendingPathComponent(folder ?? name).path, names: names)
        options.threads = 2
        change(&options)
        return try RunningWorker(options, server)
    }

    /// Waits until something is so.
    func wait(
        _ what: String, seconds: Double = 30, at location: SourceLocation = #_sourceLocation,
        _ isSo: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if (try? await isSo()) == true { return }
            try #require(ContinuousClock.now < end, "\(what)", sourceLocation: location)
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// A worker at work.
final class RunningWorker: Sendable {
    let worker: ClusterWorker
    private let connection: NATSConnection
    private let task: Task<Void, any Error>
    let log = LogLines()

    init(_ options: WorkerOptions, _ server: NATSServer) throws {
        let log = log
        let logger = Logger(label: options.name) { _ in LinesHandler(lines: log) }
        connection = try server.connect(options.name)
        worker = ClusterWorker(options, connection, logger)
        task = Task { [worker] in try await worker.run() }
    }

    /// How a replica is; `nil` where there is none.
    func replica(_ shard: ShardName) -> Heartbeat.Replica? { worker.replicas.first { $0.shard == shard } }

    func isReady(_ shard: ShardName) -> Bool { replica(shard)?.state == .ready }

    /// Ends it in its own time, and gives what it ended with.
    func stop() async throws {
        await worker.stop()
        try await end()
    }

    /// Waits for the end, and throws what it ended with.
    func end() async throws {
        defer { connection.close() }
        try await task.value
    }
}

/// What came from several tasks.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
}

/// What was logged.
final class LogLines: Sendable {
    let lines = Mutex<[String]>([])

    func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
    func count(_ text: String) -> Int { lines.withLock { $0.count { $0.contains(text) } } }
}

private struct LinesHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(
        level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
        function: String, line: UInt
    ) {
        lines.lines.withLock { $0.append("\(level): \(message)") }
    }
}
