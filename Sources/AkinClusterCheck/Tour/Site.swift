import AkinCluster
import AkinStore
import Foundation
import Logging
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Real processes around one NATS server, started one by one.
final class Site: Sendable {
    let plan: Laboratory.Plan
    let folder: URL
    /// Where the NATS server listens, whether it is started or not.
    let natsPort: Int
    /// How workers and routers reach it.
    let nats: [String]
    private let started = Mutex<[Child]>([])
    private let session: URLSession

    /// Prepares a folder; nothing runs yet.
    init(_ plan: Laboratory.Plan) throws {
        self.plan = plan
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-tour-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        Cleanup.add { [folder] in try? FileManager.default.removeItem(at: folder) }
        natsPort = try Ports.free(1)[0]
        nats = ["--nats", "nats://127.0.0.1:\(natsPort)"]
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 60
        session = URLSession(configuration: configuration)
    }

    /// Lends a site, and ends all that it started.
    static func visit(_ plan: Laboratory.Plan, _ body: (Site) async throws -> Void) async throws {
        let site = try Site(plan)
        do { try await body(site) } catch {
            for child in site.children { say("\(child.name), the end of its log:\n\(child.lastWords)") }
            site.end()
            throw error
        }
        site.end()
    }

    /// Every process that was started.
    var children: [Child] { started.withLock { $0 } }

