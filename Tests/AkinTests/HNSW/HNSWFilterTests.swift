import Akin
import AkinTestSupport
import Synchronization
import Testing

/// Graphs searched under filters.
@Suite struct HNSWFilterTests {
    static let base = Matrix<Float>.clustered(rows: 6000, columns: 24, clusters: 12, seed: 1)
    static let queries = Matrix<Float>.clustered(rows: 100, columns: 24, clusters: 12, seed: 1, skipping: 6000)

    private func make(_ spec: String, _ metric: Metric = .l2, rows: Int = 6000) throws -> HNSWIndex {
        let base = Self.base.rows(0..<rows)
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: spec), metric: metric, construction: .init(efConstruction: 60))
        try index.add(base)
        return index
    }

    /// The nearest of some rows by brute force.
    private func truth(_ metric: Metric, _ passes: (Int64) -> Bool) -> Neighbors {
        let rows = (0..<Self.base.rows).filter { passes(Int64($0)) }
        let some = Matrix<Float>(rows: rows.count, columns: 24) { target in
            for (i, row) in rows.enumerated() {
                for c in 0..<24 { target[i * 24 + c] = Self.base[row, c] }
            }
        }
        return bruteForce(some, Self.queries, k: 10, metric: metric, ids: rows.map(Int64.init))
    }

    private func recall(_ found: Neighbors, _ truth: Neighbors) -> Double {
        var right = 0, all = 0
        for q in 0..<truth.count {
            right += Set(found[q].map(\.id)).intersection(truth[q].map(\.id)).count
            all += truth[q].count
        }
        return Double(right) / Double(all)
    }

    @Test(
        "recall is that of a search without filter, whatever share passes",
        arguments: [Int64(2), 4, 10, 100, 1000], [Metric.l2, .innerProduct, .cosine])
    func recall(one: Int64, metric: Metric) throws {
        let index = try make("HNSW12", metric)
        var options = SearchOptions(threads: 1, efSearch: 32)
        let plain = recall(
            try index.search(Self.queries, k: 10, options: options).neighbors, truth(metric) { _ in true })
        // A share of ids that has nothing to do with where the vectors are.
        let passes: @Sendable (Int64) -> Bool = { id in
            var random = SeededRandom(seed: UInt64(id))
            return random.next() % UInt64(one) == 0
        }
        let expected = truth(metric, passes)
        options.filter = .predicate(passes)
        for filtering: SearchResult.Filtering? in [nil, .scan, .twoHop, .wider] {
            // Too few pass for a walk among them to be tried.
            if one > 10, filtering == .twoHop || filtering == .wider { continue }
            options.filtering = filtering
            let result = try index.search(Self.queries, k: 10, options: options)
            #expect(result.filtering == filtering || filtering == nil)
            let found = recall(result.neighbors, expected)
            #expect(found >= plain - 0.01, "\(result.filtering?.rawValue ?? ""): \(found) beside \(plain)")
            let allowed = (0..<100).allSatisfy { q in result.neighbors[q].allSatisfy { passes($0.id) } }
            #expect(allowed)
            let complete = (0..<100).allSatisfy { result.neighbors[$0].count == expected[$0].count }
            #expect(complete)
            if result.isExact { #expect(agree(result.neighbors, expected)) }
        }
    }

    @Test(
        "vectors that pass are found where none near the query does",
        arguments: [SearchResult.Filtering.twoHop, .wider])
    func elsewhere(filtering: SearchResult.Filtering) throws {
        let index = try make("HNSW12")
        // Those far from the first query.
        let far = bruteForce(Self.base, Self.queries.rows(0..<1), k: 6000, metric: .l2)[0].suffix(1500).map(\.id)
        let passing = Set(far)
        let expected = truth(.l2) { passing.contains($0) }
        var options = SearchOptions(threads: 1, efSearch: 64)
        options.filter = .members(of: passing)
        options.filtering = filtering
        let found = try index.search(Self.queries, k: 10, options: options).neighbors
        #expect((0..<100).allSatisfy { found[$0].count == 10 })
        #expect(recall(found, expected) > 0.9)
    }

    @Test(
        "few that pass are compared exactly where vectors are kept", arguments: ["HNSW8", "HNSW8,SQ8,RFlat"], [1, 40])
    func exact(spec: String, queries: Int) throws {
        for metric in [Metric.l2, .innerProduct, .cosine] {
            let index = try make(spec, metric)
            let keeps = metric != .cosine || spec.hasSuffix("RFlat")
            var options = SearchOptions(threads: 2, efSearch: 16)
            options.filter = .range(1000..<1060)
            let result = try index.search(Self.queries.rows(0..<queries), k: 70, options: options)
            #expect(result.isExact == keeps && result.isLimited && result.filtering == .scan)
            let expected = truth(metric) { (1000..<1060).contains($0) }
            for q in 0..<queries {
                #expect(result.neighbors[q].count == 60)
                #expect(result.neighbors[q].prefix(10).map(\.id) == expected[q].map(\.id))
            }
        }
    }

    @Test("a filter of a large index is asked of the vectors that are met")
    func sampled() throws {
        let base = Matrix<Float>.random(rows: 20_000, columns: 4, seed: 3)
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: "HNSW8"), construction: .init(efConstruction: 16))
        try index.add(base)
        let asked = Mutex(0)
        var options = SearchOptions(threads: 1, efSearch: 16)
        options.filter = .predicate { id in
            asked.withLock { $0 += 1 }
            return id % 2 == 0
        }
        let result = try index.search(base.rows(8..<9), k: 5, options: options)
        #expect(result.filtering == .wider)
        #expect(result.neighbors[0].first?.id == 8 && result.neighbors[0].count == 5)
        #expect(asked.withLock { $0 } < 10_000)
    }

    @Test("nothing passes, everything passes, one passes")
    func edges() throws {
        let index = try make("HNSW8", rows: 500)
        var options = SearchOptions(threads: 1)
        options.filter = .members(of: [])
        let none = try index.search(Self.queries, k: 3, options: options)
        #expect((0..<100).allSatisfy { none.neighbors[$0].isEmpty } && none.isLimited)
        options.filter = .members(of: [77])
        let one = try index.search(Self.queries, k: 3, options: options)
        #expect((0..<100).allSatisfy { one.neighbors[$0].map(\.id) == [77] })
        options.filter = IDFilter.members(of: []).inverted
        for filtering in SearchResult.Filtering.allCases {
            options.filtering = filtering
            let all = try index.search(Self.queries, k: 3, options: options)
            #expect((0..<100).allSatisfy { all.neighbors[$0].count == 3 } && !all.isLimited)
        }
    }
}
