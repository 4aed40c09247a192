import Akin
import AkinTestSupport
import Testing

@Suite("Edges of k-nearest-neighbour graphs")
struct KNNGraphEdgesTests {
    @Test("every neighbour gives one edge, with its score as a length", arguments: Metric.allCases, [nil, Float(0.5)])
    func edges(metric: Metric, limit: Float?) throws {
        // Whole numbers, so that there are ties and copies.
        let vectors = Matrix<Float>.randomIntegers(rows: 60, columns: 3, in: 0...4, seed: 2)
        let graph = try KNNGraph.exact(vectors, k: 4, metric: metric)
        var expected: [Set<Int>: Float] = [:]
        for row in 0..<graph.count {
            for neighbor in graph[row] {
                let length = metric.length(of: neighbor.score)
                #expect(metric.score(ofLength: length).isNearly(neighbor.score))
                if length <= limit ?? .infinity { expected[[row, Int(neighbor.id)]] = length }
            }
        }
        let edges = graph.edges(within: limit)
        #expect(edges.count == expected.count)
        for edge in edges { #expect(expected[[Int(edge.a), Int(edge.b)]] == edge.length) }
    }

    @Test("nearer scores are shorter", arguments: Metric.allCases)
    func order(metric: Metric) {
        for (a, b) in [(Float(0.25), Float(0.5)), (1, 2), (0, 1)] {
            #expect(metric.isNearer(a, than: b) == (metric.length(of: a) < metric.length(of: b)))
        }
    }

    @Test("a graph of one vector, or none, has no edges")
    func empty() throws {
        for rows in 0...1 {
            let graph = try KNNGraph.exact(Matrix<Float>.random(rows: rows, columns: 3, seed: 1), k: 2)
            #expect(graph.edges().isEmpty)
        }
    }

    @Test("the way between two clusters crosses the gap once")
    func twoClusters() throws {
        let values: [Float] = [0, 1, 2, 3, 10, 11, 12, 13]
        let graph = try KNNGraph.exact(Matrix(values.map { [$0] }), k: 4)
        let path = try #require(try GraphPath(from: 0, to: 7, nodes: 8, edges: graph.edges()))
        #expect(path.longestStep == 49)
        #expect(path.nodes.count == 4)
        let apart = try KNNGraph.exact(Matrix(values.map { [$0] }), k: 2)
        #expect(try GraphPath(from: 0, to: 7, nodes: 8, edges: apart.edges()) == nil)
    }
}

extension Float {
    /// Whether a value went through a subtraction from 1 and back.
    fileprivate func isNearly(_ other: Float) -> Bool { abs(self - other) <= 1e-6 * max(1, abs(other)) }
}
