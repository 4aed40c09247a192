/// The connected parts of a graph: nodes that some way along its edges leads to and from.
public struct GraphComponents: Sendable, Equatable {
    /// The number of the component of each node, from 0, in the order of their smallest nodes.
    public let numbers: [Int32]
    /// Number of components, those of a single node included.
    public let count: Int

    /// Finds the components.
    ///
    /// - Parameters:
    ///   - nodes: number of nodes, below 2^31.
    ///   - edges: in any order; more than one between the same nodes do no harm.
    ///   - limit: longer edges are ignored; `nil` takes all.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for an edge to a node that is not there, and
    ///   ``IndexError/notANumber(name:)`` for a length that is none.
    /// - Complexity: O(nodes + edges), nearly.
    public init(nodes: Int, edges: some Sequence<GraphEdge>, within limit: Float? = nil) throws(IndexError) {
        try edges.check(count: nodes)
        var sets = DisjointSets(count: nodes)
        for edge in edges where limit.map({ edge.length <= $0 }) ?? true { sets.join(Int(edge.a), Int(edge.b)) }
        var known = [Int32](repeating: -1, count: nodes)
        var found: Int32 = 0
        numbers = (0..<nodes).map { node in
            let root = sets.root(of: node)
            if known[root] < 0 {
                known[root] = found
                found += 1
            }
            return known[root]
        }
        count = Int(found)
    }

    /// The nodes of each component, ascending.
    public var members: [[Int]] {
        var members = [[Int]](repeating: [], count: count)
        for (node, number) in numbers.enumerated() { members[Int(number)].append(node) }
        return members
    }
}
