import Akin
import AkinTestSupport
import Testing

/// A graph, beside brute force.
@Suite struct HNSWIndexTests {
    static let metrics: [Metric] = [.l2, .innerProduct, .cosine]

    private func make(
        _ base: Matrix<Float>, _ spec: String = "HNSW8", metric: Metric = .l2, threads: Int? = nil
    ) throws -> HNSWIndex {
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: spec), metric: metric, construction: .init(efConstruction: 40))
        try index.add(base, threads: threads)
        return index
    }

    private func recall(of found: Neighbors, _ truth: Neighbors) -> Double {
        var right = 0, all = 0
        for q in 0..<truth.count {
            right += Set(found[q].map(\.id)).intersection(truth[q].map(\.id)).count
            all += truth[q].count
        }
        return Double(right) / Double(all)
    }

    @Test("finds nearly all of the nearest, with their true scores", arguments: metrics)
    func recall(metric: Metric) throws {
        let base = Matrix<Float>.clustered(rows: 2000, columns: 24, clusters: 10, seed: 1)
        let queries = Matrix<Float>.clustered(rows: 50, columns: 24, clusters: 10, seed: 1, skipping: 2000)
        let index = try make(base, metric: metric)
        let truth = bruteForce(base, queries, k: 10, metric: metric)
        let found = try index.search(queries, k: 10, options: .init(efSearch: 100)).neighbors
        #expect(recall(of: found, truth) > 0.97)
        let scores = Dictionary(
            uniqueKeysWithValues: bruteForce(base, queries.rows(0..<1), k: 2000, metric: metric)[0].map {
                ($0.id, $0.score)
            })
        for neighbor in found[0] {
            let score = try #require(scores[neighbor.id])
            #expect(abs(score - neighbor.score) <= 4e-6 * max(1, abs(score)))
        }
        // A narrower walk looks at fewer and finds fewer.
        let narrow = try index.search(queries, k: 10, options: .init(efSearch: 10))
        let wide = try index.search(queries, k: 10, options: .init(efSearch: 200))
        #expect(narrow.visited < wide.visited)
        #expect(recall(of: narrow.neighbors, truth) <= recall(of: wide.neighbors, truth))
    }

    @Test("vectors that come sorted are found as well as others", arguments: [false, true])
    func sorted(inParts: Bool) throws {
        // Each class is added behind the others, as files of a folder are.
        let classes = (0..<12).map { Matrix<Float>.clustered(rows: 150, columns: 16, clusters: 1, seed: 100 + $0) }
        let base = Matrix(classes.flatMap { rows in (0..<rows.rows).map { rows[$0] } })
        var index = try HNSWIndex(
            training: base, spec: IndexSpec(parsing: "HNSW8"), construction: .init(efConstruction: 40))
        for rows in inParts ? classes : [base] { try index.add(rows) }
        let truth = bruteForce(base, base, k: 10, metric: .l2)
        let found = try index.search(base, k: 10, options: .init(efSearch: 60)).neighbors
        #expect(recall(of: found, truth) > 0.98)
    }

    @Test("the number of threads changes neither graph nor answer")
    func threads() throws {
        let base = Matrix<Float>.clustered(rows: 1200, columns: 16, clusters: 8, seed: 3)
        let queries = Matrix<Float>.clustered(rows: 40, columns: 16, clusters: 8, seed: 3, skipping: 1200)
        let one = try make(base, threads: 1).search(queries, k: 10, options: .init(threads: 1, efSearch: 20))
        let three = try make(base, threads: 3).search(queries, k: 10, options: .init(threads: 3, efSearch: 20))
        #expect(one.neighbors == three.neighbors)
        #expect(one.visited == three.visited)
    }

    @Test("every vector finds itself", arguments: [1, 2, 3, 30, 500])
    func itself(count: Int) throws {
        let base = Matrix<Float>.random(rows: count, columns: 7, seed: 5)
        let index = try make(base)
        let found = try index.search(base, k: 1, options: .init(efSearch: 50)).neighbors
        #expect((0..<count).allSatisfy { found[$0].first?.id == Int64($0) })
        #expect(try index.search(base, k: count + 5, options: .init(efSearch: 1)).neighbors[0].count == count)
    }

    @Test("comes back from a file as it was", arguments: ["HNSW6", "PCA8,HNSW6,RFlat"], [false, true])
    func storage(spec: String, isMapped: Bool) throws {
        let base = Matrix<Float>.clustered(rows: 600, columns: 16, clusters: 5, seed: 7)
        let queries = Matrix<Float>.clustered(rows: 20, columns: 16, clusters: 5, seed: 7, skipping: 600)
        let index = try make(base, spec)
        try withTemporaryDirectory { directory in
            let path = directory + "/graph.akin"
            try index.save(to: path)
            var opened = try #require(try IndexFile.open(path, isMapped: isMapped) as? HNSWIndex)
            #expect(opened.spec == spec)
            #expect(try opened.search(queries, k: 5).neighbors == index.search(queries, k: 5).neighbors)
            // What came from a file grows like any other.
            var grown = index
            try grown.add(queries)
            try opened.add(queries)
            #expect(try opened.search(queries, k: 5).neighbors == grown.search(queries, k: 5).neighbors)
            #expect(try opened.search(queries, k: 1).neighbors[3].first?.id == 603)
            #expect(index.count == 600)
        }
    }

    @Test("bad input is refused and changes nothing")
    func badInput() throws {
        let base = Matrix<Float>.random(rows: 30, columns: 4, seed: 9)
        var index = try make(base)
        #expect(throws: IndexError.dimensionMismatch(expected: 4, actual: 5)) {
            try index.add(Matrix<Float>.random(rows: 1, columns: 5, seed: 1))
        }
        #expect(throws: IndexError.duplicateID(3)) { try index.add(base.rows(0..<1), ids: [3]) }
        #expect(throws: IndexError.idCountMismatch(vectors: 1, ids: 2)) {
            try index.add(base.rows(0..<1), ids: [50, 51])
        }
        #expect(throws: IndexError.self) { try index.search(base, k: 0) }
        #expect(throws: IndexError.self) { try index.search(base, k: 1, options: .init(efSearch: 0)) }
        #expect(throws: IndexError.notFinite(row: 0, column: 1)) {
            try index.search(Matrix([[0, .nan, 0, 0]]), k: 1)
        }
        #expect(index.count == 30)
        try index.add(base.rows(0..<1), ids: [70])
        #expect(try index.search(base.rows(0..<1), k: 2).neighbors[0].map(\.id) == [0, 70])
    }
}
