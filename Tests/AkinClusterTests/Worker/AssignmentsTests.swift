import AkinCluster
import AkinStore
import Testing

@Suite struct AssignmentsTests {
    private let map = ShardMap(
        CollectionConfiguration(dimension: 2, metric: .l2), replicas: [["a", "b"], ["b"], ["a"]], streamReplicas: 1)

    private func assignments(_ accepted: AcceptedShards = .all) -> Assignments {
        Assignments(worker: "a", accepted: accepted, records: [:])
    }

    @Test func aWorkerServesTheShardsThatNameIt() {
        var assignments = assignments()
        let actions = assignments.set("shoes", map, revision: 5)
        #expect(actions == [.serve(map.shards[0], map), .serve(map.shards[2], map)])
        #expect(
            assignments.records == [
                map.shards[0]: .init(collection: "shoes", revision: 5, isMade: false),
                map.shards[2]: .init(collection: "shoes", revision: 5, isMade: false),
            ])
    }

    @Test func aNewerMapWithoutTheWorkerDropsItsReplicaAndAnOlderOneDoesNot() {
        var assignments = assignments()
        _ = assignments.set("shoes", map, revision: 5)
        var other = map
        other.replicas[2] = ["c"]
        let older = assignments.set("shoes", other, revision: 4)
        #expect(older.contains(.serve(map.shards[0], other)))
        #expect(!older.contains(.drop(map.shards[2])))
        let newer = assignments.set("shoes", other, revision: 6)
        #expect(newer == [.serve(map.shards[0], other), .drop(map.shards[2])])
    }

    @Test func aCollectionMadeAnewDropsTheReplicasOfTheOneBefore() {
        var assignments = assignments()
        _ = assignments.set("shoes", map, revision: 5)
        let again = ShardMap(
            CollectionConfiguration(dimension: 2, metric: .l2), replicas: [["a"]], streamReplicas: 1)
        let actions = assignments.set("shoes", again, revision: 9)
        #expect(actions.first == .serve(again.shards[0], again))
        #expect(Set(actions.dropFirst().map(\.dropped)) == [map.shards[0], map.shards[2]])
    }

    @Test func onlyADeletionDropsNotTheAbsenceOfAMap() {
        var assignments = assignments()
        _ = assignments.set("shoes", map, revision: 5)
        for action in assignments.told([]) {
            guard case .keep = action else {
                Issue.record("expected replicas to be kept, got \(action)")
                continue
            }
        }
        #expect(assignments.records.count == 2)
        #expect(Set(assignments.deleted("shoes").map(\.dropped)) == [map.shards[0], map.shards[2]])
        #expect(assignments.deleted("boots").isEmpty)
    }

    @Test func aWorkerHoldsShardsThatItWasNotStartedFor() throws {
        let accepted = try #require(AcceptedShards("shoes/0,boots"))
        var assignments = assignments(accepted)
        let actions = assignments.set("shoes", map, revision: 5)
        #expect(actions.first == .serve(map.shards[0], map))
        guard case .hold(map.shards[2], _) = actions.last else {
            Issue.record("expected shard 2 to be held, got \(actions)")
            return
        }
        #expect(assignments.records.keys.sorted { $0.number < $1.number } == [map.shards[0]])
    }

    @Test func acceptedShardsAreReadFromText() throws {
        #expect(AcceptedShards("all") == .all)
        let some = try #require(AcceptedShards("shoes/0,shoes/3,boots"))
        #expect(some.contains(0, of: "shoes") && some.contains(3, of: "shoes") && some.contains(7, of: "boots"))
        #expect(!some.contains(1, of: "shoes") && !some.contains(0, of: "hats"))
        for text in ["", "shoes/", "shoes/x", "shoes/-1", "/0", "shoes/0/1", "a,,b"] {
            #expect(AcceptedShards(text) == nil, "\(text)")
        }
    }
}

extension Assignments.Action {
    fileprivate var dropped: ShardName? {
        if case .drop(let shard) = self { shard } else { nil }
    }
}
