/// Builds one tree by splitting points at the median, again and again.
package struct KDTreeBuilder {
    private let points: UnsafePointer<Float>
    private let dimension: Int
    /// Chooses among dimensions; `nil` always takes that of the greatest variance.
    private var random: SplitMix64?
    private var order: [Int32]
    private var keys: [Float]
    private var nodes: [KDTree.Node] = []
    private var sums: [Double]
    private var squares: [Double]

    /// Points of a node that variances are taken of.
    private static let sample = 128
    /// Dimensions of greatest variance that a randomized tree chooses from, after Silpa-Anan and Hartley (2008).
    private static let choices = 5

    /// The tree of some points.
    ///
    /// - Parameters:
    ///   - points: `[n, d]`, finite.
    ///   - seed: chooses among dimensions; `nil` takes the one of the greatest variance.
    /// - Returns: a tree of depth log2(n / leaf size); the same for the same points and seed.
    /// - Complexity: O(n log n), beside O(d) for each node.
    package static func build(_ points: Matrix<Float>, seed: UInt64?) -> KDTree {
        points.withUnsafeElements { elements in
            guard let base = elements.baseAddress, points.rows > 0 else {
                return KDTree(
                    nodes: Matrix(rows: 0, columns: 4) { _ in }, rows: Matrix(rows: 1, columns: 0) { _ in })
            }
            var builder = KDTreeBuilder(base, count: points.rows, dimension: points.columns, seed: seed)
            builder.split(0, points.rows)
            return builder.tree
        }
    }

    private init(_ points: UnsafePointer<Float>, count: Int, dimension: Int, seed: UInt64?) {
        self.points = points
        self.dimension = dimension
        random = seed.map { SplitMix64(seed: $0) }
        order = (0..<Int32(count)).map { $0 }
        keys = Array(repeating: 0, count: count)
        sums = Array(repeating: 0, count: dimension)
        squares = sums
    }

    private var tree: KDTree {
        KDTree(
            nodes: Matrix(rows: nodes.count, columns: 4) { target in
                for (i, node) in nodes.enumerated() {
                    target[4 * i] = node.a
                    target[4 * i + 1] = node.b
                    target[4 * i + 2] = node.dimension
                    target[4 * i + 3] = node.right
                }
            },
            rows: Matrix([order]))
    }

    private mutating func split(_ first: Int, _ last: Int) {
        let place = nodes.count
        guard last - first > KDTree.leafSize else {
            nodes.append(.init(a: Int32(first), b: Int32(last - first), dimension: -1, right: 0))
            return
        }
        let component = chosen(first, last)
        let middle = (first + last) / 2
        select(middle, first, last, by: component)
        let left = keys[first..<middle].max() ?? 0, right = keys[middle..<last].min() ?? 0
        nodes.append(
            .init(
                a: Int32(bitPattern: left.bitPattern), b: Int32(bitPattern: right.bitPattern),
                dimension: Int32(component), right: 0))
        split(first, middle)
        nodes[place].right = Int32(nodes.count)
        split(middle, last)
    }

    /// The component to split by: of the greatest variance, or one of those of the greatest.
    private mutating func chosen(_ first: Int, _ last: Int) -> Int {
        let count = min(Self.sample, last - first)
        for c in 0..<dimension { (sums[c], squares[c]) = (0, 0) }
        for i in 0..<count {
            let row = points + Int(order[first + i * (last - first) / count]) * dimension
            for c in 0..<dimension {
                let value = Double(row[c])
                sums[c] += value
                squares[c] += value * value
            }
        }
        let n = Double(count)
        func variance(_ c: Int) -> Double { squares[c] / n - sums[c] / n * (sums[c] / n) }
        var best: [(variance: Double, component: Int)] = []
        let wanted = random == nil ? 1 : Self.choices
        for c in 0..<dimension {
            let value = variance(c)
            if best.count == wanted, let least = best.last, value <= least.variance { continue }
            let place = best.firstIndex { $0.variance < value } ?? best.count
            best.insert((value, c), at: place)
            if best.count > wanted { best.removeLast() }
        }
        let pick = random == nil ? 0 : Int((random?.next() ?? 0) % UInt64(best.count))
        return best[pick].component
    }

    /// Puts the point that belongs at `middle` there, those that are less before it and those that are greater behind.
    private mutating func select(_ middle: Int, _ first: Int, _ last: Int, by component: Int) {
        let (points, dimension) = (points, dimension)
        keys.withUnsafeMutableBufferPointer { keys in
            order.withUnsafeMutableBufferPointer { order in
                for i in first..<last { keys[i] = points[Int(order[i]) * dimension + component] }
                var low = first, high = last - 1
                while low < high {
                    let (x, y, z) = (keys[low], keys[(low + high) / 2], keys[high])
                    let pivot = max(min(x, y), min(max(x, y), z))
                    // Less, equal, not looked at yet, greater.
                    var less = low, i = low, greater = high
                    while i <= greater {
                        if keys[i] < pivot {
                            keys.swapAt(i, less)
                            order.swapAt(i, less)
                            less += 1
                            i += 1
                        } else if keys[i] > pivot {
                            keys.swapAt(i, greater)
                            order.swapAt(i, greater)
                            greater -= 1
                        } else {
                            i += 1
                        }
                    }
                    if middle < less { high = less - 1 } else if middle > greater { low = greater + 1 } else { return }
                }
            }
        }
    }
}
