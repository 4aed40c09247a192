import AkinStore
import Foundation

/// Rounds of faults under load: after each, every replica must hold the same, and what was acknowledged.
struct Rounds {
    var plan: Laboratory.Plan
    var faults: [Fault]
    var rounds: Int
    var points = 2_000
    var shards = 4
    var replicas = 2

    func run() async throws {
        var plan = plan
        plan.isDivided = faults.contains(.cut)
        let laboratory = try Laboratory(plan)
        var isGood = false
        defer { laboratory.end(keepsFiles: !isGood) }
        do {
            try await run(laboratory)
            isGood = true
        } catch {
            for child in laboratory.children where !child.isRunning {
                say("\(child.name) has ended with \(child.status ?? 0):\n\(child.lastWords)")
            }
            throw error
        }
    }

    private func run(_ laboratory: Laboratory) async throws {
        let patience = Double(plan.deadlineMilliseconds) / 1000 + 3
        let client = RouterClient(laboratory.routerURLs, seconds: patience + 5)
        try await create(client, laboratory)
        let replicas = try Replicas(laboratory.natsURLs)
        defer { replicas.close() }
        let map = try await replicas.map(of: Load.collection)
        let ledger = Ledger(count: points)
        var reads = 0, refusals = 0, partial = 0, slowest = 0.0, happened: [Fault: Int] = [:]
        for round in 0..<rounds * faults.count {
            let fault = faults[round % faults.count]
            let load = Load(client, ledger, patience: patience)
            let before = ledger.counts
            async let running: Void = load.run(writers: 3, readers: 3)
            do {
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...1500)))
                try await fault.happen(to: laboratory, for: Double.random(in: 0...3))
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...700)))
            } catch {
                load.stop()
                throw error
            }
            load.stop()
            await running
            let found = load.found
            try Self.refuse(found.faults, round, fault)
            try await replicas.waitUntilEqual(map, seconds: 60)
            let all = try await replicas.compare(map)
            try Self.refuse(ledger.settle(try Self.versions(all)), round, fault)
            reads += found.reads
            refusals += found.refusals
            partial += found.partial
            slowest = max(slowest, found.slowest)
            happened[fault, default: 0] += 1
            let now = ledger.counts
            say(
                "round \(round + 1), \(fault.rawValue): \(now.acknowledged - before.acknowledged) writes acknowledged, "
                    + "\(now.uncertain - before.uncertain) without an outcome, \(found.reads) searches, "
                    + "\(found.refusals) refused, \(found.partial) partial, slowest \(Self.text(found.slowest)) s")
        }
        let counts = ledger.counts
        say(
            """
            \(happened.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) x \($0.key.rawValue)" }.joined(separator: ", ")): \
            \(counts.acknowledged) writes acknowledged, none lost, none back; \(counts.uncertain) without an outcome; \
            \(reads) searches, none wrong, \(partial) said that a shard was missing, \(refusals) calls refused; \
            slowest answer \(Self.text(slowest)) s; all replicas equal after each round
            """)
    }

    /// Makes the collection, once routers and workers are there.
    private func create(_ client: RouterClient, _ laboratory: Laboratory) async throws {
        let end = ContinuousClock.now + .seconds(60)
        let body = JSON.object([
            "vectors": .object(["size": .integer(Int64(Load.dimension)), "distance": .string("Euclid")]),
            "shard_number": .integer(Int64(shards)), "replication_factor": .integer(Int64(replicas)),
        ])
        while true {
            var last = ""
            do {
                let answer = try await client.ask("PUT", "/collections/\(Load.collection)", body, router: 0)
                if answer.status == 200 { return }
                last = String(decoding: answer.body.encoded, as: UTF8.self)
                // An earlier try may have come through after all.
                if answer.status == 409 { return }
            } catch { last = "\(error)" }
            guard ContinuousClock.now < end else {
                throw CheckFailure("after 60 s there is still no collection: \(last)")
            }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    private static func versions(_ points: [PointID: StoredPoint]) throws -> [Int: Int] {
        var versions: [Int: Int] = [:]
        for (id, point) in points {
            guard case .number(let number) = id, let version = point.payload?["version"]?.integer else {
                throw CheckFailure("there is a point \(id) that nobody wrote")
            }
            guard point.vector == Load.vector(Int(number)) else { throw CheckFailure("point \(id) has another vector") }
            versions[Int(number)] = version
        }
        return versions
    }

    private static func refuse(_ faults: [String], _ round: Int, _ fault: Fault) throws {
        guard !faults.isEmpty else { return }
        throw CheckFailure(
            "round \(round + 1), \(fault.rawValue): \(faults.count) faults:\n"
                + faults.prefix(10).joined(separator: "\n"))
    }

    static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
