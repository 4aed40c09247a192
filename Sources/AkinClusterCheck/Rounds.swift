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
    private let collection = "check"

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
        try await client.create(collection, shards: shards, replicas: self.replicas)
        let replicas = try Replicas(laboratory.natsURLs)
        defer { replicas.close() }
        let map = try await replicas.map(of: collection)
        let ledger = Ledger(count: points)
        var reads = 0, refusals = 0, partial = 0, slowest = 0.0, happened: [Fault: Int] = [:]
        let part = Round(
            client: client, replicas: replicas, map: map, ledger: ledger, collection: collection, patience: patience)
        for round in 0..<rounds * faults.count {
            let fault = faults[round % faults.count]
            let before = ledger.counts
            let found: Load.Findings
            do {
                found = try await part.run {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...1500)))
                    try await fault.happen(to: laboratory, for: Double.random(in: 0...3))
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...700)))
                }
            } catch let failure as CheckFailure {
                throw CheckFailure("round \(round + 1), \(fault.rawValue): \(failure)")
            }
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

    static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
