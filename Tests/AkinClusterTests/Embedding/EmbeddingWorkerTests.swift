import Akin
import AkinCluster
import AkinServer
import AkinStore
import AkinVision
import Foundation
import Logging
import Synchronization
import Testing

/// The mean colour of a picture; notes how many came at once, and may be held up.
private final class ColourEmbedder: Embedder {
    let space: EmbeddingSpace
    let dimension = 3
    let preferredBatch: Int
    private let seen = Mutex<[Int]>([])
    private let gate: DispatchSemaphore?
    /// Sizes of the batches that came.
    var batches: [Int] { seen.withLock { $0 } }

    init(_ space: String = "colours", batch: Int = 1, gate: DispatchSemaphore? = nil) {
        self.space = EmbeddingSpace(id: space, name: "mean \(space)")
        self.gate = gate
        preferredBatch = batch
    }

    func prepare(_ image: RGBImage) throws -> [Float] {
        (0..<3).map { channel in
            let values = stride(from: channel, to: image.pixels.count, by: 3).map { Float(image.pixels[$0]) }
            return values.reduce(0, +) / Float(values.count) / 255
        }
    }

    func embed(_ inputs: [[Float]]) throws -> Matrix<Float> {
        seen.withLock { $0.append(inputs.count) }
        gate?.wait()
        return Matrix(inputs)
    }
}

private func picture(_ red: UInt8, side: Int = 4) throws -> [UInt8] {
    try RGBImage(width: side, height: side, pixels: (0..<side * side).flatMap { _ in [red, 0, 255] }).png()
}

extension WithNATS {
    @Suite("Embedding workers")
    struct EmbeddingWorkerTests {
        private static let logger = {
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            return logger
        }()

        /// A worker with a connection of its own.
        private struct Running {
            let embedder: ColourEmbedder
            let embedding: ImageEmbedding
            let worker: EmbeddingWorker
            let connection: NATSConnection

            init(
                _ server: NATSServer, _ embedder: ColourEmbedder, gathering: Duration = .zero,
                limits: ServerLimits = .init()
            ) throws {
                self.embedder = embedder
                connection = try server.connect("embedder")
                embedding = ImageEmbedding(embedder, threads: 2, limits: limits, gathering: gathering)
                let names = try #require(ClusterNames())
                worker = EmbeddingWorker(connection, names, embedding, EmbeddingWorkerTests.logger)
                try worker.start()
            }

            func stop() async {
                await worker.stop()
                await embedding.close()
                connection.close()
            }
        }

        /// Lends a server of NATS, and what a router asks with.
        private static func with(
            _ extra: [String] = [], seconds: Double = 15,
            _ body: (NATSServer, RemoteEmbedding) async throws -> Void
        ) async throws {
            let server = try NATSServer(extra)
            let connection = try server.connect("router")
            let names = try #require(ClusterNames())
            let remote = RemoteEmbedding(names, seconds: seconds) { connection }
            defer { connection.close() }
            do { try await body(server, remote) } catch {
                await remote.close()
                throw error
            }
            await remote.close()
        }

        @Test("give the vectors that an embedder in the process gives, and its errors")
        func answers() async throws {
            try await Self.with { server, remote in
                let running = try Running(server, ColourEmbedder())
                #expect(try await remote.model() == EmbeddingModel(space: running.embedder.space, dimension: 3))
                for red in [UInt8(0), 51, 255] {
                    let file = try picture(red)
                    #expect(try await remote.vector(of: file) == running.embedding.vector(of: file))
                }
                let damaged = Array(try picture(1, side: 64).prefix(60))
                for bad in [damaged, Array("no picture".utf8), []] {
                    let there = await #expect(throws: RequestError.self) { try await remote.vector(of: bad) }
                    let here = await #expect(throws: RequestError.self) { try await running.embedding.vector(of: bad) }
                    #expect(there == here && there?.field == "image")
                }
                await running.stop()
            }
        }

        @Test("share pictures, and one that ends answers what it has")
        func sharing() async throws {
            try await Self.with { server, remote in
                let workers = [try Running(server, ColourEmbedder()), try Running(server, ColourEmbedder())]
                let first = try picture(1)
                var asked = 0
                // NATS draws whom it asks.
                while workers.contains(where: { $0.embedder.batches.isEmpty }), asked < 1_000 {
                    _ = try await remote.vector(of: first)
                    asked += 1
                }
                #expect(workers.allSatisfy { !$0.embedder.batches.isEmpty })
                let files = try (0..<120).map { try picture(UInt8($0 * 2)) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, file) in files.enumerated() {
                        group.addTask {
                            let vector = try await remote.vector(of: file)
                            #expect(vector == [Float(number * 2) / 255, 0, 1])
                        }
                        // In the midst of it one goes, as on a rolling restart.
                        if number == 60 { group.addTask { await workers[0].stop() } }
                    }
                    try await group.waitForAll()
                }
                #expect(workers.reduce(0) { $0 + $1.embedder.batches.count } == asked + 120)
                #expect(try await remote.vector(of: files[3]) == [6 / 255, 0, 1])
                await workers[1].stop()
            }
        }

