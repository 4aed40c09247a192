import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Testing

extension WithNATS {
    @Suite struct ClusterWorkerTests {
        @Test func replicasOfAShardHoldTheSame() async throws {
            let bench = try WorkerBench()
            let map = try bench.create("shoes", [["a", "b"], ["b"]])
            let (a, b) = (try bench.worker("a"), try bench.worker("b"))
            var last: UInt64 = 0
            for number in UInt64(1)...300 {
                last = try await bench.write(.upsert([WorkerBench.point(number)]), to: map.shards[0])
            }
            try await bench.write(.upsert([WorkerBench.point(1000)]), to: map.shards[1])
            try await bench.wait("all are ready") {
                a.isReady(map.shards[0]) && b.isReady(map.shards[0]) && b.isReady(map.shards[1])
            }
            #expect(a.replica(map.shards[1]) == nil)
            for worker in ["a", "b"] {
                #expect(try await bench.numbers(map.shards[0], worker: worker, after: last) == Array(1...300))
            }
            #expect(try await bench.numbers(map.shards[1], after: 1) == [1000])
            try await a.stop()
            // One replica answers for both.
            #expect(try await bench.numbers(map.shards[0]).count == 300)
            try await b.stop()
        }

        @Test func heartbeatsTellHowReplicasAreAndThatAWorkerGoes() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let beats = Collected<Heartbeat>()
            let heard = try bench.connection.subscribe(bench.names.heartbeats("*")) { message in
                guard let beat = Heartbeat(decoding: message.bytes) else { return }
                beats.add(beat)
            }
            defer { heard.end() }
            let a = try bench.worker("a")
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            try await bench.wait("it is told") {
                beats.all.last?.replicas.first.map {
                    $0.state == .ready && $0.position == 1 && $0.points == 1 && $0.bytes > 0
                } == true
            }
            try await a.stop()
            #expect(beats.all.last?.isDraining == true)
            #expect(Set(beats.all.map(\.worker)) == ["a"])
            #expect(Set(beats.all.map(\.instance)).count == 1)
        }

        @Test func questionsUnderWayAreAnsweredWhenAWorkerEnds() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            let questions = ShardQuestion(.search([SearchQuery(vector: [1, 1], limit: 1)]))
            let results = Collected<Result<ShardAnswer, any Error>>()
            await withTaskGroup(of: Void.self) { group in
                for place in 0..<200 {
                    group.addTask {
                        try? await Task.sleep(for: .milliseconds(place * 5))
                        do {
                            let answer = try await bench.ask(questions, shard)
                            results.add(.success(answer))
                        } catch { results.add(.failure(error)) }
                    }
                }
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(300))
                    await a.worker.stop()
                }
            }
            try await a.end()
            // Whoever asked was answered, or told at once that nobody listens; nobody was left without a word.
            for result in results.all {
                switch result {
                case .success(let answer): #expect((try? answer.result.get()) != nil, "\(answer)")
                case .failure(let error): #expect((error as? NATSFailure)?.kind == .noResponders, "\(error)")
                }
            }
            #expect(results.all.count == 200)
        }

        @Test func aDeletedCollectionIsDroppedAndAMissingMapDropsNothing() async throws {
            let bench = try WorkerBench()
            let shoes = try bench.create("shoes", [["a"]]).shards[0],
                boots = try bench.create("boots", [["a"]]).shards[0]
            for shard in [shoes, boots] { try await bench.write(.upsert([WorkerBench.point(1)]), to: shard) }
            let a = try bench.worker("a")
            try await bench.wait("all are ready") { a.isReady(shoes) && a.isReady(boots) }
            try bench.buckets.maps.delete(ClusterNames.collection("shoes"))
            try await bench.wait("it is dropped") { a.replica(shoes) == nil && a.log.contains("\(shoes) is dropped") }
            #expect(bench.collections(of: "a") == ["\(boots)"])
            try await a.stop()

            // The bucket is lost with all maps.
            #expect(try bench.streams.deleteStream("KV_" + bench.names.bucket))
            let again = try bench.worker("a")
            try await bench.wait("the bucket is heard") { again.worker.isReady }
            try await bench.wait("it is told") { again.log.contains("\(boots) is kept and not served") }
            #expect(again.worker.replicas == [])
            try await again.stop()
            #expect(bench.collections(of: "a") == ["\(boots)"])
        }

        @Test func aCollectionDeletedWhileTheWorkerWasAwayIsDropped() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            try await a.stop()
            #expect(bench.collections(of: "a") == ["\(shard)"])
            try bench.buckets.maps.delete(ClusterNames.collection("shoes"))
            let again = try bench.worker("a")
            try await bench.wait("it is dropped") { again.log.contains("\(shard) is dropped") }
            #expect(bench.collections(of: "a") == [])
            try await again.stop()
        }

        @Test func aReplicaGoesWhereTheMapSays() async throws {
            let bench = try WorkerBench()
            var map = try bench.create("shoes", [["a"]])
            let shard = map.shards[0]
            let (a, b) = (try bench.worker("a"), try bench.worker("b"))
            try await bench.write(.upsert([WorkerBench.point(1)]), to: shard)
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            map.replicas = [["a", "b"]]
            try bench.publish(map, of: "shoes")
            try await bench.wait("the other is ready") { b.isReady(shard) }
            map.replicas = [["b"]]
            try bench.publish(map, of: "shoes")
            try await bench.wait("the first is gone") { a.log.contains("\(shard) is dropped") }
            #expect(bench.collections(of: "a") == [])
            #expect(try await bench.numbers(shard) == [1])
            try await a.stop()
            try await b.stop()
        }

        @Test func aMapOfANewerFormatIsNotServed() async throws {
            let bench = try WorkerBench()
            var map = try bench.create("shoes", [["a"]])
            let shard = map.shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            map.format = ShardMap.newestFormat + 1
            try bench.publish(map, of: "shoes")
            try await bench.wait("it is refused") { a.replica(shard)?.state == .failed }
            #expect(a.replica(shard)?.problem?.contains("has format 2, this program knows 1") == true)
            #expect(bench.collections(of: "a") == ["\(shard)"])
            map.format = ShardMap.newestFormat
            try bench.publish(map, of: "shoes")
            try await bench.wait("it is served again") { a.isReady(shard) }
            try await a.stop()
        }

        @Test func aReplicaOfAnotherDimensionIsNotServed() async throws {
            let bench = try WorkerBench()
            var map = try bench.create("shoes", [["a"]])
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(map.shards[0]) }
            try await a.stop()
            map.dimension = 3
            try bench.publish(map, of: "shoes")
            let again = try bench.worker("a")
            try await bench.wait("it is refused") { again.replica(map.shards[0])?.state == .failed }
            try await again.stop()
        }

        @Test func aWorkerWaitsForNATSAndServesOnceItIsThere() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            try await a.stop()
            let b = try bench.worker("a")
            bench.server.kill()
            try await Task.sleep(for: .milliseconds(1500))
            try bench.server.start()
            try await bench.wait("the replica is ready", seconds: 60) { b.isReady(shard) }
            try await b.stop()
        }
    }
}

extension WorkerBench {
    /// The collections in a worker's folder.
    func collections(of worker: String) -> [String] {
        let path = folder.appendingPathComponent(worker).appendingPathComponent("collections").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
