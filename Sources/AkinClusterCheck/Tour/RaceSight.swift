import AkinCluster
import AkinStore
import Foundation

/// Two routers that make and drop one collection at the same moment.
struct RaceSight {
    var site: Site
    private let name = "race"

    func run() async throws {
        try site.startNATS()
        for name in ["a", "b"] { _ = try site.startWorker(name) }
        let (_, first) = try site.startRouter("router-0")
        let (_, second) = try site.startRouter("router-1")
        for url in [first, second] { try await site.make("warm", at: url, shards: 1, replicas: 1) }
        try await site.get("DELETE", first, "/collections/warm")
        try await site.look { replicas, session in
            try await race(first, second) { try await settle($0, replicas, session) }
        }
    }

    private func race(_ first: URL, _ second: URL, settle: (String) async throws -> Void) async throws {
        for round in 0..<20 {
            try await create(round, first, second)
            try await settle("creation \(round)")
            try await site.get("DELETE", round % 2 == 0 ? first : second, "/collections/\(name)")
            try await wait(5, for: "both routers to hear that it is gone") {
                for url in [first, second] {
                    guard try await site.ask("GET", url, "/collections/\(name)").status == 404 else { return false }
                }
                return true
            }
        }
        for round in 0..<30 {
            try await dropAndCreate(round, first, second)
            try await settle("drop \(round)")
            _ = try await site.ask("DELETE", first, "/collections/\(name)")
            try await settle("the end of drop \(round)")
        }
    }

    private func body(_ size: Int, shards: Int) -> Data {
        Data(
            """
            {"vectors": {"size": \(size), "distance": "Euclid"}, "shard_number": \(shards), "replication_factor": 1}
            """.utf8)
    }

    /// Exactly one of two creations wins, and all agree on it.
    private func create(_ round: Int, _ first: URL, _ second: URL) async throws {
        let path = "/collections/\(name)", sizes = [4 + round, 40 + round]
        async let one = site.ask("PUT", first, path, body(sizes[0], shards: 1))
        async let other = site.ask("PUT", second, path, body(sizes[1], shards: 2))
        let answers = [try await one, try await other]
        let said = answers.map { "\($0.status) \($0.body.text)" }.joined(separator: " and ")
        guard Set(answers.map(\.status)) == [200, 409] else {
            throw CheckFailure("creation \(round): expected 200 and 409, got \(said)")
        }
        let winner = answers[0].status == 200 ? 0 : 1
        try expect(answers[1 - winner].body.text, has: [name, "exists"])
        for url in [first, second] {
            let found = try await site.get("GET", url, path)
            let size = found["result"]?["config"]?["params"]?["vectors"]?["size"]?.integer
            guard size == sizes[winner] else {
                throw CheckFailure("creation \(round): expected size \(sizes[winner]), got \(size ?? -1); \(said)")
            }
        }
    }

    /// A collection is dropped by both routers while one of them makes it again.
    private func dropAndCreate(_ round: Int, _ first: URL, _ second: URL) async throws {
        let path = "/collections/\(name)"
        try await site.get("PUT", round % 2 == 0 ? first : second, path, body(4, shards: 2))
        async let dropped = site.ask("DELETE", first, path)
        try await Task.sleep(for: .milliseconds(round % 10))
        let again = try await site.ask("DELETE", second, path)
        let made = try await site.ask("PUT", second, path, body(8, shards: 1))
        let statuses = [try await dropped.status, again.status, made.status]
        // A drop may also come after the creation, which then finds nothing to wait for.
        guard statuses.prefix(2).allSatisfy({ [200, 404].contains($0) }), [200, 404, 409].contains(statuses[2]) else {
            throw CheckFailure("drop \(round): answered with \(statuses): \(made.body.text)")
        }
    }

    /// Sees that maps, streams and workers agree.
    private func settle(_ what: String, _ replicas: Replicas, _ session: ClusterLink.Session) async throws {
        var last = ""
        try await wait(15, for: { "agreement after \(what): \(last)" }) {
            let map = try session.bucket.get(ClusterNames.collection(name)).map {
                try ShardMap(decoding: $0.bytes, of: name)
            }
            let shards = Set(map?.shards ?? [])
            let streams = Set(try session.jetStream.streamNames().filter { $0.hasPrefix("akin-w-") })
            let beats = replicas.heartbeats
            let held = Set(beats.flatMap(\.replicas).map(\.shard))
            last = "the map has \(shards), \(beats.count) workers have \(held), streams are \(streams)"
            return beats.count == 2 && held == shards && streams == Set(shards.map(ClusterNames().writeStream))
        }
    }
}
