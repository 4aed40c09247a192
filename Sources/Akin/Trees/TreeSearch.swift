internal import CAkinKernels

/// Looks for the nearest vectors in one tree or several, nearest branches first; belongs to one thread.
///
/// One queue holds the branches of all trees that were passed by, each with a bound: the sum over the components that
/// were split of the squared distance to the branch's side, each component counted once, by its tightest split. A branch
/// that cannot hold a nearer vector ends the search, and what was found is proven.
final class TreeSearch {
    private struct Branch {
        var bound: Double
        var tree: Int32
        var node: Int32
        /// The last component that adds to the bound; -1 for none.
        var path: Int32
    }

    /// A component that adds to a bound, and the one before it on the way to the branch.
    private struct Step {
        var before: Int32
        var dimension: Int32
        var square: Double
    }

    private let trees: [(nodes: UnsafePointer<KDTree.Node>, rows: UnsafePointer<Int32>)]
    private let space: TreeSpace
    private let vectors: UnsafePointer<Float>
    private let ids: UnsafePointer<Int64>
    private let dimension: Int
    private let kernels: UnsafePointer<akin_kernel_table>
    private let allowed: Buffer<UInt64>?
    private let leaves: Int
    private let seen: Buffer<UInt64>
    private var marked: [Int] = []

    private var branches: [Branch] = []
    private var steps: [Step] = []
    private let point: Buffer<Float>
    private let candidates = Buffer<UInt32>(uninitialized: KDTree.leafSize)
    private let keys = Buffer<Double>(uninitialized: KDTree.leafSize)
    private var best: ContenderHeap
    private var query: UnsafePointer<Float>
    private var querySquare = 0.0
    private var queryLength = 0.0
    /// Vectors compared, of all queries.
    private(set) var visited = 0

    /// Nodes and rows of the trees must live as long as the search.
    init(
        _ trees: [(nodes: UnsafePointer<KDTree.Node>, rows: UnsafePointer<Int32>)], space: TreeSpace,
        rows: OrderedRows, dimension: Int, count: Int, leaves: Int, allowed: Buffer<UInt64>?, kernels: Kernels
    ) {
        self.trees = trees
        self.space = space
        self.dimension = dimension
        self.leaves = leaves
        self.allowed = allowed
        self.kernels = kernels.table
        vectors = rows.primary.base.assumingMemoryBound(to: Float.self)
        ids = rows.idPointer
        query = vectors
        point = Buffer(repeating: 0, count: dimension + 1)
        seen = Buffer(repeating: 0, count: trees.count > 1 ? count / 64 + 1 : 0)
        best = ContenderHeap(capacity: 1)
    }

    /// The `k` nearest vectors, nearest first, with keys of at most `bound`; and whether that is proven.
    func nearest(
        _ query: UnsafePointer<Float>, k: Int, within bound: Int32 = .max
    ) -> (found: [Contender], isProven: Bool) {
        begin(query)
        best = ContenderHeap(capacity: k, bound: bound)
        for tree in trees.indices { push(.init(bound: 0, tree: Int32(tree), node: 0, path: -1)) }
        var left = leaves
        var isProven = true
        while let branch = pop() {
            if isHopeless(branch.bound) { break }
            guard left > 0 else {
                isProven = false
                break
            }
            if descend(branch) { left -= 1 }
        }
        return (best.sorted, isProven)
    }

    private func begin(_ query: UnsafePointer<Float>) {
        self.query = query
        querySquare = space.query(query, dimension: dimension, into: point.pointer)
        if space.metric == .cosine {
            queryLength = kernels.pointee.product(query, query, dimension).squareRoot()
        }
        branches.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
        for word in marked { seen[word] = 0 }
        marked.removeAll(keepingCapacity: true)
    }

    /// Whether nothing at this distance can be among the nearest; of equal keys the smaller id may still win.
    private func isHopeless(_ bound: Double) -> Bool {
        space.leastKey(bound, querySquare: querySquare) > best.limit
    }

