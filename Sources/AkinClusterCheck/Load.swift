import AkinStore
import Foundation
import Synchronization

/// Writers and readers that never rest, and look at every answer.
final class Load: Sendable {
    static let dimension = 16
    /// Points that a search asks for.
    static let limit = 3

    let client: any Asked
    let ledger: Ledger
    let collection: String
    /// Seconds after which every question must have been answered, one way or the other.
    let patience: Double
    private let isStopped = Atomic<Bool>(false)
    private let findings = Mutex(Findings())

    struct Findings {
        var faults: [String] = []
        var reads = 0
        var refusals = 0
        var partial = 0
        var slowest = 0.0
    }

    init(_ client: any Asked, _ ledger: Ledger, collection: String, patience: Double) {
        self.client = client
        self.ledger = ledger
        self.collection = collection
        self.patience = patience
    }

    /// What has been found so far.
    var found: Findings { findings.withLock { $0 } }

    /// Ends the load; those under way come to their end.
    func stop() { isStopped.store(true, ordering: .releasing) }

    /// Writes and reads until it is stopped.
    func run(writers: Int, readers: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<writers { group.addTask { await self.write(number, of: writers) } }
            for number in 0..<readers { group.addTask { await self.read(number) } }
        }
    }

    private var goesOn: Bool { !isStopped.load(ordering: .acquiring) }

    /// The vector of a point, the same in all versions and different from all others.
    static func vector(_ point: Int) -> [Float] {
        var state = UInt64(point) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<dimension).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Float(state >> 40) / Float(1 << 24)
        }
    }

    private func write(_ writer: Int, of writers: Int) async {
        var router = writer
        while goesOn {
            let own = (0..<Int.random(in: 1...8)).map { _ in
                Int.random(in: 0..<ledger.count / writers) * writers + writer
            }
            let isDeleting = Int.random(in: 0..<5) == 0
            let writes = ledger.begin(Array(Set(own)), deleting: isDeleting)
            guard !writes.isEmpty else {
                try? await Task.sleep(for: .milliseconds(5))
                continue
            }
            let ids = writes.map { JSON.integer(Int64($0.point)) }
            do {
                let start = ContinuousClock.now
                let answer: RouterClient.Answer
                if isDeleting {
                    answer = try await client.ask(
                        "POST", "/collections/\(collection)/points/delete?wait=true",
                        .object(["points": .array(ids)]), router: router, after: [:])
                } else {
                    let points = writes.map { write in
                        JSON.object([
                            "id": .integer(Int64(write.point)),
                            "vector": .array(Self.vector(write.point).map { .number(Double($0)) }),
                            "payload": .object(["version": .integer(Int64(write.version))]),
                        ])
                    }
                    answer = try await client.ask(
                        "PUT", "/collections/\(collection)/points?wait=true",
                        .object(["points": .array(points)]), router: router, after: [:])
                }
                note(.now - start)
                if answer.status == 200 {
                    ledger.acknowledge(writes, at: answer.positions)
                } else {
                    refuse(answer, of: "write")
                    ledger.doubt(writes)
                }
            } catch {
                // The router has gone: nobody knows how far it came.
                ledger.doubt(writes)
                router += 1
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func read(_ reader: Int) async {
        var router = reader
        while goesOn {
            let point = Int.random(in: 0..<ledger.count)
            let least = ledger.least(point)
            do {
                let start = ContinuousClock.now
                let answer = try await Self.search(
                    point, in: collection, client, router: router, after: ledger.positions)
                note(.now - start)
                guard answer.status == 200 else {
                    refuse(answer, of: "search")
                    continue
                }
                let hit = answer.hits.first { $0["id"]?.integer == point }
                let version = hit?["payload"]?["version"]?.integer
                if let fault = Judging.fault(in: answer.hits, of: point) {
                    report(fault + " (router \(router % 2), positions \(answer.positions))")
                } else if hit == nil, !answer.missing.isEmpty {
                    findings.withLock { $0.partial += 1 }
                } else if let fault = ledger.fault(point, found: version, least: least) {
                    report(fault + " (router \(router % 2), positions \(answer.positions))")
                }
                findings.withLock { $0.reads += 1 }
            } catch {
                router += 1
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Searches for the vector of a point, exactly.
    static func search(
        _ point: Int, in collection: String, _ client: any Asked, router: Int, after: [Int: UInt64]
    ) async throws -> RouterClient.Answer {
        let body = JSON.object([
            "query": .array(vector(point).map { .number(Double($0)) }), "limit": .integer(Int64(limit)),
            "with_payload": .bool(true), "params": .object(["exact": .bool(true)]),
        ])
        return try await client.ask(
            "POST", "/collections/\(collection)/points/query", body, router: router, after: after)
    }

    private func note(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        findings.withLock { $0.slowest = max($0.slowest, seconds) }
        if seconds > patience { report("an answer came after \(seconds) s, \(patience) s were allowed") }
    }

    /// Sees that a refusal is one that says "not now" and nothing else.
    private func refuse(_ answer: RouterClient.Answer, of what: String) {
        findings.withLock { $0.refusals += 1 }
        if ![429, 503].contains(answer.status) {
            report(
                "a \(what) was answered with \(answer.status): \(String(decoding: answer.body.encoded, as: UTF8.self))")
        }
    }

    private func report(_ fault: String) {
        findings.withLock { if $0.faults.count < 100 { $0.faults.append(fault) } }
    }
}
