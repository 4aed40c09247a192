import Akin
import AkinCluster
import AkinStore
import Foundation
import Testing

@Suite struct PlacementTests {
    @Test func replicasGoToTheWorkersThatHaveTheFewest() throws {
        let first = try ClusterService.place(4, copies: 2, on: ["a", "b", "c", "d"], beside: [])
        #expect(first.allSatisfy { Set($0).count == 2 })
        let counts = Dictionary(grouping: first.joined()) { $0 }.mapValues(\.count)
        #expect(counts == ["a": 2, "b": 2, "c": 2, "d": 2])
        let map = ShardMap(
            CollectionConfiguration(dimension: 1, metric: .l2), replicas: [["a"], ["a"], ["b"]], streamReplicas: 1)
        #expect(try ClusterService.place(2, copies: 1, on: ["a", "b", "c"], beside: [map]) == [["c"], ["b"]])
    }

    @Test func moreReplicasThanWorkersAreRefusedWithBothNumbers() {
        #expect {
            try ClusterService.place(1, copies: 3, on: ["a", "b"], beside: [])
        } throws: { error in
            "\(error)".contains("1 to 2") && "\(error)".contains("got 3")
        }
        #expect {
            try ClusterService.place(1, copies: 1, on: [], beside: [])
        } throws: { error in
            "\(error)".contains("akin worker")
        }
    }

    @Test func anOrderAndItsReplyComeBackAsTheyWent() throws {
        let shard = ShardName(incarnation: "0123456789abcdef", number: 3)
        let order = WorkerOrder.publishSnapshot(
            shard: shard, id: WorkerOrder.snapshotID(at: Date(timeIntervalSince1970: 1_795_255_201.25)), isPurging: true
        )
        #expect(order == .publishSnapshot(shard: shard, id: "20261121T100001250", isPurging: true))
        #expect(WorkerOrder(decoding: try order.encoded()) == order)
        let reply = WorkerReply.refused("no")
        #expect(WorkerReply(decoding: try reply.encoded()) == reply)
        let hostile = WorkerOrder.publishSnapshot(
            shard: .init(incarnation: "../../etc", number: 0), id: "a", isPurging: false)
        #expect(WorkerOrder(decoding: try hostile.encoded()) == nil)
        #expect(WorkerOrder(decoding: Array("{}".utf8)) == nil)
    }

    @Test func aDirectoryKeepsTheNewestMapAndSaysWhichItCannotRead() throws {
        let directory = ClusterDirectory()
        var map = ShardMap(CollectionConfiguration(dimension: 1, metric: .l2), replicas: [["a"]], streamReplicas: 1)
        directory.note("c", .init(bytes: try map.encoded(), revision: 5))
        map.replicas = [["b"]]
        directory.note("c", .init(bytes: try map.encoded(), revision: 4))
        #expect(try directory.map(of: "c")?.replicas == [["a"]])
        map.format = ShardMap.newestFormat + 1
        directory.note("c", .init(bytes: try map.encoded(), revision: 6))
        #expect {
            try directory.map(of: "c")
        } throws: {
            guard case .unavailable(let text)? = $0 as? StoreError else { return false }
            return text.contains("format 2")
        }
        #expect(directory.collections == ["c"])
        // A deletion that is told late is of the map before.
        directory.forget("c", droppedBy: 5)
        #expect(directory.collections == ["c"])
        directory.forget("c", droppedBy: 7)
        #expect(directory.collections == [])
    }
}
