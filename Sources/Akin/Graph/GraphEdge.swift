/// A connection between two nodes of a graph that has no direction.
public struct GraphEdge: Sendable, Hashable {
    /// The nodes, from 0.
    public var a, b: Int32
    /// How far apart they are, in whatever measure has smaller for nearer; not NaN.
    public var length: Float

    /// Connects two nodes.
    public init(_ a: Int32, _ b: Int32, length: Float) {
        self.a = a
        self.b = b
        self.length = length
    }
}

extension Sequence<GraphEdge> {
    /// Checks that all ends are nodes and all lengths are numbers.
    func check(count: Int) throws(IndexError) {
        for edge in self {
            for end in [edge.a, edge.b] where !(0..<count).contains(Int(end)) {
                throw .outOfRange(name: "node of an edge", value: Int(end), allowed: 0...Swift.max(0, count - 1))
            }
            if edge.length.isNaN { throw .notANumber(name: "length of an edge") }
        }
    }
}
