import Akin
import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Logging
import Synchronization

/// Switches a published set between versions while it is searched: no answer may hold points of two.
struct Switching {
    var plan: Laboratory.Plan
    var rounds: Int
    private static let dimension = 16, count = 4_000, shards = 4

    func run() async throws {
        let laboratory = try Laboratory(plan)
        var isGood = false
        defer { laboratory.end(keepsFiles: !isGood) }
        // Ids of version i begin at i * 1,000,000, so an answer tells its versions by its ids.
        for version in 1...2 { try Self.build(version, in: laboratory.sets) }
        let names = ClusterNames()
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        let session = try await Measure.open(
            NATSSettings(servers: laboratory.natsURLs, name: "akin-cluster-check"), names, logger)
        let directory = ClusterDirectory()
        try directory.attach(session, names)
        let publishing = SetPublishing(session, names, directory)
        _ = try await publishing.publish("v1", of: "set", shards: Self.shards, copies: plan.workers, patience: 60)
        let client = RouterClient(laboratory.routerURLs, seconds: 10)
        let tally = Tally()
        async let searching: Void = withTaskGroup(of: Void.self) { group in
            for reader in 0..<4 { group.addTask { await Self.search(client, tally, router: reader) } }
        }
        for round in 0..<rounds {
            _ = try await publishing.publish(
                round % 2 == 0 ? "v2" : "v1", of: "set", shards: Self.shards, patience: 10)
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...200)))
        }
        tally.isDone.store(true, ordering: .releasing)
        await searching
        directory.end()
        session.connection.close()
        let found = tally.found.withLock { $0 }
        guard found.faults.isEmpty else {
            throw CheckFailure("\(found.faults.count) faults:\n" + found.faults.prefix(10).joined(separator: "\n"))
        }
        guard found.first > 0, found.second > 0 else {
            throw CheckFailure("both versions should have answered: \(found.first) and \(found.second) searches")
        }
        isGood = true
        say(
            "\(rounds) switches: \(found.first + found.second) searches, \(found.first) answered by one version and "
                + "\(found.second) by the other, none by both, none refused")
    }

    private static func build(_ version: Int, in folder: URL) throws {
        let place = folder.appendingPathComponent("set/v\(version)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let base = Measure.vectors(count, dimension, seed: UInt64(version))
        for shard in 0..<shards {
            let rows = shard * count / shards..<(shard + 1) * count / shards
            let ids = rows.map { Int64($0 + version * 1_000_000) }
            try FlatIndex(base.rows(rows), ids: ids, metric: .l2, space: nil)
                .save(to: place.appendingPathComponent("shard-\(shard).akin").path)
        }
    }

    private static func search(_ client: RouterClient, _ tally: Tally, router: Int) async {
        let asked = Measure.vectors(100, dimension, seed: UInt64(router + 10))
        var number = 0
        var hasAnswered = false
        while !tally.isDone.load(ordering: .acquiring) {
            number += 1
            let body = JSON.object([
                "query": .array(asked[number % 100].map { .number(Double($0)) }), "limit": .integer(40),
            ])
            do {
                let answer = try await client.ask(
                    "POST", "/collections/set/points/query", body, router: router, after: [:])
                // A router that has not yet heard of the set.
                if answer.status == 404, !hasAnswered { continue }
                hasAnswered = true
                let ids = (answer.body["result"]?["points"]?.array ?? []).compactMap { $0["id"]?.integer }
                let versions = Set(ids.map { $0 / 1_000_000 })
                tally.found.withLock { found in
                    if answer.status != 200 || ids.count != 40 || versions.count != 1 {
                        let text = String(decoding: answer.body.encoded.prefix(300), as: UTF8.self)
                        found.faults.append("\(answer.status), \(ids.count) points of versions \(versions): \(text)")
                    } else if versions == [1] {
                        found.first += 1
                    } else {
                        found.second += 1
                    }
                }
            } catch { tally.found.withLock { $0.faults.append("\(error)") } }
        }
    }

    private final class Tally: Sendable {
        let isDone = Atomic<Bool>(false)
        let found = Mutex<(first: Int, second: Int, faults: [String])>((0, 0, []))
    }
}
