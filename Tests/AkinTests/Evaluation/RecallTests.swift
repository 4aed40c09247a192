import Akin
import AkinTestSupport
import Testing

@Suite("Recall")
struct RecallTests {
    private func found(_ rows: [[(Int64, Float)]]) -> Neighbors {
        Neighbors(rows.map { $0.map { Neighbor(id: $0.0, score: $0.1) } })
    }

    @Test("ids of the true first k count, others do not")
    func byID() throws {
        let truth = Matrix<Int32>([[4, 2, 9], [1, 2, 3]])
        let answer = found([[(2, 0), (4, 0), (7, 0)], [(3, 0), (8, 0)]])
        for (k, hits) in [(1, [0, 0]), (2, [2, 0]), (3, [2, 1])] {
            let recall = try Recall.compute(found: answer, truth: truth, metric: .l2, k: k)
            #expect(recall.hits == hits)
            #expect(recall.value == Double(hits[0] + hits[1]) / Double(2 * k))
        }
    }

    @Test("an id that comes twice counts once, and only the first k are looked at")
    func duplicates() throws {
        let truth = Matrix<Int32>([[4, 2]])
        let recall = try Recall.compute(
            found: found([[(4, 0), (4, 0), (2, 0)]]), truth: truth, metric: .l2, k: 2)
        #expect(recall.hits == [1])
    }

    @Test(
        "ties with the k-th count, what is farther does not",
        arguments: [
            (Metric.l2, Float(2), 1), (.l2, 1.5, 1), (.l2, 2.000_001, 0), (.innerProduct, 2, 1),
            (.innerProduct, 2.5, 1),
            (.innerProduct, 1.999_999, 0), (.l2, .nan, 0), (.cosine, 2, 1),
        ])
    func ties(_ metric: Metric, score: Float, hits: Int) throws {
        let scores = Matrix<Float>(metric == .l2 ? [[1, 2, 3]] : [[3, 2, 1]])
        let recall = try Recall.compute(
            found: found([[(50, score)]]), truth: Matrix([[4, 2, 9]]), truthScores: scores, metric: metric, k: 2)
        #expect(recall.hits == [hits])
        #expect(recall.value == Double(hits) / 2)
    }

    @Test("ties are found from the vectors, whatever scores were returned", arguments: Metric.allCases)
    func tiesFromVectors(_ metric: Metric) throws {
        // Rows 0, 1 and 2 are the same vector; row 3 is farther for every metric.
        let base = Matrix<Float>([[3, 4], [3, 4], [3, 4], [-3, 1]])
        let queries = Matrix<Float>([[3, 4]])
        let answer = found([[(2, -100), (3, 100), (99, 0), (-1, 0)]])
        let recall = try Recall.compute(
            found: answer, truth: Matrix([[0, 1, 2, 3]]), base: base, queries: queries, metric: metric, k: 2)
        #expect(recall.hits == [1])
    }

    @Test("an exact search has recall 1", arguments: Metric.allCases)
    func exactSearch(_ metric: Metric) throws {
        let base = Matrix<Float>.randomIntegers(rows: 300, columns: 4, in: 0...3, seed: 1)
        let queries = Matrix<Float>.randomIntegers(rows: 20, columns: 4, in: 0...3, seed: 2)
        let truth = try GroundTruth(bruteForce(base, queries, k: 10, metric: metric))
        // Larger ids first among ties: another answer, as right as the first.
        let reversed = try FlatIndex(base, ids: (0..<300).map { 299 - $0 }, metric: metric).search(queries, k: 10)
        let other = Neighbors(
            (0..<20).map { q in reversed.neighbors[q].map { Neighbor(id: 299 - $0.id, score: $0.score) } })
        let byID = try Recall.compute(found: other, truth: truth.ids, metric: metric, k: 10)
        let byScore = try Recall.compute(
            found: other, truth: truth.ids, truthScores: truth.scores, metric: metric, k: 10)
        let byVectors = try Recall.compute(
            found: other, truth: truth.ids, base: base, queries: queries, metric: metric, k: 10)
        #expect(byID.value < 1)
        #expect(byScore.value == 1)
        #expect(byVectors.value == 1)
    }

    @Test("k out of range and another number of queries are refused")
    func badInput() throws {
        let truth = Matrix<Int32>([[1, 2]])
        let answer = found([[(1, 0)]])
        for k in [0, -1, 3] {
            #expect(throws: IndexError.outOfRange(name: "k", value: k, allowed: 1...2)) {
                try Recall.compute(found: answer, truth: truth, metric: .l2, k: k)
            }
        }
        #expect(throws: IndexError.outOfRange(name: "queries answered", value: 0, allowed: 1...1)) {
            try Recall.compute(found: Neighbors(), truth: truth, metric: .l2, k: 1)
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 1)) {
            try Recall.compute(found: answer, truth: truth, truthScores: Matrix([[1]]), metric: .l2, k: 1)
        }
        let base = Matrix<Float>([[1], [2]])
        #expect(throws: IndexError.outOfRange(name: "row of the truth", value: 2, allowed: 0...1)) {
            try Recall.compute(found: answer, truth: truth, base: base, queries: Matrix([[1]]), metric: .l2, k: 2)
        }
    }
}
