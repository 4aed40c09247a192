import Akin
import AkinTestSupport
import Testing

/// Trees against brute force in double precision.
@Suite struct KDTreeTests {
    private func index(_ text: String, _ base: Matrix<Float>, _ metric: Metric = .l2) throws -> KDTreeIndex {
        var index = try KDTreeIndex(training: base, spec: IndexSpec(parsing: text), metric: metric, threads: 2)
        try index.add(base, threads: 2)
        return index
    }

    @Test(
        "one tree is exact", arguments: [1, 2, 3, 8, 20], Metric.allCases)
    func exact(dimension: Int, metric: Metric) throws {
        for count in [1, 31, 33, 100, 900] {
            let base = Matrix<Float>.random(rows: count, columns: dimension, seed: UInt64(count))
            let queries = Matrix<Float>.random(rows: 30, columns: dimension, seed: 7)
            let index = try index("KDTree", base, metric)
            for k in [1, 10, 1000] {
                let found = try index.search(queries, k: k, options: .init(threads: 2))
                #expect(found.isExact)
                #expect(agree(found.neighbors, bruteForce(base, queries, k: k, metric: metric)), "\(count), k \(k)")
                #expect(try found.neighbors == FlatIndex(base, metric: metric).search(queries, k: k).neighbors)
            }
        }
    }

    @Test("ties and equal components are decided by id", arguments: Metric.allCases)
    func ties(metric: Metric) throws {
        let base = Matrix<Float>.randomIntegers(rows: 800, columns: 4, in: 0...2, seed: 3)
        let queries = Matrix<Float>.randomIntegers(rows: 40, columns: 4, in: 0...3, seed: 4)
        let index = try index("KDTree", base, metric)
        let flat = try FlatIndex(base, metric: metric)
        #expect(try index.search(queries, k: 25).neighbors == flat.search(queries, k: 25).neighbors)
    }

    @Test("in few dimensions few vectors are compared, and leaves can be limited")
    func visits() throws {
        let base = Matrix<Float>.random(rows: 20_000, columns: 3, seed: 5)
        let queries = Matrix<Float>.random(rows: 50, columns: 3, seed: 6)
        let index = try index("KDTree", base)
        #expect(index.leafCount == 1024)
        let found = try index.search(queries, k: 5, options: .init(threads: 1))
        #expect(found.visited < 50 * 1000)
        let limited = try index.search(queries, k: 5, options: .init(threads: 1, leaves: 1))
        #expect(!limited.isExact && limited.visited <= 50 * 32)
        #expect(throws: IndexError.outOfRange(name: "leaves", value: 0, allowed: 1...1024)) {
            try index.search(queries, k: 5, options: .init(leaves: 0))
        }
    }

    @Test("a range is what brute force says is within it", arguments: Metric.allCases)
    func range(metric: Metric) throws {
        let base = Matrix<Float>.random(rows: 700, columns: 5, seed: 8)
        let queries = Matrix<Float>.random(rows: 10, columns: 5, seed: 9)
        let truth = try FlatIndex(base, metric: metric).search(queries, k: 700).neighbors
        for text in ["KDTree", "KDTree3"] {
            let index = try index(text, base, metric)
            let radius = truth[3][truth[3].startIndex + 20].score
            let within = try index.search(queries, within: radius).neighbors
            for q in 0..<10 {
                #expect(Array(within[q]) == truth[q].filter { !metric.isNearer(radius, than: $0.score) })
            }
        }
    }

    @Test("a forest finds more with more leaves and more trees, and everything with all")
    func forest() throws {
        let base = Matrix<Float>.clustered(rows: 4000, columns: 48, clusters: 60, seed: 1)
        let queries = Matrix<Float>.clustered(rows: 100, columns: 48, clusters: 60, seed: 1, skipping: 4000)
        let truth = try FlatIndex(base).search(queries, k: 10).neighbors
        func recall(_ index: KDTreeIndex, _ leaves: Int) throws -> Double {
            let found = try index.search(queries, k: 10, options: .init(threads: 2, leaves: leaves))
            #expect(!found.isExact || index.treeCount == 1)
            return IndexSpecMatrixTests.recall(found.neighbors, truth)
        }
        let forest = try index("KDTree8", base), single = try index("KDTree", base)
        let few = try recall(forest, 8), more = try recall(forest, 40)
        #expect(few < more && more > 0.8, "\(few), \(more)")
        #expect(try recall(single, 8) <= few)
        #expect(try recall(forest, 100_000) == 1)
    }

    @Test("a tree that is none is refused")
    func problem() throws {
        let base = Matrix<Float>.random(rows: 200, columns: 2, seed: 1)
        let tree = KDTreeBuilder.build(base, seed: nil)
        #expect(tree.problem(count: 200, dimension: 2) == nil)
        #expect(tree.problem(count: 199, dimension: 2) != nil)
        #expect(tree.problem(count: 200, dimension: 1) != nil || tree.nodes[0, 2] == 0)
        for node in 0..<tree.nodes.rows {
            for (column, change) in [(2, Int32(2)), (2, -1), (3, 1), (3, -1), (3, 1000), (0, 5), (1, -3)] {
                let isLeaf = tree.nodes[node, 2] < 0
                // Splitting values may be any; leaves have no right child.
                if isLeaf ? column > 1 : column < 2 { continue }
                let changed = Matrix<Int32>(rows: tree.nodes.rows, columns: 4) { target in
                    tree.nodes.withUnsafeElements { _ = target.update(fromContentsOf: $0) }
                    target[4 * node + column] += change
                }
                if column == 2, changed[node, 2] >= 0, changed[node, 2] < 2 { continue }
                #expect(
                    KDTree(nodes: changed, rows: tree.rows).problem(count: 200, dimension: 2) != nil,
                    "\(node) \(column)")
            }
        }
    }
}
