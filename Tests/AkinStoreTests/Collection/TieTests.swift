import Akin
import AkinStore
import AkinTestSupport
import Testing

/// Many points with the same vector, of which an answer has room for few.
@Suite struct TieTests {
    @Test("among equal scores the smallest names are told", arguments: ["Flat", "HNSW8"])
    func ties(_ spec: String) throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 100_000
            let store = try Store(path: path, settings: settings)
            let collection = try store.create("c", CollectionConfiguration(dimension: 2, metric: .l2, spec: spec))
            var random = SeededRandom(seed: 1)
            let names = (0..<3_300).map { UInt64($0) }.shuffled(using: &random)
            for start in stride(from: 0, to: names.count, by: 300) {
                try collection.upsert(
                    names[start..<start + 300].map { Point(id: .number($0), vector: $0 < 900 ? [1, 0] : [0, 1]) })
            }
            try collection.delete(.ids((0..<100).map { .number($0) }))
            try collection.waitForIndexing()
            let query = SearchQuery(vector: [1, 0], limit: 7, offset: 2)
            let answer = try collection.search([query])[0]
            #expect(answer.isExact)
            #expect(answer.hits.map(\.point.id) == (102..<109).map { .number($0) })
            #expect(answer.hits.allSatisfy { $0.score == 0 })
            store.close()
        }
    }

    @Test func whereAllThatIsNearIsDeadTheAnswerIsStillWhole() throws {
        try withTemporaryDirectory { path in
            var settings = StoreSettings()
            settings.sealCount = 1_000
            settings.indexedCount = 1_000
            settings.vacuumShare = 0.9
            settings.indexingThreads = 1
            let store = try Store(path: path, settings: settings)
            let collection = try store.create("c", CollectionConfiguration(dimension: 4, metric: .l2, spec: "HNSW8"))
            let vectors = Matrix<Float>.random(rows: 4_000, columns: 4, seed: 4)
            for start in stride(from: 0, to: 4_000, by: 500) {
                try collection.upsert(
                    (start..<start + 500).map { number in
                        // Half of them near the origin, the others far away.
                        let shift: Float = number % 2 == 0 ? 0 : 100
                        return Point(id: .number(UInt64(number)), vector: vectors[number].map { $0 + shift })
                    })
            }
            try collection.waitForIndexing()
            #expect(try collection.describe().indexedCount == 4_000)
            try collection.delete(.ids(stride(from: 0, to: 4_000, by: 2).map { .number(UInt64($0)) }))
            #expect(try collection.describe().indexedCount == 2_000)
            let answer = try collection.search([SearchQuery(vector: [0, 0, 0, 0], limit: 25)])[0]
            #expect(answer.hits.count == 25)
            #expect(answer.hits.allSatisfy { if case .number(let n) = $0.point.id { n % 2 == 1 } else { false } })
            store.close()
        }
    }
}
