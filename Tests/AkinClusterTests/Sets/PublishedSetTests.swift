import Akin
import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Logging
import Synchronization
import Testing

extension WithNATS {
    @Suite("published sets")
    struct PublishedSetTests {
        @Test func aSetAnswersAsOneIndexOverAllItsShards() async throws {
            let stage = try await Stage()
            let base = Stage.vectors(300, offset: 0)
            try stage.build("v1", base, shards: 3)
            let published = try await stage.publishing.publish("v1", of: "set", shards: 3)
            #expect(published.version.shards == 3)
            #expect(published.version.count == 300)
            #expect(published.previous == nil)
            let whole = try FlatIndex(base, metric: .l2)
            for (offset, row) in [(0, 5), (3, 120), (0, 299)] {
                let query = SearchQuery(vector: base[row], limit: 7, offset: offset, isExact: true)
                let answer = try await stage.search(query)
                let expected = try whole.search(base.rows(row..<row + 1), k: 7 + offset, options: .init()).neighbors[0]
                #expect(answer.hits.map(\.point.id) == expected.dropFirst(offset).map { .number(UInt64($0.id)) })
                #expect(answer.hits.map(\.score) == expected.dropFirst(offset).map(\.score))
                #expect(answer.isExact)
            }
            await stage.end()
        }

        @Test func noAnswerMixesVersionsWhileTheyAreSwitched() async throws {
            let stage = try await Stage()
            // Every vector of version i has i * 1000 as its first component, so an answer tells its version by its scores.
            try stage.build("v1", Stage.vectors(90, offset: 0), shards: 3)
            try stage.build("v2", Stage.vectors(90, offset: 1000), shards: 3)
            _ = try await stage.publishing.publish("v1", of: "set", shards: 3)
            let isDone = Mutex(false)
            async let switching: Void = {
                for _ in 0..<10 {
                    _ = try await stage.publishing.publish("v2", of: "set", shards: 3)
                    _ = try await stage.publishing.rollBack("set")
                }
                isDone.withLock { $0 = true }
            }()
            var seen: Set<Bool> = []
            while !isDone.withLock({ $0 }) {
                let answer = try await stage.search(SearchQuery(vector: Stage.vectors(1, offset: 0)[0], limit: 90))
                let kinds = Set(answer.hits.map { $0.score > 250_000 })
                #expect(answer.hits.count == 90)
                #expect(kinds.count == 1, "an answer holds points of both versions")
                seen.formUnion(kinds)
            }
            try await switching
            #expect(seen == [true, false])
            await stage.end()
        }

        @Test func aVersionThatIsNotWholeIsNotPublished() async throws {
            let stage = try await Stage()
            try stage.build("v1", Stage.vectors(60, offset: 0), shards: 3)
            try FileManager.default.removeItem(atPath: stage.path("v1", 1))
            stage.look()
            await #expect { try await stage.publishing.publish("v1", of: "set", shards: 3, patience: 0.5) } throws: {
                "\($0)".contains("shards 1 of 3")
            }
            await #expect { try await stage.publishing.publish("v9", of: "set", shards: 3, patience: 0.5) } throws: {
                "\($0)".contains("no worker has a shard")
            }
            // The last may only not be open yet, so that what is open does not tell how many there are.
            try FileManager.default.removeItem(atPath: stage.path("v1", 2))
            stage.look()
            await #expect { try await stage.publishing.publish("v1", of: "set", shards: 3, patience: 0.5) } throws: {
                "\($0)".contains("shards 1, 2 of 3")
            }
            await #expect(throws: StoreError.noCollection("set")) { try await stage.publishing.rollBack("set") }
            await stage.end()
        }

        @Test func moreShardsThanWereToldAreNotLeftOut() async throws {
            let stage = try await Stage()
            try stage.build("v1", Stage.vectors(60, offset: 0), shards: 3)
            while stage.directory.liveWorkers().first?.beat.sets.count != 3 {
                try await Task.sleep(for: .milliseconds(10))
            }
            await #expect {
                try await stage.publishing.publish("v1", of: "set", shards: 2)
            } throws: { "\($0)".contains("set/v1/2") }
            await stage.end()
        }

        @Test func aDamagedFileIsNamedAndDoesNotAnswer() async throws {
            let stage = try await Stage()
            try stage.build("v1", Stage.vectors(60, offset: 0), shards: 2)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: stage.path("v1", 1)))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: stage.path("v1", 1)))
            stage.look()
            #expect(stage.server.shards == [SetShard(set: "set", version: "v1", number: 0)])
            #expect(stage.server.problems.keys.sorted() == [stage.path("v1", 1)])
            await stage.end()
        }

        @Test func aVersionOfAnotherDimensionIsRefused() async throws {
            let stage = try await Stage()
            try stage.build("v1", Stage.vectors(30, offset: 0), shards: 1)
            try stage.build("v2", Stage.vectors(30, offset: 0, dimension: 5), shards: 1)
            _ = try await stage.publishing.publish("v1", of: "set", shards: 1)
            await #expect { try await stage.publishing.publish("v2", of: "set", shards: 1) } throws: {
                "\($0)".contains("dimension 4")
            }
            #expect(try await stage.service.configuration(of: "set").dimension == 4)
            await stage.end()
        }

        @Test func aSetIsOnlySearched() async throws {
            let stage = try await Stage()
            try stage.build("v1", Stage.vectors(30, offset: 0), shards: 2)
            _ = try await stage.publishing.publish("v1", of: "set", shards: 2)
            _ = try await stage.search(SearchQuery(vector: [0, 0, 0, 0], limit: 1))
            #expect(try await stage.service.collections() == ["set"])
            #expect(try await stage.service.count(.init(), in: "set") == 30)
            #expect(try await stage.service.describe("set").pointCount == 30)
            for code in await [
                stage.code { try await $0.upsert([Point(id: .number(1), vector: [0, 0, 0, 0])], into: "set") },
                stage.code { _ = try await $0.drop("set") },
                stage.code { _ = try await $0.scroll(ScrollQuery(), in: "set") },
            ] { #expect(code == "read_only_collection") }
            await #expect(throws: StoreError.collectionExists("set")) {
                try await stage.service.create("set", CollectionConfiguration(dimension: 4, metric: .l2), .init())
            }
            await #expect(throws: StoreError.self) {
                try await stage.service.search([SearchQuery(vector: [0, 0, 0], limit: 1)], in: "set")
            }
            await stage.end()
        }

        @Test(arguments: [
            "set/v1/0", "set/v1", "set/v1/01", "set/v1/-1", "set/v1/1024", "../v1/0", "set//0", "set/v1/0/0", "",
        ])
        func onlyNamesOfShardsAreTakenForThem(text: String) {
            #expect((SetShard(text) != nil) == (text == "set/v1/0"))
        }

        @Test func aSetOfANewerReleaseIsRefusedByItsFormat() throws {
            let bytes = [UInt8](#"{"format": 2, "something": "else"}"#.utf8)
            #expect { try PublishedSet(decoding: bytes, of: "set") } throws: { "\($0)".contains("format 2") }
            #expect(throws: StoreError.self) { try PublishedSet(decoding: [1, 2, 3], of: "set") }
        }
    }
}

