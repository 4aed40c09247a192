import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@Suite("Connections") struct ConnectionTests {
    /// A certificate for localhost, made by OpenSSL's program.
    private struct Certificate {
        static let program = ["/usr/bin/openssl", "/opt/homebrew/bin/openssl", "/usr/local/bin/openssl"]
            .first { FileManager.default.isExecutableFile(atPath: $0) }

        let chain, key: String

        init(in folder: String) throws {
            (chain, key) = (folder + "/chain.pem", folder + "/key.pem")
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Self.program))
            process.arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-keyout", key, "-out", chain,
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }
    }

    @Test(
        "with a certificate requests are answered over TLS and not without",
        .enabled(if: Certificate.program != nil, "there is no program openssl to make a certificate with"))
    func tls() async throws {
        try await withTemporaryDirectory { folder in
            let certificate = try Certificate(in: folder)
            var options = ServerOptions()
            options.certificate = (certificate.chain, certificate.key)
            try await TestServer.with(over: .ahc(.https), options: options) { server in
                try await server.fill([[1], [2]])
                let hits = try await server.result(
                    .post, "/collections/c/points/search", #"{"vector":[1],"limit":2}"#)
                #expect(hits.ids == [1, 0])
                let port = try #require(server.client.port)
                let plain = try #require(RawConnection(port: port))
                let reply = await plain.get("/")
                #expect(!reply.contains("HTTP/1.1"), "\(reply)")
                // It still serves those who speak TLS.
                #expect(try await server.send(.get, "/healthz").status == 200)
            }
        }
    }

    @Test("a certificate that cannot be used is named", .enabled(if: Certificate.program != nil))
    func badCertificates() throws {
        try withTemporaryDirectory { folder in
            let certificate = try Certificate(in: folder)
            let text = folder + "/text.pem"
            try Data("no certificate".utf8).write(to: URL(fileURLWithPath: text))
            for (chain, key, named) in [
                (text, certificate.key, text), (certificate.chain, text, text),
                (folder + "/none.pem", certificate.key, "none.pem"),
                (certificate.chain, folder + "/gone.pem", "gone.pem"),
                // A key of something else.
                (certificate.chain, certificate.chain, certificate.chain),
            ] {
                var options = ServerOptions()
                options.certificate = (chain, key)
                let environment = ServerEnvironment(service: MemoryService())
                #expect("\(chain) \(key)") {
                    try options.application(.qdrant(environment), environment, logger: Logger(label: "test"))
                } throws: { "\($0)".contains(named) && "\($0)".contains("expected") }
            }
        }
    }

    /// Runs a server as the program does, and ends it as a signal would once `body` is over.
    private static func run(
        _ service: MemoryService, _ limits: ServerLimits = .init(),
        _ body: @Sendable (_ port: Int, ServerEnvironment, _ end: @Sendable () async -> Void) async throws -> Void
    ) async throws {
        let environment = ServerEnvironment(service: service, limits: limits)
        var options = ServerOptions()
        options.port = 0
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let application = try options.application(.qdrant(environment), environment, logger: logger) {
            listening.yield($0)
        }
        let group = ServerOptions.group(application, logger: logger)
        async let end: Void = group.run()
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do { try await body(port, environment) { await group.triggerGracefulShutdown() } } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await end
    }

    @Test("connections beyond the limit wait, and are served when others close")
    func connectionsWait() async throws {
        var limits = ServerLimits()
        limits.connections = 2
        try await Self.run(MemoryService(), limits) { port, _, _ in
            let first = try #require(RawConnection(port: port))
            #expect(await first.get("/collections").contains("200 OK"))
            var second: RawConnection? = try #require(RawConnection(port: port))
            #expect(await second?.get("/collections").contains("200 OK") == true)
            // The system takes these; the server does not yet.
            let third = try #require(RawConnection(port: port))
            let fourth = try #require(RawConnection(port: port))
            for waiting in [third, fourth] { waiting.sendGet("/collections") }
            for _ in 0..<50 { #expect(await first.get("/collections").contains("200 OK")) }
            #expect(!third.isReadable && !fourth.isReadable)
            second = nil
            // The next that it accepts may be several, which is why the fourth is not looked at before.
            for waiting in [third, fourth] {
                let reply = await waiting.read(until: RawConnection.end)
                #expect(reply.contains("200 OK"), "\(reply)")
                waiting.close()
            }
        }
    }

    @Test("at the end what is under way is answered and others are refused")
    func shutdown() async throws {
        let service = MemoryService()
        try await Self.run(service) { port, environment, end in
            // A request whose body has not come yet, and a connection that asks for nothing more.
            let body = #"{"vectors":{"size":3,"distance":"Dot"}}"#
            let slow = try #require(RawConnection(port: port))
            slow.send("PUT /collections/late HTTP/1.1\r\nhost: test\r\ncontent-length: \(body.utf8.count)\r\n\r\n")
            slow.send(String(body.prefix(10)))
            let idle = try #require(RawConnection(port: port))
            #expect(await idle.get("/collections").contains("200 OK"))
            while environment.metrics.runningCount < 1 { await Task.yield() }
            await end()
            while RawConnection(port: port) != nil { await Task.yield() }
            #expect(await idle.read(until: RawConnection.end) == "")
            slow.send(String(body.dropFirst(10)))
            let reply = await slow.read(until: RawConnection.end)
            #expect(reply.contains("200 OK"), "\(reply)")
        }
        #expect(try await service.collections() == ["late"])
    }

    @Test("at the end a client that reads slowly gets all of a large reply")
    func shutdownWhileReplying() async throws {
        let service = MemoryService()
        try await service.create("c", CollectionConfiguration(dimension: 1, metric: .l2))
        // More than the system keeps for a connection.
        let text = String(repeating: "x", count: 1 << 20)
        try await service.upsert(
            (0..<32).map { Point(id: .number($0), vector: [1], payload: ["text": .string(text)]) }, into: "c")
        try await Self.run(service) { port, environment, end in
            let slow = try #require(RawConnection(port: port))
            slow.send("POST /collections/c/points/scroll HTTP/1.1\r\nhost: test\r\ncontent-length: 12\r\n\r\n")
            slow.send(#"{"limit":32}"#)
            // Something of it has come, and the server has nothing more to do for it.
            while !slow.isReadable || environment.metrics.runningCount > 0 { await Task.yield() }
            await end()
            while RawConnection(port: port) != nil { await Task.yield() }
            let reply = await slow.readSlowly()
            #expect(reply.count > 32 << 20)
            #expect(reply.end.contains(RawConnection.end), "\(reply.end.suffix(100))")
        }
    }

    /// Whether the task that calls this runs on an event loop, and not on Swift's own threads.
    private static func isOnLoop() -> Bool {
        withUnsafeCurrentTask { task in
            guard let executor = task?.unownedTaskExecutor else { return false }
            return executor != globalConcurrentExecutor.asUnownedTaskExecutor()
        }
    }

    @Test(
        "only searches of this process whose replies are short are answered on event loops",
        arguments: [
            ("search", #"{"vector":[1],"limit":10}"#, true, true),
            ("recommend", #"{"positive":[0,1],"negative":[2],"limit":1}"#, true, true),
            ("search", #"{"vector":[1],"limit":10}"#, false, false),
            ("search", #"{"vector":[1],"limit":1,"with_payload":true}"#, true, false),
            ("search", #"{"vector":[1],"limit":1,"with_vector":true}"#, true, false),
            ("search", #"{"vector":[1],"limit":200,"offset":57}"#, true, false),
            ("recommend", #"{"positive":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"limit":1}"#, true, false),
        ])
    func shortSearches(kind: String, body: String, isLocal: Bool, isShort: Bool) async throws {
        let seen = Shared<[Bool]>([])
        let service = MemoryService(isLocal: isLocal) { _ in seen.withLock { $0.append(Self.isOnLoop()) } }
        try await TestServer.with(service, over: .live) { server in
            try await server.fill((0..<17).map { [Float($0)] })
            try await server.result(.post, "/collections/c/points/" + kind, body)
        }
        #expect(seen.withLock { $0 } == [isShort])
    }

    @Test("a handler that takes long keeps none of the others waiting who share its event loop")
    func longHandlers() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await TestServer.with(
            over: .live,
            adding: { routes in
                routes.on(.get, "/slow", .none) { _, _ in
                    gate.wait()
                    return Response(status: .noContent)
                }
            }
        ) { server in
            try await server.fill([[1], [2]])
            let port = try #require(server.client.port)
            let slow = try #require(RawConnection(port: port))
            slow.sendGet("/slow")
            // More of them than there are loops.
            let body = #"{"vector":[1],"limit":2}"#
            for _ in 0..<2 * ProcessInfo.processInfo.activeProcessorCount {
                let other = try #require(RawConnection(port: port))
                other.send(
                    "POST /collections/c/points/search HTTP/1.1\r\nhost: test\r\n"
                        + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(await other.read(until: RawConnection.end).contains("200 OK"))
            }
            #expect(!slow.isReadable)
            gate.signal()
            #expect(await slow.read(until: "\r\n\r\n").contains("204 No Content"))
        }
    }
}
