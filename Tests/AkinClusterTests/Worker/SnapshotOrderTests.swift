import AkinCluster
import AkinStore
import Foundation
import Testing

extension WithNATS {
    @Suite struct SnapshotOrderTests {
        @Test func aNewReplicaGoesOnFromASnapshotWhereMessagesAreGone() async throws {
            let bench = try WorkerBench()
            var map = try bench.create("shoes", [["a"]])
            let shard = map.shards[0]
            let a = try bench.worker("a")
            for number in UInt64(1)...4 { try await bench.write(.upsert([WorkerBench.point(number)]), to: shard) }
            try await bench.wait("the replica is ready") { a.isReady(shard) && a.replica(shard)?.position == 4 }
            let snapshot = try await bench.publish(shard, "one", worker: "a")
            #expect(snapshot.id == "one")
            #expect(snapshot.position == 4)
            try bench.streams.purge(bench.names.writeStream(shard), before: 4)
            let last = try await bench.write(.upsert([WorkerBench.point(9)]), to: shard)
            map.replicas = [["a", "b"]]
            try bench.publish(map, of: "shoes")
            let b = try bench.worker("b")
            try await bench.wait("the other is ready") { b.isReady(shard) }
            #expect(try await bench.numbers(shard, worker: "b", after: last) == [1, 2, 3, 4, 9])
            #expect(b.log.contains("going on from snapshot one"))
            try await a.stop()
            try await b.stop()
        }

        @Test func aCollectionBeginsWithTheSnapshotsOfAnother() async throws {
            let bench = try WorkerBench()
            let map = try bench.create("shoes", [["a"]])
            let a = try bench.worker("a")
            try await bench.write(.upsert([WorkerBench.point(1)]), to: map.shards[0])
            try await bench.write(.upsert([WorkerBench.point(2)]), to: map.shards[0])
            try await bench.wait("the replica is ready") { a.replica(map.shards[0])?.position == 2 }
            _ = try await bench.publish(map.shards[0], "one", worker: "a")
            var next = ShardMap(
                CollectionConfiguration(dimension: 2, metric: .l2), replicas: [["a"]], streamReplicas: 1)
            next.base = .init(incarnation: map.incarnation, snapshots: ["one"])
            let shard = next.shards[0]
            try bench.streams.createStream(
                .init(name: bench.names.writeStream(shard), subjects: [bench.names.writes(shard)]))
            try bench.publish(next, of: "boots")
            try await bench.wait("the other is ready") { a.isReady(shard) }
            #expect(a.replica(shard)?.position == 0)
            let last = try await bench.write(.upsert([WorkerBench.point(3)]), to: shard)
            #expect(last == 1)
            #expect(try await bench.numbers(shard, after: last) == [1, 2, 3])
            #expect(try await bench.numbers(map.shards[0]) == [1, 2])
            // Both go on where they were.
            try await a.stop()
            let again = try bench.worker("a")
            try await bench.wait("both are ready") { again.isReady(shard) && again.isReady(map.shards[0]) }
            #expect(again.replica(shard)?.position == 1)
            #expect(try await bench.numbers(shard) == [1, 2, 3])
            try await again.stop()
        }

        @Test func anOrderForAnotherShardOrInOtherWordsIsRefused() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"], ["b"]]).shards[1]
            let a = try bench.worker("a")
            try await bench.wait("it is here") { a.worker.isReady }
            let order = try WorkerOrder.publishSnapshot(shard: shard, id: "one", isPurging: false).encoded()
            for bytes in [order, [1, 2, 3]] {
                let reply = try await bench.connection.ask(bytes, to: bench.names.orders("a"), within: 10)
                guard case .refused = WorkerReply(decoding: reply) else {
                    Issue.record("expected a refusal")
                    continue
                }
            }
            try await a.stop()
        }
    }
}

extension WorkerBench {
    /// Orders a snapshot.
    func publish(_ shard: ShardName, _ id: String, worker: String) async throws -> PublishedSnapshot {
        let order = try WorkerOrder.publishSnapshot(shard: shard, id: id, isPurging: false).encoded()
        let reply = WorkerReply(
            decoding: try await connection.ask(order, to: names.orders(worker), within: 20))
        guard case .snapshot(let snapshot) = reply else {
            throw NATSFailure(.other, "expected a snapshot, got \(String(describing: reply))")
        }
        return snapshot
    }
}
