import AkinCluster
import AkinStore
import Foundation

/// Snapshots that a cluster publishes, what begins with them, and going back to one.
struct SnapshotSight {
    var site: Site
    private let collection = "c"

    func run() async throws {
        try site.startNATS()
        for name in ["a", "b"] { _ = try site.startWorker(name) }
        let (_, router) = try site.startRouter()
        try await site.make(collection, at: router, shards: 2, replicas: 1)

        // Purging forgets what the older of two snapshots has.
        try await site.write(0..<200, version: 1, to: collection, at: router)
        try await site.succeed("cluster", "snapshot", collection, "--purge")
        try await site.write(100..<300, version: 2, to: collection, at: router)
        try await site.delete(0..<20, from: collection, at: router)
        let versions = Dictionary(uniqueKeysWithValues: (20..<300).map { ($0, $0 < 100 ? 1 : 2) })
        let name = try await site.succeed("cluster", "snapshot", collection, "--purge")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try await site.write(250..<350, version: 3, to: collection, at: router)
        try await site.delete(100..<110, from: collection, at: router)
        var later = versions
        for point in 250..<350 { later[point] = 3 }
        for point in 100..<110 { later[point] = nil }
        try await site.expectAll(later, in: collection)

        // Its streams begin where the snapshot ends: only with the snapshot can a new replica be whole.
        try await site.look { replicas, session in
            for shard in try await replicas.map(of: collection).shards {
                let state = try session.jetStream.state(of: ClusterNames().writeStream(shard))
                guard state.first > 1 else { throw CheckFailure("stream \(shard) was not purged: \(state)") }
            }
        }
        _ = try site.startWorker("fresh")
        try await site.look { replicas, _ in
            try await wait(10, for: "the new worker") { replicas.heartbeats.contains { $0.worker == "fresh" } }
        }
        for shard in 0..<2 { try await site.succeed("cluster", "add-replica", "\(collection)/\(shard)", "fresh") }
        try await site.expectAll(later, in: collection)

        try await refusals(router, name)
        let restored = try await site.succeed("cluster", "restore", collection)
        guard restored.contains(name) else { throw CheckFailure("expected \(name) to be restored, got \(restored)") }
        try await site.expectAll(versions, in: collection)
        // Writes go on from there.
        try await site.write(0..<20, version: 4, to: collection, at: router)
        try await site.expectAll(versions.merging((0..<20).map { ($0, 4) }) { $1 }, in: collection)
    }

    /// Snapshots of another collection are not restored, however they are asked for.
    private func refusals(_ router: URL, _ name: String) async throws {
        try await site.make("other", at: router, size: 4, shards: 2, replicas: 1)
        let (status, output) = try await site.run(["cluster", "restore", "other", name])
        guard status != 0 else { throw CheckFailure("a snapshot of another collection was restored: \(output)") }
        try expect(output, has: ["\"other\" has no snapshot \(name)"])
        let none = try await site.run(["cluster", "restore", "other"])
        guard none.status != 0 else { throw CheckFailure("restored without a snapshot: \(none.output)") }
        try expect(none.output, has: ["akin cluster snapshot other"])

        // A map that names one all the same: its replicas say what is wrong, and answer nothing.
        try await site.look { replicas, session in
            let bucket = session.bucket, key = ClusterNames.collection("other")
            let source = try await replicas.map(of: collection)
            guard let entry = try bucket.get(key) else { throw CheckFailure("there is no map of other") }
            let old = try ShardMap(decoding: entry.bytes, of: "other")
            var new = ShardMap(try old.configuration(), replicas: old.replicas, streamReplicas: 1)
            new.base = .init(incarnation: source.incarnation, snapshots: [name, name])
            for shard in new.shards {
                let (stream, subject) = (ClusterNames().writeStream(shard), ClusterNames().writes(shard))
                try session.jetStream.createStream(.init(name: stream, subjects: [subject]))
            }
            try bucket.update(key, try new.encoded(), revision: entry.revision)
        }
        var last = ""
        try await wait(20, for: { "a refusal of a snapshot of \(Load.dimension) components: \(last)" }) {
            let (status, output) = try await site.run(["cluster", "status"])
            last = output
            return status != 0 && output.contains("\(Load.dimension)") && output.contains("expected")
        }
        try await site.succeed("cluster", "drop", "other")
    }
}
