import Akin
import AkinTestSupport
import Testing

@Suite("k-NN graph, approximate")
struct ApproximateGraphTests {
    @Test("reaches the recall that is asked for, and says how far it came", arguments: Metric.allCases, [0.8, 0.95])
    func reachesRecall(metric: Metric, recall: Double) throws {
        let vectors = Matrix<Float>.clustered(rows: 4_000, columns: 24, clusters: 40, seed: 1)
        let options = KNNGraphOptions(recall: recall, threads: 2)
        let graph = try KNNGraph.approximate(vectors, k: 8, metric: metric, options: options)
        #expect(graph.count == 4_000 && graph.degree == 8)
        let truth = try KNNGraph.exact(vectors, k: 8, metric: metric)
        var right = 0
        for row in 0..<4_000 {
            let last = truth.scores[row, 7]
            right += graph[row].count { $0.score == last || metric.isNearer($0.score, than: last) }
        }
        let reached = Double(right) / 32_000
        #expect(reached >= recall - 0.02)
        if graph.isExact {
            #expect(reached == 1 && graph.measuredRecall == nil)
        } else {
            let measured = try #require(graph.measuredRecall)
            #expect(abs(measured - reached) < 0.02)
        }
    }

    @Test("is a graph: others, once each, nearest first, with their true scores", arguments: Metric.allCases)
    func isGraph(metric: Metric) throws {
        let vectors = Matrix<Float>.clustered(rows: 3_000, columns: 20, clusters: 30, seed: 2)
        let graph = try KNNGraph.approximate(vectors, k: 7, metric: metric)
        var wrong = 0
        for row in 0..<graph.count {
            let found = graph[row]
            var isRight = found.count == 7 && Set(found.map(\.id)).count == 7 && !found.contains { $0.id == row }
            for (a, b) in zip(found, found.dropFirst()) {
                isRight = isRight && (metric.isNearer(a.score, than: b.score) || (a.score == b.score && a.id < b.id))
            }
            if !isRight { wrong += 1 }
        }
        #expect(wrong == 0)
        let some = vectors.rows(0..<20)
        let truth = bruteForce(vectors, some, k: 3_000, metric: metric)
        for row in 0..<20 {
            let scores = Dictionary(uniqueKeysWithValues: truth[row].map { ($0.id, $0.score) })
            for neighbor in graph[row] {
                let score = try #require(scores[neighbor.id])
                #expect(abs(score - neighbor.score) <= 2 * max(score.ulp, neighbor.score.ulp))
            }
        }
    }

    @Test("depends on the seed, not on threads or kernels")
    func isReproducible() throws {
        let vectors = Matrix<Float>.clustered(rows: 3_000, columns: 20, clusters: 30, seed: 3)
        func build(_ threads: Int, _ kernels: Kernels, seed: UInt64 = 5) throws -> KNNGraph {
            var options = KNNGraphOptions(recall: 0.8, seed: seed, threads: threads)
            options.kernels = kernels
            return try KNNGraph.approximate(vectors, k: 6, options: options)
        }
        let reference = try build(1, .best)
        #expect(!reference.isExact)
        for kernels in Kernels.available {
            for threads in [1, 4] {
                let isSame = try build(threads, kernels) == reference
                #expect(isSame, "\(kernels.name), \(threads) threads")
            }
        }
        #expect(try build(1, .best, seed: 6) != reference)
    }

    @Test("fills every row whatever the data", arguments: FlatData.allCases)
    func fillsEveryRow(_ data: FlatData) throws {
        let vectors = data.matrix(rows: 1_500, columns: 6, seed: 4)
        for metric in Metric.allCases {
            let graph = try KNNGraph.approximate(vectors, k: 5, metric: metric, options: .init(recall: 0.9, threads: 2))
            let truth = try KNNGraph.exact(vectors, k: 5, metric: metric)
            #expect(graph.degree == 5)
            var right = 0
            for row in 0..<1_500 {
                let last = truth.scores[row, 4]
                #expect(Set(graph[row].map(\.id)).count == 5)
                right += graph[row].count { $0.score == last || metric.isNearer($0.score, than: last) }
            }
            #expect(right >= 1_500 * 5 * 87 / 100, "\(metric): \(right)")
        }
    }

    @Test("is exact where that is asked for, for few vectors and for one component")
    func isExactWhereThatIsLess() throws {
        let vectors = Matrix<Float>.random(rows: 2_000, columns: 8, seed: 1)
        #expect(try KNNGraph.approximate(vectors, k: 5, options: .init(recall: 1)).isExact)
        #expect(try KNNGraph.approximate(vectors.rows(0..<500), k: 5).isExact)
        let line = Matrix<Float>.random(rows: 2_000, columns: 1, seed: 1)
        #expect(try KNNGraph.approximate(line, k: 5).degree == 5)
    }
}