    private func end() {
        for child in children { child.end() }
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Processes

    private func start(_ name: String, _ command: [String]) throws -> Child {
        let child = try Child(name, command, logsIn: folder)
        started.withLock { $0.append(child) }
        return child
    }

    /// Starts the NATS server, with more arguments.
    @discardableResult
    func startNATS(_ extra: [String] = []) throws -> Child {
        try start(
            "nats",
            [
                plan.natsServer, "-js", "-a", "127.0.0.1", "-p", "\(natsPort)", "-sd",
                folder.appendingPathComponent("nats").path,
            ] + extra)
    }

    /// Starts a worker; `folder` is its data's, its own unless said.
    func startWorker(_ name: String, folder data: String? = nil, nats: [String]? = nil) throws -> Child {
        let data = data ?? name
        return try start(
            "worker-\(data)",
            [plan.server, "worker", "--name", name, "--data", folder.appendingPathComponent(data).path]
                + (nats ?? self.nats))
    }

    /// Starts an embedding worker.
    func startEmbedder(_ name: String) throws -> Child { try start(name, [plan.server, "embedder"] + nats) }

    /// Starts a router.
    func startRouter(_ name: String = "router", _ extra: [String] = [], nats: [String]? = nil) throws -> (Child, URL) {
        try startListening(name, ["router"] + (nats ?? self.nats) + extra)
    }

    /// Starts a server of one process.
    func startServer() throws -> (Child, URL) {
        try startListening("serve", ["serve", "--data", folder.appendingPathComponent("serve").path])
    }

    private func startListening(_ name: String, _ arguments: [String]) throws -> (Child, URL) {
        let port = try Ports.free(1)[0]
        let child = try start(name, [plan.server] + arguments + ["--port", "\(port)"])
        guard let url = URL(string: "http://127.0.0.1:\(port)") else { throw CheckFailure("port \(port)") }
        return (child, url)
    }

    /// Runs a command of akin-server to its end.
    func run(_ arguments: [String], nats: [String]? = nil, seconds: Double = 60) async throws -> (
        status: Int32, output: String
    ) {
        let child = try Child(
            "command-\(UUID().uuidString)", [plan.server] + arguments + (nats ?? self.nats), logsIn: folder)
        defer { child.end() }
        try await wait(seconds, for: "the end of akin-server \(arguments.joined(separator: " "))") { !child.isRunning }
        return (child.status ?? -1, child.output)
    }

    /// Runs a command that must go well, and gives what it says.
    @discardableResult
    func succeed(_ arguments: String...) async throws -> String {
        let (status, output) = try await run(arguments)
        guard status == 0 else {
            throw CheckFailure("akin-server \(arguments.joined(separator: " ")): ended with \(status): \(output)")
        }
        return output
    }

    /// Waits until a process ends by itself, and sees that it failed with words that help.
    func expectFailure(of child: Child, saying words: String..., seconds: Double = 30) async throws {
        try await wait(seconds, for: "the end of \(child.name)") { !child.isRunning }
        guard let status = child.status, status != 0 else {
            throw CheckFailure("\(child.name) ended with 0, expected an error")
        }
        try expect(child.output, has: words)
    }

    // MARK: - Asking

    /// Asks over HTTP, with JSON or other bytes.
    func ask(
        _ method: String, _ url: URL, _ path: String, _ body: Data? = nil, type: String = "application/json"
    ) async throws -> (status: Int, body: JSON) {
        guard let target = URL(string: path, relativeTo: url) else { throw CheckFailure("\(path) is no path") }
        var request = URLRequest(url: target)
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue(type, forHTTPHeaderField: "content-type") }
        let (data, response) = try await session.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, (try? JSON(parsing: [UInt8](data))) ?? .null)
    }

    /// Asks what must be answered with 200.
    @discardableResult
    func get(
        _ method: String, _ url: URL, _ path: String, _ body: Data? = nil, type: String = "application/json"
    ) async throws -> JSON {
        let answer = try await ask(method, url, path, body, type: type)
        guard answer.status == 200 else {
            throw CheckFailure("\(method) \(path): expected 200, got \(answer.status): \(answer.body.text)")
        }
        return answer.body
    }

    /// Waits until a router or server answers, and as many workers are heard of as a collection needs.
    func make(_ collection: String, at url: URL, size: Int = Load.dimension, shards: Int, replicas: Int) async throws {
        let body = Data(
            """
            {"vectors": {"size": \(size), "distance": "Euclid"}, "shard_number": \(shards), "replication_factor": \(replicas)}
            """.utf8)
        var last = ""
        try await wait(30, for: { "collection \(collection): \(last)" }) {
            guard let answer = try? await self.ask("PUT", url, "/collections/\(collection)", body) else { return false }
            last = answer.body.text
            return [200, 409].contains(answer.status)
        }
        let told = try await get("GET", url, "/collections/\(collection)")["result"]?["config"]?["params"]
        guard told?["shard_number"] == .integer(Int64(shards)), told?["replication_factor"] == .integer(Int64(replicas))
        else {
            throw CheckFailure(
                "\(collection): expected \(shards) shards, \(replicas) replicas, got \(told?.text ?? "nothing")")
        }
    }

    /// Writes points with the vectors of the load, and a payload that says which write it was.
    func write(_ points: some Sequence<Int>, version: Int, to collection: String, at url: URL) async throws {
        let list = points.map { point in
            JSON.object([
                "id": .integer(Int64(point)), "vector": .array(Load.vector(point).map { .number(Double($0)) }),
                "payload": .object(["version": .integer(Int64(version))]),
            ])
        }
        let body = Data(JSON.object(["points": .array(list)]).encoded)
        try await get("PUT", url, "/collections/\(collection)/points?wait=true", body)
    }

    /// Deletes points.
    func delete(_ points: some Sequence<Int>, from collection: String, at url: URL) async throws {
        let body = Data(JSON.object(["points": .array(points.map { .integer(Int64($0)) })]).encoded)
        try await get("POST", url, "/collections/\(collection)/points/delete?wait=true", body)
    }

    /// Lends a look at all replicas, and at the streams and maps in NATS.
    func look<T>(_ body: (Replicas, ClusterLink.Session) async throws -> T) async throws -> T {
        let settings = NATSSettings(servers: ["nats://127.0.0.1:\(natsPort)"], name: "akin-cluster-check")
        let replicas = try Replicas(settings.servers)
        defer { replicas.close() }
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        let session = try await Measure.open(settings, ClusterNames(), logger)
        defer { session.connection.close() }
        return try await body(replicas, session)
    }

    /// Sees that all replicas of a collection hold the same: these points, in the versions that were written last.
    func expectAll(_ versions: [Int: Int], in collection: String) async throws {
        try await look { replicas, _ in
            let map = try await replicas.map(of: collection)
            try await replicas.waitUntilEqual(map, seconds: 30)
            let found = try Round.versions(try await replicas.compare(map))
            guard found == versions else {
                let differing = Set(found.keys).union(versions.keys).filter { found[$0] != versions[$0] }.sorted()
                throw CheckFailure(
                    "\(collection): expected \(versions.count) points, got \(found.count); \(differing.count) are others: "
                        + "\(differing.prefix(5))")
            }
        }
    }
}

extension JSON {
    /// As it is sent.
    var text: String { String(decoding: encoded, as: UTF8.self) }
}

/// Waits until something is so.
func wait(
    _ seconds: Double, for what: @autoclosure () -> String, until isSo: () async throws -> Bool
) async throws {
    try await wait(seconds, for: { what() }, until: isSo)
}

/// Waits until something is so; what it waits for is said at the end.
func wait(_ seconds: Double, for what: () -> String, until isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !isSo() {
        guard .now < end else { throw CheckFailure("\(seconds) s were not enough for \(what())") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

/// Sees that a text has some words.
func expect(_ text: String, has words: [String]) throws {
    for words in words where !text.contains(words) {
        throw CheckFailure("expected words with \"\(words)\", got: \(text)")
    }
}
