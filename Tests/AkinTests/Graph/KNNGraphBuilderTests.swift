import Akin
import AkinTestSupport
import Foundation
import Synchronization
import Testing

@Suite("k-NN graph, by blocks")
struct KNNGraphBuilderTests {
    /// A build that goes through blocks of so many rows.
    private func build(
        _ vectors: Matrix<Float>, k: Int, metric: Metric, rowsPerBlock: Int, isExact: Bool,
        options: KNNGraphOptions = .init(threads: 2), as name: String = "base.fbin", elementType: ElementType? = nil
    ) throws -> (KNNGraph, KNNGraphBuilder.Summary) {
        try withTemporaryDirectory { folder in
            try VectorFile.write(vectors, to: folder + "/" + name, elementType: elementType)
            var builder = KNNGraphBuilder(k: k, metric: metric, memory: 1 << 30, isExact: isExact, options: options)
            builder.rowsPerBlock = rowsPerBlock
            let summary = try builder.build(VectorFile(path: folder + "/" + name), to: folder + "/graph.ivecs")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == [name, "graph.ivecs", "graph.scores.fvecs"])
            return (try KNNGraph(path: folder + "/graph.ivecs", metric: metric), summary)
        }
    }

    /// Ids and scores, to the last bit.
    private func isSame(_ a: KNNGraph, _ b: KNNGraph) -> Bool {
        guard a.ids == b.ids, a.scores.rows == b.scores.rows, a.scores.columns == b.scores.columns else { return false }
        return a.scores.withUnsafeElements { x in
            b.scores.withUnsafeElements { y in zip(x, y).allSatisfy { $0.bitPattern == $1.bitPattern } }
        }
    }

    @Test(
        "the exact graph is that of one block, whatever the size of blocks and the way",
        arguments: FlatData.allCases, Metric.allCases)
    func exactIsThatOfOneBlock(_ data: FlatData, metric: Metric) throws {
        let vectors = data.matrix(rows: 701, columns: 13, seed: 5)
        for joins in [false, true] {
            var options = KNNGraphOptions(threads: 2)
            options.alwaysJoins = joins
            for (k, rows) in [(1, 100), (7, 350), (7, 700), (90, 48)] {  // the last k is larger than a block
                let whole = try KNNGraph.exact(vectors, k: k, metric: metric, options: options)
                let (graph, summary) = try build(
                    vectors, k: k, metric: metric, rowsPerBlock: rows, isExact: true, options: options)
                #expect(summary.isExact && summary.degree == k && summary.measuredRecall == nil)
                #expect(isSame(graph, whole), "k \(k), blocks of \(rows), joins \(joins)")
            }
        }
    }

    @Test("the exact graph of thousands of vectors is that of one block", arguments: Metric.allCases)
    func exactOfThousands(metric: Metric) throws {
        let vectors = Matrix<Float>.clustered(rows: 4_700, columns: 20, clusters: 60, seed: 6)
        let whole = try KNNGraph.exact(vectors, k: 6, metric: metric, options: .init(threads: 2))
        for rows in [333, 1_500] {
            let (graph, _) = try build(vectors, k: 6, metric: metric, rowsPerBlock: rows, isExact: true)
            #expect(isSame(graph, whole), "blocks of \(rows)")
        }
    }

    @Test("the approximate graph is that of one block, with its recall", arguments: Metric.allCases)
    func approximateIsThatOfOneBlock(metric: Metric) throws {
        let vectors = Matrix<Float>.clustered(rows: 4_001, columns: 24, clusters: 40, seed: 7)
        for (recall, threads) in [(0.8, 1), (0.95, 3)] {
            let options = KNNGraphOptions(recall: recall, threads: threads)
            let whole = try KNNGraph.approximate(vectors, k: 8, metric: metric, options: options)
            #expect(!whole.isExact)
            for rows in [150, 999, 2_500] {
                let (graph, summary) = try build(
                    vectors, k: 8, metric: metric, rowsPerBlock: rows, isExact: false, options: options)
                #expect(!summary.isExact && summary.measuredRecall == whole.measuredRecall)
                #expect(isSame(graph, whole), "recall \(recall), blocks of \(rows)")
            }
        }
    }

    @Test("the approximate graph of difficult data is that of one block", arguments: FlatData.allCases)
    func approximateOfDifficultData(_ data: FlatData) throws {
        let vectors = data.matrix(rows: 1_300, columns: 6, seed: 8)
        for metric in Metric.allCases {
            let options = KNNGraphOptions(recall: 0.9, threads: 2)
            let whole = try KNNGraph.approximate(vectors, k: 5, metric: metric, options: options)
            let (graph, summary) = try build(
                vectors, k: 5, metric: metric, rowsPerBlock: 200, isExact: false, options: options)
            #expect(summary.isExact == whole.isExact && summary.measuredRecall == whole.measuredRecall)
            #expect(isSame(graph, whole), "\(metric)")
        }
    }

    @Test(
        "files that are no floats in one piece are converted on the way",
        arguments: [("base.fvecs", nil), ("base.bvecs", nil), ("base.npy", ElementType.float16), ("base.u8bin", nil)])
    func convertsFiles(name: String, elementType: ElementType?) throws {
        let vectors = Matrix<Float>(rows: 500, columns: 9) { elements in
            var random = SeededRandom(seed: 3)
            for i in elements.indices { elements[i] = Float(Int.random(in: 0...40, using: &random)) }
        }
        let whole = try KNNGraph.exact(vectors, k: 5)
        let (graph, _) = try build(
            vectors, k: 5, metric: .l2, rowsPerBlock: 120, isExact: true, as: name, elementType: elementType)
        #expect(isSame(graph, whole))
    }

    @Test("a build that is stopped leaves nothing but what was there", arguments: [true, false])
    func stopped(isExact: Bool) throws {
        let vectors = Matrix<Float>.clustered(rows: 4_500, columns: 8, clusters: 40, seed: 9)
        try withTemporaryDirectory { folder in
            try VectorFile.write(vectors, to: folder + "/base.npy")
            let old = try KNNGraph.exact(vectors.rows(0..<300), k: 3)
            try old.write(to: folder + "/graph.ivecs")
            // Counted once, then stopped at three places on the way.
            let updates = Atomic<Int>(0)
            func attempt(stopAt: Int) throws {
                updates.store(0, ordering: .relaxed)
                let monitor = ProgressMonitor(shouldStop: {
                    updates.add(1, ordering: .relaxed).newValue > stopAt
                })
                var builder = KNNGraphBuilder(
                    k: 3, memory: 1 << 30, isExact: isExact, options: .init(recall: 0.9, threads: 2, monitor: monitor))
                builder.rowsPerBlock = 1_000
                _ = try builder.build(VectorFile(path: folder + "/base.npy"), to: folder + "/graph.ivecs")
            }
            try attempt(stopAt: .max)
            let all = updates.load(ordering: .relaxed)
            #expect(all > 100)
            try old.write(to: folder + "/graph.ivecs")
            let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            for share in [0, 4, 8] {
                #expect(throws: CancellationError.self) { try attempt(stopAt: all * share / 10) }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
                #expect(isSame(try KNNGraph(path: folder + "/graph.ivecs", metric: .l2), old))
            }
        }
    }

    @Test("refuses what makes no sense, and memory that is not enough by naming what is")
    func refuses() throws {
        try withTemporaryDirectory { folder in
            let vectors = Matrix<Float>.random(rows: 2_000, columns: 16, seed: 1)
            try VectorFile.write(vectors, to: folder + "/base.npy")
            try VectorFile.write(vectors.rows(0..<1), to: folder + "/one.npy")
            try VectorFile.write(Matrix<Float>([[1, 2], [3, .nan], [1, 1]]), to: folder + "/bad.npy")
            let base = try VectorFile(path: folder + "/base.npy")
            let least = KNNGraphBuilder(k: 5, memory: 0).leastMemory(for: base)
            #expect(least > 0)
            #expect(throws: IndexError.outOfRange(name: "memory", value: least - 1, allowed: least...Int.max)) {
                try KNNGraphBuilder(k: 5, memory: least - 1).build(base, to: folder + "/graph.ivecs")
            }
            _ = try KNNGraphBuilder(k: 5, memory: least).build(base, to: folder + "/graph.ivecs")
            #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...1_999)) {
                try KNNGraphBuilder(k: 0, memory: 1 << 30).build(base, to: folder + "/graph.ivecs")
            }
            let builder = KNNGraphBuilder(k: 5, memory: 1 << 30)
            #expect(throws: IndexError.empty) {
                try builder.build(VectorFile(path: folder + "/one.npy"), to: folder + "/graph.ivecs")
            }
            #expect(throws: IndexError.notFinite(row: 1, column: 1)) {
                try builder.build(VectorFile(path: folder + "/bad.npy"), to: folder + "/graph.ivecs")
            }
            var small = builder
            small.rowsPerBlock = 1
            #expect(throws: IndexError.notFinite(row: 1, column: 1)) {
                try small.build(VectorFile(path: folder + "/bad.npy"), to: folder + "/graph.ivecs")
            }
            #expect(throws: FileError.self) { try builder.build(base, to: folder + "/none/graph.ivecs") }
            #expect(throws: FileError.self) { try builder.build(base, to: folder + "/graph.txt") }
        }
    }

    @Test("the plan has more blocks and more to read for less memory")
    func plans() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/base.npy"
            try VectorFile.write(Matrix<Float>.random(rows: 20_000, columns: 64, seed: 1), to: path)
            let base = try VectorFile(path: path)
            for isExact in [true, false] {
                let plans = [1 << 30, 40 << 20].map {
                    KNNGraphBuilder(k: 10, memory: $0, isExact: isExact).plan(for: base)
                }
                #expect(plans[0].blocks == 1 && plans[1].blocks > 1)
                #expect(plans[0].bytesRead < plans[1].bytesRead)
                #expect(plans[0].workBytes == plans[1].workBytes && plans[0].workBytes > 20_000 * 64 * 4)
            }
        }
    }
}
