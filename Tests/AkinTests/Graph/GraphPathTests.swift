import Akin
import AkinTestSupport
import Testing

@Suite("Paths and components of graphs")
struct GraphPathTests {
    /// A graph of few nodes whose lengths are small whole numbers, so that there are ties.
    private struct RandomGraph {
        var nodes: Int
        var edges: [GraphEdge]

        init(seed: UInt64) {
            var random = SeededRandom(seed: seed)
            let nodes = Int(random.next() % 12) + 1
            let count = Int(random.next() % UInt64(2 * nodes + 1))
            self.nodes = nodes
            edges = (0..<count).map { _ in
                GraphEdge(
                    Int32(random.next() % UInt64(nodes)), Int32(random.next() % UInt64(nodes)),
                    length: Float(random.next() % 6))
            }
        }

        /// The smallest largest step between all pairs, by the scheme of Floyd and Warshall.
        var bottlenecks: [[Float]] {
            var table = [[Float]](repeating: [Float](repeating: .infinity, count: nodes), count: nodes)
            for node in 0..<nodes { table[node][node] = -.infinity }
            for edge in edges {
                let (a, b) = (Int(edge.a), Int(edge.b))
                guard a != b else { continue }
                table[a][b] = min(table[a][b], edge.length)
                table[b][a] = table[a][b]
            }
            for via in 0..<nodes {
                for a in 0..<nodes {
                    for b in 0..<nodes { table[a][b] = min(table[a][b], max(table[a][via], table[via][b])) }
                }
            }
            return table
        }

        /// Steps and sum of the best way along edges of at most `limit`, by relaxing until nothing changes.
        func shortest(from start: Int, within limit: Float) -> [(steps: Int, sum: Double)?] {
            var best = [(steps: Int, sum: Double)?](repeating: nil, count: nodes)
            best[start] = (0, 0)
            for _ in 0..<nodes {
                for edge in edges where edge.length <= limit {
                    for (from, to) in [(Int(edge.a), Int(edge.b)), (Int(edge.b), Int(edge.a))] {
                        guard let known = best[from] else { continue }
                        let next = (steps: known.steps + 1, sum: known.sum + Double(edge.length))
                        if let old = best[to], old <= next { continue }
                        best[to] = next
                    }
                }
            }
            return best
        }
    }

    @Test("the longest step is the smallest possible, then steps and sum are", arguments: 0..<60)
    func bruteForce(seed: UInt64) throws {
        let graph = RandomGraph(seed: seed)
        let bottlenecks = graph.bottlenecks
        for start in 0..<graph.nodes {
            for end in 0..<graph.nodes {
                let path = try GraphPath(from: start, to: end, nodes: graph.nodes, edges: graph.edges)
                let limit = bottlenecks[start][end]
                guard let path else {
                    #expect(limit == .infinity)
                    continue
                }
                #expect(path.nodes.first == start && path.nodes.last == end)
                #expect(path.steps.count == path.nodes.count - 1)
                #expect(path.longestStep ?? -.infinity == limit)
                for (i, step) in path.steps.enumerated() {
                    let (a, b) = (Int32(path.nodes[i]), Int32(path.nodes[i + 1]))
                    #expect(
                        graph.edges.contains(GraphEdge(a, b, length: step))
                            || graph.edges.contains(GraphEdge(b, a, length: step)))
                }
                let best = try #require(graph.shortest(from: start, within: limit)[end])
                #expect(path.steps.count == best.steps)
                #expect(path.steps.reduce(0) { $0 + Double($1) } == best.sum)
            }
        }
    }

    @Test("the order of edges and of their ends makes no difference to length, steps and sum", arguments: 0..<10)
    func order(seed: UInt64) throws {
        let graph = RandomGraph(seed: seed)
        var random = SeededRandom(seed: seed)
        let turned = graph.edges.shuffled(using: &random).map { GraphEdge($0.b, $0.a, length: $0.length) }
        for end in 0..<graph.nodes {
            let one = try GraphPath(from: 0, to: end, nodes: graph.nodes, edges: graph.edges)
            let other = try GraphPath(from: 0, to: end, nodes: graph.nodes, edges: turned)
            #expect(one?.longestStep == other?.longestStep && one?.nodes.count == other?.nodes.count)
        }
    }

    @Test("components are those that a flood finds, numbered by their smallest node", arguments: 0..<40)
    func components(seed: UInt64) throws {
        let graph = RandomGraph(seed: seed)
        let limit: Float? = seed % 2 == 0 ? nil : 2
        let components = try GraphComponents(nodes: graph.nodes, edges: graph.edges, within: limit)
        var expected = [Int32](repeating: -1, count: graph.nodes)
        var number: Int32 = 0
        for node in 0..<graph.nodes where expected[node] < 0 {
            var waiting = [node]
            expected[node] = number
            while let next = waiting.popLast() {
                for edge in graph.edges where edge.length <= limit ?? .infinity {
                    for (from, to) in [(edge.a, edge.b), (edge.b, edge.a)]
                    where Int(from) == next && expected[Int(to)] < 0 {
                        expected[Int(to)] = number
                        waiting.append(Int(to))
                    }
                }
            }
            number += 1
        }
        #expect(components.numbers == expected)
        #expect(components.count == Int(number))
        #expect(components.members.map(\.count).reduce(0, +) == graph.nodes)
        #expect(components.members.allSatisfy { $0 == $0.sorted() })
    }

    @Test("a graph without nodes has no components")
    func empty() throws {
        let components = try GraphComponents(nodes: 0, edges: [])
        #expect(components.count == 0 && components.members.isEmpty)
    }

    @Test("edges to nowhere, lengths that are not numbers and unknown nodes are refused")
    func refused() throws {
        let beyond = IndexError.outOfRange(name: "node of an edge", value: 3, allowed: 0...2)
        #expect(throws: beyond) { try GraphComponents(nodes: 3, edges: [GraphEdge(0, 3, length: 1)]) }
        #expect(throws: beyond) { try GraphPath(from: 0, to: 1, nodes: 3, edges: [GraphEdge(3, 0, length: 1)]) }
        #expect(throws: IndexError.notANumber(name: "length of an edge")) {
            try GraphPath(from: 0, to: 1, nodes: 3, edges: [GraphEdge(0, 1, length: .nan)])
        }
        #expect(throws: IndexError.outOfRange(name: "node", value: -1, allowed: 0...2)) {
            try GraphPath(from: -1, to: 1, nodes: 3, edges: [])
        }
    }

    @Test("a long chain is walked to its end")
    func chain() throws {
        let edges = (0..<5000).map { GraphEdge(Int32($0), Int32($0 + 1), length: Float($0 % 7)) }
        let path = try #require(try GraphPath(from: 5000, to: 0, nodes: 5001, edges: edges.reversed()))
        #expect(path.nodes == Array((0...5000).reversed()))
        #expect(path.longestStep == 6)
    }
}
