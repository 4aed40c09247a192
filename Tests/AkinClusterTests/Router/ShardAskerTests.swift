import AkinCluster
import AkinServer
import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct ShardAskerTests {
    private static func with(
        shards: Int = 1, _ workers: [String] = ["a", "b"], _ body: (FakeCluster) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let configuration = CollectionConfiguration(dimension: 1, metric: .l2)
            let cluster = try await FakeCluster(configuration, shards: shards, workers: workers, folder: folder)
            do {
                let points = (0..<20).map { Point(id: .number($0), vector: [Float($0)]) }
                try await cluster.service().upsert(points, into: "c")
                try await body(cluster)
            } catch {
                await cluster.close()
                throw error
            }
            await cluster.close()
        }
    }

    /// All points are there.
    private static func expectAll(_ service: ClusterService) async throws {
        #expect(try await service.count(Filter(), in: "c") == 20)
    }

    @Test func theGroupIsAskedWhereAllReplicasSpeak() async throws {
        try await Self.with { cluster in
            try await Self.expectAll(cluster.service { $0.hedge = 60 })
            #expect(cluster.asked == ["group"])
        }
    }

    @Test func whereAReplicaIsSilentThoseThatSpeakAreAskedInTurn() async throws {
        try await Self.with(["a", "b", "c"]) { cluster in
            cluster.silence("b")
            cluster.set("b", .stopped)
            let service = cluster.service { $0.hedge = 60 }
            for _ in 0..<8 { try await Self.expectAll(service) }
            #expect(Set(cluster.asked) == ["a", "c"])
            #expect(cluster.asked.count == 8)
        }
    }

    @Test func aReplicaThatStopsDelaysAQuestionByTheHedgeOnlyAndIsThenLeftOut() async throws {
        try await Self.with { cluster in
            // Its heartbeats were heard just now, and the group sends to it.
            cluster.set("a", .stopped)
            let service = cluster.service { $0.hedge = 0.02 }
            let start = ContinuousClock.now
            for _ in 0..<12 { try await Self.expectAll(service) }
            // One deadline alone would be 20 seconds.
            #expect(.now - start < .seconds(10))
            // Not each time, as it would be if nobody remembered; a slow machine may forget once or twice.
            #expect(cluster.asked.filter { $0 == "group" }.count < 6)
            #expect(service.metrics.counts(of: cluster.map.shards[0]).hedges >= 1)
        }
    }

    @Test(arguments: [
        ShardFailure.behind(3), .notHere, .gap("messages 3 to 5"), .overload("too much"),
        .store(.unavailable("closing")), .store(.storage("damaged")), .store(.noCollection("x")),
    ])
    func aReplicaThatCannotAnswerIsFollowedByAnotherAtOnce(failure: ShardFailure) async throws {
        try await Self.with { cluster in
            cluster.set("a", .fails(failure))
            let service = cluster.service { $0.hedge = 60 }
            try await Self.expectAll(service)
            #expect(cluster.asked.last == "b")
            #expect(service.metrics.counts(of: cluster.map.shards[0]).retries >= 1)
        }
    }

    @Test func aReplicaThatIsGoneIsFollowedByAnotherAtOnce() async throws {
        try await Self.with { cluster in
            cluster.silence("b")
            cluster.set("a", .gone)
            cluster.set("b", .gone)
            let service = cluster.service { $0.hedge = 60 }
            async let count = service.count(Filter(), in: "c")
            try await Task.sleep(for: .milliseconds(50))
            cluster.beat("b")
            cluster.set("b", .answers)
            #expect(try await count == 20)
        }
    }

    @Test func questionsThatWereLostAreAskedAgain() async throws {
        try await Self.with { cluster in
            for worker in ["a", "b"] { cluster.set(worker, .stopped) }
            let service = cluster.service { $0.hedge = 0.01 }
            let start = ContinuousClock.now
            async let count = service.count(Filter(), in: "c")
            while cluster.asked.count < 3, .now - start < .seconds(10) { try await Task.sleep(for: .milliseconds(5)) }
            for worker in ["a", "b"] { cluster.set(worker, .answers) }
            #expect(try await count == 20)
            // The deadline is 20 seconds.
            #expect(.now - start < .seconds(10))
        }
    }

    @Test func anAnswerThatHasReadTooLittleIsNone() async throws {
        try await Self.with { cluster in
            let service = cluster.service { $0.hedge = 60 }
            try await service.upsert([Point(id: .number(99), vector: [1])], into: "c")
            cluster.set("a", .lags)
            #expect(try await service.count(Filter(), in: "c") == 21)
            #expect(cluster.asked == ["group", "b"] || cluster.asked == ["group", "a", "b"])
            #expect(cluster.questions.allSatisfy { $0.after == 2 })
        }
    }

    @Test func whatAShardRefusesIsRefusedAndNotAskedAgain() async throws {
        try await Self.with { cluster in
            let refusal = StoreError.invalid(field: "order_by", expected: "an index", actual: "none")
            cluster.set("a", .fails(.store(refusal)))
            await #expect(throws: refusal) {
                try await cluster.service { $0.hedge = 60 }.count(Filter(), in: "c")
            }
            #expect(cluster.asked == ["group"])
        }
    }

    @Test func noQuestionIsAskedPastItsDeadline() async throws {
        try await Self.with { cluster in
            for worker in ["a", "b"] { cluster.set(worker, .fails(.behind(0))) }
            let service = cluster.service { $0.deadline = 0.3 }
            let start = ContinuousClock.now
            await #expect { try await service.count(Filter(), in: "c") } throws: { error in
                guard let error = error as? RequestError else { return false }
                return error.code == "shard_missing" && error.status.code == 503
                    && error.message.contains("has read up to 0")
            }
            let took = ContinuousClock.now - start
            #expect(took > .milliseconds(150))
            #expect(took < .seconds(5))
        }
    }

    @Test func aShardThatHasLongBeenDeadIsNotWaitedFor() async throws {
        try await Self.with { cluster in
            for worker in ["a", "b"] {
                cluster.silence(worker)
                cluster.set(worker, .gone)
            }
            let shard = cluster.map.shards[0]
            #expect(cluster.directory.replicas(of: shard, on: ["a", "b"], at: .now - .seconds(20)).live.isEmpty)
            let start = ContinuousClock.now
            await #expect(throws: RequestError.self) { try await cluster.service().count(Filter(), in: "c") }
            #expect(.now - start < .seconds(5))
        }
    }

    /// A cluster of three shards, the last of whose replicas have failed.
    private static func withoutShard(_ body: (FakeCluster, Int) async throws -> Void) async throws {
        try await with(shards: 3) { cluster in
            cluster.fail(shard: 2)
            let lost = (0..<UInt64(20)).filter { ShardHash.shard(of: .number($0), among: 3) == 2 }.count
            try #require((1..<20).contains(lost))
            try await body(cluster, lost)
        }
    }

    @Test func aSearchWithoutAShardIsAnsweredByTheOthersAndSaysSo() async throws {
        try await Self.withoutShard { cluster, lost in
            let service = cluster.service { $0.deadline = 0.3 }
            let query = SearchQuery(vector: [0], limit: 20, isExact: true)
            let notes = CallNotes()
            let answer = try await CallNotes.$current.withValue(notes) { try await service.search([query], in: "c") }
            #expect(answer[0].hits.count == 20 - lost)
            #expect(!answer[0].isExact)
            #expect(notes.missing == [2])
            #expect(service.metrics.counts(of: cluster.map.shards[2]).missing == 1)
            // All else needs every shard.
            await #expect(throws: RequestError.self) { try await service.count(Filter(), in: "c") }
            await #expect(throws: RequestError.self) { try await service.scroll(ScrollQuery(), in: "c") }
        }
    }

    @Test func aSearchThatWantsTheWholeIsRefusedWithoutAShard() async throws {
        try await Self.withoutShard { cluster, _ in
            let query = SearchQuery(vector: [0])
            let strict = cluster.service {
                $0.deadline = 0.3
                $0.isWhole = true
            }
            await #expect { try await strict.search([query], in: "c") } throws: {
                ($0 as? RequestError)?.code == "shard_missing"
            }
            // Who names positions wants to see what they stand for.
            let service = cluster.service { $0.deadline = 0.3 }
            await #expect(throws: RequestError.self) {
                try await CallNotes.$current.withValue(CallNotes(afterText: "0=1")) {
                    try await service.search([query], in: "c")
                }
            }
        }
    }

    @Test func positionsOfARequestReachTheShardsTheyAreOf() async throws {
        try await Self.with(shards: 2) { cluster in
            let service = cluster.service { $0.hedge = 60 }
            _ = try await CallNotes.$current.withValue(CallNotes(afterText: "1=1")) {
                try await service.count(Filter(), in: "c")
            }
            #expect(cluster.questions.map(\.after).sorted() == [0, 1])
            await #expect(throws: RequestError.self) {
                try await CallNotes.$current.withValue(CallNotes(afterText: "2=1")) {
                    try await service.count(Filter(), in: "c")
                }
            }
        }
    }
}
