import AkinCluster
import AkinStore
import Foundation

/// One round of load while something happens, and the judgement once all is quiet.
struct Round {
    var client: any Asked
    var replicas: Replicas
    var map: ShardMap
    var ledger: Ledger
    var collection: String
    /// Seconds after which every question must have been answered.
    var patience: Double
    var writers = 3
    var readers = 3

    /// Runs it.
    ///
    /// - Parameters:
    ///   - happen: what happens to the cluster meanwhile.
    ///   - quietly: what happens after the load and before the judgement.
    /// - Returns: what the load came across, without faults.
    /// - Throws: ``CheckFailure`` where an answer was wrong, an acknowledged write is lost, or replicas differ.
    func run(
        _ happen: () async throws -> Void, quietly: () async throws -> Void = {}
    ) async throws -> Load.Findings {
        let load = Load(client, ledger, collection: collection, patience: patience)
        async let running: Void = load.run(writers: writers, readers: readers)
        do { try await happen() } catch {
            load.stop()
            throw error
        }
        load.stop()
        await running
        let found = load.found
        try Self.refuse(found.faults)
        try await quietly()
        try await replicas.waitUntilEqual(map, seconds: 60)
        let all = try Self.versions(try await replicas.compare(map))
        try Self.refuse(ledger.settle(all))
        try Self.refuse(try await quietFaults(among: all.keys.sorted()))
        return found
    }

    /// Searches while nothing is written: then the whole answer is known, not only the point that was searched for.
    private func quietFaults(among all: [Int]) async throws -> [String] {
        var faults: [String] = []
        for number in 0..<20 {
            let point = Int.random(in: 0..<ledger.count)
            let answer = try await Load.search(point, in: collection, client, router: number, after: ledger.positions)
            guard answer.status == 200, answer.missing.isEmpty else {
                faults.append(
                    "a search with all quiet was answered with \(answer.status) and without \(answer.missing)")
                continue
            }
            let fault = Judging.fault(in: answer.hits, of: point, limit: Load.limit, among: all)
            if let fault { faults.append(fault) }
        }
        return faults
    }

    static func versions(_ points: [PointID: StoredPoint]) throws -> [Int: Int] {
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

    private static func refuse(_ faults: [String]) throws {
        guard !faults.isEmpty else { return }
        throw CheckFailure("\(faults.count) faults:\n" + faults.prefix(10).joined(separator: "\n"))
    }
}
