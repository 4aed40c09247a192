import Akin
import AkinStore
import AkinTestSupport
import Testing

/// A collection beside a model of it in memory.
@Suite struct CollectionModelTests {
    struct Case: CustomTestStringConvertible {
        var spec: String
        var metric: Metric
        var seed: UInt64
        var testDescription: String { "\(spec) \(metric.rawValue)" }
    }

    static let cases = Metric.allCases.flatMap { metric in
        ["Flat", "HNSW8", "IVF4,Flat", "HNSW8,SQ8"].enumerated().map {
            Case(spec: $1, metric: metric, seed: UInt64($0) + 10)
        }
    }

    @Test("any sequence of operations leaves what a model of it has", arguments: cases)
    func operations(_ c: Case) throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 1_500
            settings.largestSegment = 6_000
            settings.idleSeconds = 1_000
            settings.indexingThreads = 1
            let operations = try RandomOperations(
                path, spec: c.spec, metric: c.metric, dimension: 6, names: 6_000, settings: settings, seed: c.seed)
            for _ in 0..<5 { try operations.upsert(800) }
            for _ in 0..<120 { try operations.step() }
            try operations.waitForIndexing()
            for _ in 0..<5 { try operations.search() }
            try operations.reopen()
            for _ in 0..<60 { try operations.step() }
            try operations.search()
            try operations.read()
            let description = try operations.description
            #expect(description.segments.contains { $0.spec == (c.spec == "Flat" ? "Flat" : c.spec) })
            operations.close()
        }
    }
}