    /// Goes down to a leaf, leaving branches behind; gives whether the leaf was looked at.
    private func descend(_ branch: Branch) -> Bool {
        let nodes = trees[Int(branch.tree)].nodes
        var (number, bound, path) = (branch.node, branch.bound, branch.path)
        while !nodes[Int(number)].isLeaf {
            let node = nodes[Int(number)]
            let x = Double(point[Int(node.dimension)])
            let left = max(0, x - Double(node.leftMost)), right = max(0, Double(node.rightLeast) - x)
            let goesLeft = left <= right
            let near = goesLeft ? left * left : right * right, far = goesLeft ? right * right : left * left
            let old = square(of: node.dimension, path)
            let other = Branch(
                bound: bound + max(0, far - old), tree: branch.tree, node: goesLeft ? node.right : number + 1,
                path: far > old ? step(node.dimension, far, path) : path)
            if !isHopeless(other.bound) { push(other) }
            if near > old {
                bound += near - old
                path = step(node.dimension, near, path)
            }
            number = goesLeft ? number + 1 : node.right
        }
        guard !isHopeless(bound) else { return false }
        scan(nodes[Int(number)], trees[Int(branch.tree)].rows)
        return true
    }

    /// What a component adds to the bound at the end of a path.
    private func square(of dimension: Int32, _ path: Int32) -> Double {
        var place = path
        while place >= 0 {
            let step = steps[Int(place)]
            if step.dimension == dimension { return step.square }
            place = step.before
        }
        return 0
    }

    private func step(_ dimension: Int32, _ square: Double, _ path: Int32) -> Int32 {
        steps.append(.init(before: path, dimension: dimension, square: square))
        return Int32(steps.count - 1)
    }

    /// Compares the vectors of a leaf.
    private func scan(_ leaf: KDTree.Node, _ rows: UnsafePointer<Int32>) {
        for first in stride(from: Int(leaf.a), to: Int(leaf.a) + Int(leaf.b), by: KDTree.leafSize) {
            var count = 0
            for place in first..<min(first + KDTree.leafSize, Int(leaf.a) + Int(leaf.b)) {
                let row = Int(rows[place]), bit: UInt64 = 1 << UInt64(row % 64)
                if let allowed, allowed[row / 64] & bit == 0 { continue }
                if trees.count > 1 {
                    guard seen[row / 64] & bit == 0 else { continue }
                    seen[row / 64] |= bit
                    marked.append(row / 64)
                }
                candidates[count] = UInt32(row)
                count += 1
            }
            compare(count)
        }
    }

    private func compare(_ count: Int) {
        let metric = space.metric
        akin_exact_many(
            kernels, metric != .l2, query, vectors, dimension, candidates.pointer, count, keys.pointer)
        for i in 0..<count {
            var key = keys[i]
            let row = Int(candidates[i])
            switch metric {
            case .l2: break
            case .innerProduct: key = 0 - key
            case .cosine:
                let vector = vectors + row * dimension
                let length = queryLength * kernels.pointee.product(vector, vector, dimension).squareRoot()
                key = length > 0 ? 0 - key / length : 0
            }
            best.offer(Contender(key: akin_ordered(Float(key)), id: ids[row], row: candidates[i]))
        }
        visited += count
    }

    // MARK: - The queue

    private func push(_ branch: Branch) {
        branches.append(branch)
        var i = branches.count - 1
        while i > 0, branches[i].bound < branches[(i - 1) / 2].bound {
            branches.swapAt(i, (i - 1) / 2)
            i = (i - 1) / 2
        }
    }

    private func pop() -> Branch? {
        guard let first = branches.first else { return nil }
        let last = branches.removeLast()
        guard !branches.isEmpty else { return first }
        branches[0] = last
        var i = 0
        while true {
            var least = i
            for child in 2 * i + 1..<min(2 * i + 3, max(2 * i + 1, branches.count))
            where branches[child].bound < branches[least].bound { least = child }
            if least == i { return first }
            branches.swapAt(i, least)
            i = least
        }
    }
}