/// A server of NATS, a worker that has a folder of sets, and a router.
private final class Stage: @unchecked Sendable {
    let nats: NATSServer
    let folder: URL
    let server: SetServer
    let directory = ClusterDirectory()
    let service: ServiceWithSets
    let publishing: SetPublishing
    private let session: ClusterLink.Session
    private let beating: Task<Void, Never>

    init() async throws {
        nats = try NATSServer()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-sets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let names = ClusterNames()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let connection = try nats.connect()
        session = try ClusterLink.session(connection, names, streamReplicas: 1)
        server = SetServer(connection, names, worker: "w", folder: folder.path, threads: 2, logger: logger)
        try directory.attach(session, names)
        service = ServiceWithSets(ClusterService(ClusterLink(session, names), directory, ClusterSettings()))
        publishing = SetPublishing(session, names, directory)
        beating = Task { [server, directory] in
            while !Task.isCancelled {
                var beat = Heartbeat(worker: "w", instance: "i", host: "h", pid: 1)
                beat.sets = server.shards.map(\.description)
                directory.hear(beat)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    func end() async {
        beating.cancel()
        await server.end()
        await service.close()
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ version: String, _ shard: Int) -> String { "\(folder.path)/set/\(version)/shard-\(shard).akin" }

    func look() { server.look() }

    /// Spreads rows over shards, whose ids are their numbers in the whole.
    func build(_ version: String, _ base: Matrix<Float>, shards: Int) throws {
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/set/\(version)", withIntermediateDirectories: true)
        for shard in 0..<shards {
            let rows = shard * base.rows / shards..<(shard + 1) * base.rows / shards
            try FlatIndex(base.rows(rows), ids: rows.map(Int64.init), metric: .l2).save(to: path(version, shard))
        }
        server.look()
    }

    /// Searches, once the router has heard of the set.
    func search(_ query: SearchQuery) async throws -> SearchAnswer {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            do { return try await service.search([query], in: "set")[0] } catch StoreError.noCollection
                where ContinuousClock.now < end
            { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    /// The code of the error that a call ends with.
    func code(_ call: (ServiceWithSets) async throws -> Void) async -> String? {
        do {
            try await call(service)
            return nil
        } catch let error as RequestError { return error.code } catch { return "\(error)" }
    }

    static func vectors(_ count: Int, offset: Float, dimension: Int = 4) -> Matrix<Float> {
        Matrix(rows: count, columns: dimension) { elements in
            for row in 0..<count {
                for column in 0..<dimension { elements[row * dimension + column] = Float(row * (column + 3) % 17) }
                elements[row * dimension] += offset
            }
        }
    }
}
