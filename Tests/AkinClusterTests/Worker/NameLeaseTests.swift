import AkinCluster
import AkinStore
import Foundation
import Testing

extension WithNATS {
    @Suite struct NameLeaseTests {
        @Test func aSecondWorkerOfANameIsRefused() async throws {
            let bench = try WorkerBench()
            let a = try bench.worker("a")
            try await bench.wait("the first has its name") { a.worker.isReady }
            let other = try bench.worker("a", folder: "other") { $0.namePatience = 1 }
            await #expect { try await other.end() } throws: {
                "\($0)".hasPrefix("two workers are called \"a\": the other is process")
            }
            #expect(a.worker.isReady)
            try await a.stop()
            // The name is free at once, and so is the folder.
            let again = try bench.worker("a", folder: "other") { $0.namePatience = 1 }
            try await bench.wait("it has the name") { again.worker.isReady }
            try await again.stop()
        }

        @Test func aWorkerWhoseNameIsTakenStopsAndSaysWhy() async throws {
            let bench = try WorkerBench()
            let shard = try bench.create("shoes", [["a"]]).shards[0]
            let a = try bench.worker("a")
            try await bench.wait("the replica is ready") { a.isReady(shard) }
            // As a copy of the folder on another machine would.
            try bench.buckets.leases.put(
                "a", Array(#"{"instance":"x","directory":"y","host":"elsewhere","pid":7}"#.utf8))
            await #expect { try await a.end() } throws: {
                "\($0)".contains("has lost its name to process 7 on elsewhere")
            }
        }

        @Test func aWorkerThatDiedIsFollowedAtOnceByOneWithItsFolder() async throws {
            let bench = try WorkerBench()
            let a = try bench.worker("a")
            try await bench.wait("it has the name") { a.worker.isReady }
            let entry = try #require(try bench.buckets.leases.get("a"))
            try await a.stop()
            // What a worker that was killed leaves behind.
            try bench.buckets.leases.put("a", entry.bytes)
            let begin = ContinuousClock.now
            let again = try bench.worker("a") { $0.namePatience = 0 }
            try await bench.wait("it has the name") { again.worker.isReady }
            #expect(ContinuousClock.now - begin < .seconds(8))
            try await again.stop()
        }

        @Test func aFolderBelongsToOneWorker() async throws {
            let bench = try WorkerBench()
            let a = try bench.worker("a", folder: "one")
            try await bench.wait("it has the name") { a.worker.isReady }
            let open = try bench.worker("a", folder: "one")
            await #expect { try await open.end() } throws: { "\($0)".contains("is open already") }
            try await a.stop()
            let renamed = try bench.worker("b", folder: "one")
            await #expect { try await renamed.end() } throws: { "\($0)".contains("is the folder of worker \"a\"") }
        }

        @Test func aNameOfOtherCharactersIsRefused() async throws {
            let bench = try WorkerBench()
            let bad = try bench.worker("a.b", folder: "bad")
            await #expect(throws: StoreError.self) { try await bad.end() }
        }
    }
}
