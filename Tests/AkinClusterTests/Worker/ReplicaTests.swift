import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Testing

extension WithNATS {
    @Suite struct ReplicaTests {
        @Test func aReplicaDoesWhatTheStreamSaysAndAnswers() async throws {
            let bench = try WorkerBench()
            let map = try bench.create("shoes", [["a"]])
            let shard = map.shards[0]
            for number in UInt64(1)...5 { try await bench.write(.upsert([WorkerBench.point(number)]), to: shard) }
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            #expect(a.replica(shard)?.position == 5)
            #expect(try await bench.numbers(shard) == [1, 2, 3, 4, 5])

            try await bench.write(.delete(.ids([.number(2)])), to: shard)
            let last = try await bench.write(.upsert([WorkerBench.point(9)]), to: shard)
            #expect(try await bench.numbers(shard, after: last) == [1, 3, 4, 5, 9])

            let answer = try await bench.ask(
                ShardQuestion(after: last, patience: 10_000, .search([SearchQuery(vector: [3.2, 1], limit: 2)])), shard)
            #expect(answer.worker == "a")
            #expect(answer.position == last)
            guard case .search(let answers) = try answer.result.get() else {
                Issue.record("expected an answer to a search, got \(answer)")
                return
            }
            #expect(answers.map { $0.hits.map(\.point.id) } == [[.number(3), .number(4)]])
            try await a.stop()
        }

        @Test func aQuestionAheadOfTheReplicaWaitsAndThenSaysHowFarItCame() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            async let waiting = bench.ask(ShardQuestion(after: 1, patience: 20_000, .count(.init())), shard)
            let late = try await bench.ask(ShardQuestion(after: 1, patience: 50, .count(.init())), shard)
            #expect(late.result == .failure(.behind(0)))
            #expect(late.microseconds >= 50_000)
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            #expect(try await waiting.result == .success(.count(1)))
            try await a.stop()
        }

        @Test func writesThatNoCollectionTakesArePassedOver() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.write(.upsert([Point(id: .number(1), vector: [1, 2, 3])]), to: shard)
            let last = try await bench.write(.upsert([WorkerBench.point(2)]), to: shard)
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            #expect(try await bench.numbers(shard, after: last) == [2])
            try await a.stop()
        }

        @Test func aMessageThatCannotBeReadEndsAReplicaThereAndIsNamed() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            try await bench.writeBytes([255, 1, 2, 3], to: shard)
            try await bench.write(.upsert([WorkerBench.point(2)]), to: shard)
            try await bench.wait("the replica fails") { a.replica(shard)?.state == .failed }
            #expect(a.replica(shard)?.position == 1)
            #expect(a.replica(shard)?.problem?.contains("message 2 of stream") == true)
            // Nobody answers for the shard, and whoever asks this replica learns why.
            await #expect { try await bench.ask(ShardQuestion(.count(.init())), shard) } throws: {
                ($0 as? NATSFailure)?.kind == .noResponders
            }
            let answer = try await bench.ask(ShardQuestion(.count(.init())), shard, worker: "a")
            guard case .failure(.gap(let why)) = answer.result else {
                Issue.record("expected a refusal, got \(answer)")
                return
            }
            #expect(why.contains("message 2 of stream"))
            try await a.stop()
        }

        @Test func aQuestionThatCannotBeReadIsRefused() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            let bytes = try await bench.connection.ask([1, 2, 3], to: bench.names.questions(shard), within: 10)
            guard case .failure(.store(.invalid(let field, _, _))) = try ShardAnswer(decoding: bytes).result else {
                Issue.record("expected a refusal")
                return
            }
            #expect(field == "question")
            try await a.stop()
        }

        @Test func moreQuestionsThanAllowedAreRefusedAtOnce() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a") { $0.questions = 2 }
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            let waiting = ShardQuestion(after: 1, patience: 20_000, .count(.init()))
            async let first = bench.ask(waiting, shard)
            async let second = bench.ask(waiting, shard)
            try await bench.wait("two are under way") {
                a.worker.metrics.contains("akin_worker_questions_running 2")
            }
            guard case .failure(.overload) = try await bench.ask(waiting, shard).result else {
                Issue.record("expected a refusal")
                return
            }
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            #expect(try await first.result == .success(.count(1)))
            #expect(try await second.result == .success(.count(1)))
            #expect(try await bench.ask(waiting, shard).result == .success(.count(1)))
            try await a.stop()
        }

        @Test func aReplicaThatComesBackGoesOnWhereItWas() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            try await bench.wait("the replica is ready") { a.isReady(shard) && a.replica(shard)?.position == 1 }
            try await a.stop()
            // What it has need not be in the stream any more.
            try bench.streams.purge(bench.names.writeStream(shard))
            let last = try await bench.write(.upsert([WorkerBench.point(2)]), to: shard)
            let again = try bench.worker("a")
            try await bench.wait("the replica is ready") { again.isReady(shard) }
            #expect(try await bench.numbers(shard, after: last) == [1, 2])
            try await again.stop()
        }

        @Test func aReplicaWhoseMessagesAreGoneSaysWhichAndDoesNotAnswer() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            for number in UInt64(1)...4 { try await bench.write(.upsert([WorkerBench.point(number)]), to: shard) }
            try bench.streams.purge(bench.names.writeStream(shard), before: 3)
            let a = try bench.worker("a")
            try await bench.wait("the gap is seen") { a.replica(shard)?.state == .gap }
            #expect(a.replica(shard)?.problem?.contains("messages 1 to 2 of stream") == true)
            guard case .failure(.gap) = try await bench.ask(ShardQuestion(.count(.init())), shard, worker: "a").result
            else {
                Issue.record("expected a refusal")
                return
            }
            try await a.stop()
        }

        @Test func aStreamThatIsShorterThanTheReplicaIsAnother() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            for number in UInt64(1)...4 { try await bench.write(.upsert([WorkerBench.point(number)]), to: shard) }
            let a = try bench.worker("a")
            try await bench.wait("the replica is there") { a.replica(shard)?.position == 4 }
            try await a.stop()
            let stream = bench.names.writeStream(shard)
            #expect(try bench.streams.deleteStream(stream))
            try bench.streams.createStream(.init(name: stream, subjects: [bench.names.writes(shard)]))
            try await bench.write(.upsert([WorkerBench.point(7)]), to: shard)
            let again = try bench.worker("a")
            try await bench.wait("the other stream is seen") { again.replica(shard)?.state == .failed }
            #expect(again.replica(shard)?.problem?.contains("ends at message 1, this replica has read 4") == true)
            try await again.stop()
        }

        @Test func aReplicaGoesOnAfterTheServerWasKilled() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            try await bench.wait("the replica is ready") { a.isReady(shard) && a.replica(shard)?.position == 1 }
            bench.server.kill()
            try await Task.sleep(for: .seconds(1))
            try bench.server.start()
            try await bench.wait("it is written") {
                try await bench.write(.upsert([WorkerBench.point(2)]), to: shard) > 1
            }
            try await bench.wait("it is read", seconds: 60) { try await bench.numbers(shard, after: 2) == [1, 2] }
            #expect(a.isReady(shard))
            try await a.stop()
        }
    }
}
