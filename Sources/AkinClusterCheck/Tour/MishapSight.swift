import AkinCluster
import AkinStore
import Foundation

/// What goes wrong between people and a cluster, and what they are told.
struct MishapSight {
    var site: Site
    private let collection = "c"

    func run() async throws {
        try site.startNATS()
        let first = try site.startWorker("a")
        _ = try site.startWorker("b")
        let (_, router) = try site.startRouter()
        try await site.make(collection, at: router, shards: 1, replicas: 2)
        try await site.write(0..<50, version: 1, to: collection, at: router)
        let versions = Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, 1) })
        try await site.expectAll(versions, in: collection)
        try await tooLarge(router)
        try await purged(first, router)
        try await sameName(first)
    }

    /// A point that fits no message is refused, and the words say which limit to raise.
    private func tooLarge(_ router: URL) async throws {
        let point = JSON.object([
            "id": .integer(1000), "vector": .array(Load.vector(1).map { .number(Double($0)) }),
            "payload": .object(["text": .string(String(repeating: "x", count: 1 << 20))]),
        ])
        let body = Data(JSON.object(["points": .array([point])]).encoded)
        let answer = try await site.ask("PUT", router, "/collections/\(collection)/points?wait=true", body)
        guard (400..<500).contains(answer.status) else {
            throw CheckFailure("a point of 1 MB: expected a refusal, got \(answer.status): \(answer.body.text)")
        }
        try expect(answer.body.text, has: ["point 1000", "max_payload"])
    }

    /// A worker that was away while its stream was purged says so, does not answer, and goes on from a snapshot.
    private func purged(_ worker: Child, _ router: URL) async throws {
        worker.signal(SIGTERM)
        try await site.write(50..<80, version: 2, to: collection, at: router)
        try await site.look { replicas, session in
            for shard in try await replicas.map(of: collection).shards {
                try session.jetStream.purge(ClusterNames().writeStream(shard))
            }
        }
        try worker.start()
        try await wait(20, for: "word of the gap from \(worker.name)") {
            worker.output.contains("messages are missing")
        }
        try expect(worker.output, has: ["are gone", "publish one from another replica"])
        let (status, output) = try await site.run(["cluster", "status"])
        guard status == 1 else { throw CheckFailure("status ended with \(status) in spite of the gap: \(output)") }
        try expect(output, has: ["gap"])
        // The other answers alone.
        let count = try await site.get("POST", router, "/collections/\(collection)/points/count", Data("{}".utf8))
        guard count["result"]?["count"]?.integer == 80 else {
            throw CheckFailure("expected 80 points beside the gap, got \(count.text)")
        }
        try await site.succeed("cluster", "snapshot", collection)
        try await site.expectAll(
            Dictionary(uniqueKeysWithValues: (0..<80).map { ($0, $0 < 50 ? 1 : 2) }), in: collection)
    }

    /// A second worker of a name goes, and says whose name it is; the first stays.
    private func sameName(_ first: Child) async throws {
        let second = try site.startWorker("a", folder: "elsewhere")
        try await site.expectFailure(of: second, saying: "two workers are called \"a\"", "another name", seconds: 40)
        guard first.isRunning else { throw CheckFailure("the first worker ended: \(first.lastWords)") }
        let (status, output) = try await site.run(["cluster", "status"])
        guard status == 0 else { throw CheckFailure("the cluster is not well after a second worker \"a\": \(output)") }
        // One folder twice is refused at once.
        let third = try site.startWorker("other", folder: "a")
        try await site.expectFailure(of: third, saying: "open", seconds: 20)
    }
}
