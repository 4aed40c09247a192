import AkinCluster
import AkinStore
import Foundation

/// Sees that the check sees: every lie that is planted must be reported by what judges ordinary rounds.
struct Proving {
    var plan: Laboratory.Plan
    private let points = 60
    private let shards = 2

    func run() async throws {
        var plan = plan
        plan.workers = 2
        plan.routers = 1
        let laboratory = try Laboratory(plan)
        var isGood = false
        defer { laboratory.end(keepsFiles: !isGood) }
        let replicas = try Replicas(laboratory.natsURLs)
        defer { replicas.close() }
        let client = RouterClient(laboratory.routerURLs, seconds: 20)
        // An honest round must pass, or reports would prove nothing.
        try await round(nil, client, replicas, laboratory)
        say("without a lie: nothing is reported")
        for lie in Lie.allCases {
            let report: String
            do {
                try await round(lie, client, replicas, laboratory)
                throw CheckFailure("planted: \(lie.rawValue); expected a report, got none")
            } catch let failure as Reported { report = failure.report }
            guard report.contains(lie.report) else {
                throw CheckFailure("planted: \(lie.rawValue); expected a report of \"\(lie.report)\", got: \(report)")
            }
            say("\(lie.rawValue): \(report.split(separator: "\n").first { $0.contains(lie.report) } ?? "")")
        }
        isGood = true
        say("\(Lie.allCases.count) lies planted, all reported")
    }

    /// What was reported of a lie.
    private struct Reported: Error { var report: String }

    /// A short round over a collection of its own.
    private func round(
        _ lie: Lie?, _ client: RouterClient, _ replicas: Replicas, _ laboratory: Laboratory
    ) async throws {
        let collection = lie?.rawValue ?? "honest"
        try await client.create(collection, shards: shards, replicas: 2)
        let map = try await replicas.map(of: collection)
        // A slow machine may be slow; the lie is later than that.
        let patience = lie == .late ? 2.0 : 10
        let liar = lie.map { Liar($0, before: client, shards: shards, delay: .seconds(patience + 0.2)) }
        let round = Round(
            client: liar ?? client, replicas: replicas, map: map, ledger: Ledger(count: points),
            collection: collection, patience: patience)
        do {
            _ = try await round.run {
                try await Task.sleep(for: .milliseconds(400))
                let end = ContinuousClock.now + .seconds(10)
                while liar?.isWaiting ?? false, .now < end { try await Task.sleep(for: .milliseconds(50)) }
            } quietly: {
                guard let lie, !lie.isTold else { return }
                try plant(map, laboratory)
                try laboratory.workers[1].start()
                // Heartbeats from before count for a second.
                try await Task.sleep(for: .seconds(1.2))
            }
        } catch let failure as CheckFailure where lie != nil { throw Reported(report: "\(failure)") }
    }

    /// Changes one point of one replica in its folder, while its worker is stopped.
    private func plant(_ map: ShardMap, _ laboratory: Laboratory) throws {
        let worker = laboratory.workers[1]
        worker.signal(SIGTERM)
        let store = try Store(path: laboratory.folder.appendingPathComponent(worker.name).path)
        defer { store.close() }
        let replica = try store.collection(map.shards[0].description)
        let page = try replica.scroll(limit: 1, fields: PointFields(payload: .all, vector: true))
        guard let point = page.points.first, let vector = point.vector else {
            throw CheckFailure("there is no point to change in \(worker.name)")
        }
        try replica.upsert([Point(id: point.id, vector: vector, payload: ["version": .integer(0)])])
    }
}
