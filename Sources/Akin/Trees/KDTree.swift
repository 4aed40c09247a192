/// One k-d tree: a binary tree whose nodes split points by one component each, down to leaves of a few points.
///
/// A point of the left side of a node is at most `leftMost` in the split component, one of the right side at least
/// `rightLeast`; the gap between belongs to neither, which makes bounds tighter than one splitting value would.
package struct KDTree: Sendable {
    /// Points of a leaf, at most.
    package static let leafSize = 32

    /// An inner node, whose left child follows it; or a leaf, with places in ``rows``.
    struct Node {
        /// The bits of two floats (`leftMost`, `rightLeast`), or the first place and the number of places.
        var a, b: Int32
        /// The split component; -1 for a leaf.
        var dimension: Int32
        /// The number of the right child.
        var right: Int32

        var leftMost: Float { Float(bitPattern: UInt32(bitPattern: a)) }
        var rightLeast: Float { Float(bitPattern: UInt32(bitPattern: b)) }
        var isLeaf: Bool { dimension < 0 }
    }

    /// `[nodes, 4]`: the numbers of each node, in preorder.
    package let nodes: Matrix<Int32>
    /// `[1, count]`: row numbers, leaf after leaf.
    package let rows: Matrix<Int32>

    package init(nodes: Matrix<Int32>, rows: Matrix<Int32>) {
        self.nodes = nodes
        self.rows = rows
    }

    var byteCount: Int { 4 * (nodes.rows * nodes.columns + rows.columns) }
    /// Leaves of the tree.
    var leafCount: Int { (nodes.rows + 1) / 2 }

    /// Lends nodes and rows.
    func withNodes<Result>(
        _ body: (UnsafePointer<Node>, UnsafePointer<Int32>) throws -> Result
    ) rethrows -> Result? {
        try nodes.withUnsafeElements { nodes in
            try rows.withUnsafeElements { rows in
                guard let nodes = nodes.baseAddress, let rows = rows.baseAddress else { return nil }
                return try body(UnsafeRawPointer(nodes).assumingMemoryBound(to: Node.self), rows)
            }
        }
    }

    /// What is wrong with nodes that came from outside; `nil` for a tree over `count` points of `dimension` components.
    ///
    /// In preorder the right child of a node follows all of its left side, so that each node has one parent, and leaves
    /// take places one after the other.
    package func problem(count: Int, dimension: Int) -> String? {
        guard count > 0 else { return nodes.rows == 0 ? nil : "expected no nodes, found \(nodes.rows)" }
        let isPermutation = rows.withUnsafeElements { $0.allSatisfy { (0..<count).contains(Int($0)) } }
        guard isPermutation else { return "a leaf holds a row outside the \(count) there are" }
        return withNodes { nodes, _ -> String? in
            var waiting: [Int32] = [], next = 0, places = 0
            while next < self.nodes.rows {
                let node = nodes[next]
                if node.isLeaf {
                    guard Int(node.a) == places, node.b >= 0, Int(node.b) <= count - places else {
                        return "leaf \(next) has wrong places"
                    }
                    places += Int(node.b)
                    guard let right = waiting.popLast() else {
                        return next + 1 == self.nodes.rows && places == count ? nil : "the tree ends before its nodes"
                    }
                    guard Int(right) == next + 1 else { return "node \(next + 1) is not where its parent expects it" }
                } else {
                    guard Int(node.dimension) < dimension, Int(node.right) > next + 1,
                        Int(node.right) < self.nodes.rows, !node.leftMost.isNaN, !node.rightLeast.isNaN
                    else { return "node \(next) leads outside the tree" }
                    waiting.append(node.right)
                }
                next += 1
            }
            return "the tree does not end"
        } ?? "there are no nodes"
    }
}