        @Test("put pictures of several requests into one batch, and none waits for ever")
        func batches() async throws {
            try await Self.with { server, remote in
                let running = try Running(server, ColourEmbedder(batch: 4), gathering: .milliseconds(300))
                _ = try await remote.model()
                let reds = try await withThrowingTaskGroup(of: Float.self) { group in
                    for red in 0..<10 {
                        let file = try picture(UInt8(red))
                        group.addTask { try await remote.vector(of: file)[0] }
                    }
                    return try await group.reduce(into: []) { $0.append($1 * 255) }
                }
                #expect(Set(reds.map { $0.rounded() }) == Set((0..<10).map(Float.init)))
                let sizes = running.embedder.batches
                #expect(sizes.reduce(0, +) == 10 && sizes.allSatisfy { $0 <= 4 })
                #expect(sizes.contains { $0 > 1 }, "\(sizes)")
                await running.stop()
            }
        }

        @Test("that are not there are named, and found once they come")
        func nobody() async throws {
            try await Self.with { server, remote in
                let file = try picture(1)
                let error = await #expect(throws: RequestError.self) { try await remote.vector(of: file) }
                #expect(error?.statusCode == 503 && error?.code == "no_embedder")
                #expect(error?.message.contains("akin-server embedder --nats") == true)
                let running = try Running(server, ColourEmbedder())
                #expect(try await remote.vector(of: file).count == 3)
                await running.stop()
            }
        }

        @Test("with another model than before refuse, and then are asked in their own space")
        func otherSpace() async throws {
            try await Self.with { server, remote in
                let file = try picture(1)
                let old = try Running(server, ColourEmbedder("old"))
                _ = try await remote.vector(of: file)
                await old.stop()
                let new = try Running(server, ColourEmbedder("new"))
                await #expect(throws: StoreError.spaceMismatch(expected: "mean old (old)", actual: "mean new (new)")) {
                    try await remote.vector(of: file)
                }
                #expect(try await remote.model().space.id == "new")
                _ = try await remote.vector(of: file)
                await new.stop()
            }
        }

        @Test("get no picture that does not fit into a message; the error says what to change")
        func tooLarge() async throws {
            let configuration = FileManager.default.temporaryDirectory.appendingPathComponent(
                "akin-\(UUID().uuidString).conf")
            try Data("max_payload: 4096\n".utf8).write(to: configuration)
            defer { try? FileManager.default.removeItem(at: configuration) }
            try await Self.with(["-c", configuration.path]) { server, remote in
                let running = try Running(server, ColourEmbedder())
                let error = await #expect(throws: RequestError.self) {
                    try await remote.vector(of: [UInt8](repeating: 7, count: 5_000))
                }
                #expect(error?.statusCode == 413 && error?.code == "image_too_large")
                #expect(error?.expected?.contains("4096") == true && error?.message.contains("max_payload") == true)
                #expect(try await remote.vector(of: try picture(1)).count == 3)
                await running.stop()
            }
        }

        @Test("that have too much to do say so")
        func overload() async throws {
            try await Self.with { server, remote in
                var limits = ServerLimits()
                limits.queue = 1
                limits.queueSeconds = 60
                let gate = DispatchSemaphore(value: 0)
                let running = try Running(server, ColourEmbedder(gate: gate), limits: limits)
                _ = try await remote.model()
                let file = try picture(9)
                // Two are worked on, and one waits.
                let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<12 {
                        group.addTask {
                            do {
                                _ = try await remote.vector(of: file)
                                return false
                            } catch is Overload { return true }
                        }
                    }
                    var refused = 0
                    for _ in 0..<9 { if try await group.next() == true { refused += 1 } }
                    for _ in 0..<3 { gate.signal() }
                    for try await wasRefused in group where wasRefused { refused += 1 }
                    return refused
                }
                #expect(refused == 9)
                await running.stop()
            }
        }

        @Test("that hang are asked no longer than they may take")
        func hanging() async throws {
            try await Self.with(seconds: 0.3) { server, remote in
                let gate = DispatchSemaphore(value: 0)
                let running = try Running(server, ColourEmbedder(gate: gate))
                _ = try await remote.model()
                let file = try picture(9)
                let error = await #expect(throws: RequestError.self) { try await remote.vector(of: file) }
                #expect(error?.statusCode == 503 && error?.code == "embedder_slow")
                // The first attempt and the second.
                for _ in 0..<2 { gate.signal() }
                await running.stop()
                #expect(running.embedder.batches == [1, 1])
            }
        }
    }
}
