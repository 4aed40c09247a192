/// The way between two nodes of a graph whose longest step is as short as can be.
///
/// Of all ways the one with the smallest largest step is taken (the minimax, or bottleneck path), among those one with
/// the fewest steps, and among those one of the smallest sum. Along a k-nearest-neighbour graph of images it is the
/// smoothest row of pictures from one to another, as in the experiment of [Johnson et al. 2017].
///
/// The smallest largest step is found by joining nodes along edges from short to long until the two ends meet, as
/// [Kruskal 1956] builds a spanning tree; a search by breadth along the edges that are no longer than that gives the rest.
///
/// ```swift
/// let edges = [GraphEdge(0, 1, length: 1), GraphEdge(1, 2, length: 2), GraphEdge(0, 2, length: 5)]
/// try GraphPath(from: 0, to: 2, nodes: 3, edges: edges)?.nodes   // [0, 1, 2]
/// ```
///
/// [Johnson et al. 2017]: https://arxiv.org/abs/1702.08734
/// [Kruskal 1956]: https://doi.org/10.1090/S0002-9939-1956-0078686-7
public struct GraphPath: Sendable, Equatable {
    /// The nodes on the way, both ends included.
    public let nodes: [Int]
    /// The length of each step, one fewer than nodes.
    public let steps: [Float]

    /// The length of the longest step; `nil` where both ends are the same node.
    public var longestStep: Float? { steps.max() }

    /// Finds the way; `nil` where the two are not connected.
    ///
    /// - Parameters:
    ///   - start: the first node.
    ///   - end: the last node.
    ///   - count: number of nodes, below 2^31.
    ///   - edges: in any order, passable both ways.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for a node that is not there, and
    ///   ``IndexError/notANumber(name:)`` for a length that is none.
    /// - Complexity: O(edges · log edges).
    public init?(from start: Int, to end: Int, nodes count: Int, edges: [GraphEdge]) throws(IndexError) {
        for node in [start, end] where !(0..<count).contains(node) {
            throw .outOfRange(name: "node", value: node, allowed: 0...max(0, count - 1))
        }
        try edges.check(count: count)
        if start == end {
            (nodes, steps) = ([start], [])
            return
        }
        let sorted = edges.sorted { $0.length < $1.length }
        guard let limit = Self.bottleneck(from: start, to: end, nodes: count, sorted: sorted) else { return nil }
        let passable = GraphLinks(nodes: count, edges: sorted.prefix { $0.length <= limit })
        (nodes, steps) = passable.shortest(from: start, to: end)
    }

    /// The smallest largest step; `nil` where no way leads there.
    private static func bottleneck(from start: Int, to end: Int, nodes: Int, sorted: [GraphEdge]) -> Float? {
        var sets = DisjointSets(count: nodes)
        for edge in sorted where sets.join(Int(edge.a), Int(edge.b)) {
            if sets.root(of: start) == sets.root(of: end) { return edge.length }
        }
        return nil
    }
}

/// The edges of each node, one after the other.
private struct GraphLinks {
    private var starts: [Int]
    private var ends: [Int32]
    private var lengths: [Float]

    init(nodes: Int, edges: some Collection<GraphEdge>) {
        starts = [Int](repeating: 0, count: nodes + 1)
        for edge in edges {
            starts[Int(edge.a) + 1] += 1
            starts[Int(edge.b) + 1] += 1
        }
        for node in 0..<nodes { starts[node + 1] += starts[node] }
        var next = starts
        ends = [Int32](repeating: 0, count: 2 * edges.count)
        lengths = [Float](repeating: 0, count: 2 * edges.count)
        for edge in edges {
            for (from, to) in [(Int(edge.a), edge.b), (Int(edge.b), edge.a)] {
                ends[next[from]] = to
                lengths[next[from]] = edge.length
                next[from] += 1
            }
        }
    }

    /// Fewest steps, then smallest sum: level by level, each node keeps the cheapest way that reaches it from the
    /// level before, of equal ones the way through the smaller node.
    func shortest(from start: Int, to end: Int) -> (nodes: [Int], steps: [Float]) {
        let count = starts.count - 1
        var level = [Int32](repeating: -1, count: count)
        var sums = [Double](repeating: 0, count: count)
        var before = [(node: Int32, step: Float)](repeating: (-1, 0), count: count)
        level[start] = 0
        var current = [Int32(start)]
        while !current.isEmpty, level[end] < 0 {
            var reached: [Int32] = []
            for node in current.sorted() {
                let number = level[Int(node)] + 1
                for i in starts[Int(node)]..<starts[Int(node) + 1] {
                    let other = Int(ends[i])
                    let sum = sums[Int(node)] + Double(lengths[i])
                    if level[other] < 0 {
                        level[other] = number
                        reached.append(Int32(other))
                    } else if level[other] != number || sum >= sums[other] {
                        continue
                    }
                    sums[other] = sum
                    before[other] = (node, lengths[i])
                }
            }
            current = reached
        }
        var nodes = [end]
        var steps: [Float] = []
        while let last = nodes.last, last != start {
            steps.append(before[last].step)
            nodes.append(Int(before[last].node))
        }
        return (nodes.reversed(), steps.reversed())
    }
}
