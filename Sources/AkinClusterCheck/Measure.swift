import Akin
import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Logging
import Synchronization

/// Fills a collection over several workers, compares its answers with one index over the same points, and measures what
/// the way through NATS costs.
struct Measure {
    var plan: Laboratory.Plan
    var count: Int
    var dimension: Int
    var queries: Int
    var spec: String
    var shards = 4
    var replicas = 2

    func run() async throws {
        let laboratory = try Laboratory(plan)
        var isGood = false
        defer { laboratory.end(keepsFiles: !isGood) }
        let names = ClusterNames()
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        var settings = NATSSettings(servers: laboratory.natsURLs, name: "akin-cluster-check")
        settings.name = "measure"
        let session = try await Self.open(settings, names, logger)
        let directory = ClusterDirectory()
        try directory.attach(session, names)
        var behaviour = ClusterSettings()
        behaviour.streamReplicas = 3
        behaviour.deadline = 60
        let service = ClusterService(ClusterLink(session, names), directory, behaviour)
        let base = Self.vectors(count, dimension, seed: 1)
        try await waitForWorkers(directory)
        try await service.create(
            "measured", CollectionConfiguration(dimension: dimension, metric: .l2, spec: spec),
            Placement(shards: shards, replicas: replicas))
        try await fill(service, base)
        try await compare(service, base)
        try await time(laboratory, names, base)
        isGood = true
    }

    static func open(_ settings: NATSSettings, _ names: ClusterNames, _ logger: Logger) async throws
        -> ClusterLink.Session
    {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await Blocking.run {
                    try ClusterLink.connect(settings, names, streamReplicas: 3, patience: 5, logger)
                }
            } catch  where ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(300)) }
        }
    }

    private func waitForWorkers(_ directory: ClusterDirectory) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while directory.liveWorkers().count < plan.workers {
            guard ContinuousClock.now < end else {
                throw CheckFailure("after 60 s there are \(directory.liveWorkers().count) workers")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func fill(_ service: ClusterService, _ base: Matrix<Float>) async throws {
        let start = ContinuousClock.now
        let next = Counter(), count = count
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while true {
                        let first = next.take(500)
                        guard first < count else { return }
                        let points = (first..<min(count, first + 500)).map {
                            Point(id: .number(UInt64($0)), vector: base[$0])
                        }
                        try await service.upsert(points, into: "measured")
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        say("\(count) vectors acknowledged in \(Rounds.text(seconds)) s: \(Int(Double(count) / seconds)) a second")
        // What is small stays without an index, and with `Flat` all does: done is what changes no more.
        var indexed = -1
        while indexed < count {
            let now = try await service.describe("measured")
            if now.pointCount == count, !now.isIndexing, now.indexedCount == indexed { break }
            indexed = now.indexedCount
            try await Task.sleep(for: .seconds(2))
        }
        let all = (ContinuousClock.now - start) / .seconds(1)
        say("\(indexed) of them in an index (\(spec)) \(Rounds.text(all)) s after the first")
    }

    private func compare(_ service: ClusterService, _ base: Matrix<Float>) async throws {
        let asked = Self.vectors(queries, dimension, seed: 2)
        let index = try FlatIndex(base, metric: .l2, space: nil, threads: nil)
        let truth = try index.search(asked, k: 10, options: SearchOptions())
        var differing = 0
        for first in stride(from: 0, to: queries, by: 32) {
            let batch = (first..<min(queries, first + 32)).map {
                SearchQuery(vector: asked[$0], limit: 10, isExact: true)
            }
            let answers = try await service.search(batch, in: "measured")
            for (number, answer) in answers.enumerated() {
                let expected = truth.neighbors[first + number].map { ($0.id, $0.score) }
                let found = answer.hits.map { hit -> (Int64, Float) in
                    guard case .number(let id) = hit.point.id else { return (-1, hit.score) }
                    return (Int64(id), hit.score)
                }
                if !answer.isExact || !found.elementsEqual(expected, by: { $0.0 == $1.0 }) { differing += 1 }
            }
        }
        say(
            "\(queries) exact queries: \(queries - differing) answered as one index does, id by id, \(differing) otherwise"
        )
        if differing > 0 { throw CheckFailure("\(differing) answers are others than one index's") }
    }

    /// One query at a time, through a router of this process: all of its time, less the slowest shard's own.
    private func time(_ laboratory: Laboratory, _ names: ClusterNames, _ base: Matrix<Float>) async throws {
        let logger = Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }
        let session = try await Self.open(NATSSettings(servers: laboratory.natsURLs, name: "time"), names, logger)
        let directory = ClusterDirectory()
        try directory.attach(session, names)
        let service = ClusterService(ClusterLink(session, names), directory, ClusterSettings())
        try await waitForWorkers(directory)
        let asked = Self.vectors(2_000, dimension, seed: 3)
        var whole: [Double] = [], own: [Double] = []
        for number in 0..<asked.rows {
            let start = ContinuousClock.now
            let notes = CallNotes()
            _ = try await CallNotes.$current.withValue(notes) {
                try await service.search([SearchQuery(vector: asked[number], limit: 10, efSearch: 60)], in: "measured")
            }
            let seconds = (ContinuousClock.now - start) / .milliseconds(1)
            // The first warm up.
            if number >= 200 {
                whole.append(seconds)
                own.append(notes.workSeconds * 1000)
            }
        }
        let overhead = zip(whole, own).map { $0 - $1 }
        func line(_ what: String, _ values: [Double]) {
            let sorted = values.sorted()
            func at(_ share: Double) -> String { String(format: "%.3f", sorted[Int(Double(sorted.count - 1) * share)]) }
            say("\(what): median \(at(0.5)) ms, p90 \(at(0.9)), p99 \(at(0.99))")
        }
        line("one query at a time, as a router sees it", whole)
        line("the slowest shard's own time", own)
        line("the difference, which is the router and NATS", overhead)
        await service.close()
    }

    /// Vectors in clusters, the same for a seed.
    static func vectors(_ count: Int, _ dimension: Int, seed: UInt64) -> Matrix<Float> {
        var centers = Generator(state: 99)
        let centerCount = 1_000
        let center = (0..<centerCount * dimension).map { _ in centers.next() * 10 }
        var generator = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
        return Matrix(rows: count, columns: dimension) { elements in
            for row in 0..<count {
                let start = Int(generator.next() * Float(centerCount - 1)) * dimension
                for column in 0..<dimension {
                    elements[row * dimension + column] = center[start + column] + generator.next() + generator.next()
                }
            }
        }
    }

    private final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        func take(_ count: Int) -> Int { value.add(count, ordering: .relaxed).oldValue }
    }

    private struct Generator {
        var state: UInt64

        /// In 0..<1.
        mutating func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
    }
}
