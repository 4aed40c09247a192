import Akin
import AkinTestSupport
import Testing

/// A set of vectors and a k that graphs must get right.
struct GraphCase: Sendable, CustomTestStringConvertible {
    var data: FlatData = .gaussian
    var rows = 240
    var dimension = 33
    var k = 10
    var testDescription: String { "\(data.rawValue) \(rows)x\(dimension) k=\(k)" }

    var vectors: Matrix<Float> { data.matrix(rows: rows, columns: dimension, seed: 1) }

    /// The true neighbours of each row, the row itself left out.
    func truth(_ metric: Metric) -> Neighbors {
        let all = bruteForce(vectors, vectors, k: rows, metric: metric)
        return Neighbors((0..<rows).map { row in all[row].filter { $0.id != Int64(row) }.prefix(k).map { $0 } })
    }

    static let all: [GraphCase] =
        FlatData.allCases.map { GraphCase(data: $0) }
        + [1, 2, 7, 16, 17, 128].map { GraphCase(dimension: $0) }
        + [2, 3, 10, 11, 12, 47, 48, 49, 97, 145].map { GraphCase(rows: $0) }
        + [1, 2, 64, 120, 238, 239, 5000].map { GraphCase(k: $0) }
}

@Suite("k-NN graph, exact")
struct KNNGraphTests {
    @Test(
        "equals brute force, whatever the kernels, the threads and the way", arguments: GraphCase.all, Metric.allCases)
    func equalsBruteForce(_ c: GraphCase, metric: Metric) throws {
        let truth = c.truth(metric)
        var reference: KNNGraph?
        for kernels in Kernels.available {
            for (threads, joins) in [(1, false), (1, true), (3, true)] {
                var options = KNNGraphOptions(threads: threads)
                options.kernels = kernels
                options.alwaysJoins = joins
                let graph = try KNNGraph.exact(c.vectors, k: c.k, metric: metric, options: options)
                #expect(graph.isExact && graph.count == c.rows && graph.degree == min(c.k, c.rows - 1))
                let isRight = agree(Neighbors((0..<c.rows).map { graph[$0] }), truth)
                #expect(isRight, "\(kernels.name), \(threads) threads, joins \(joins)")
                let isSame = graph == reference ?? graph
                #expect(isSame, "\(kernels.name), \(threads) threads, joins \(joins)")
                reference = graph
            }
        }
    }

    @Test("joins as it searches where that pays, and gives up where it does not", arguments: FlatData.allCases)
    func joinsAsItSearches(_ data: FlatData) throws {
        let vectors = data.matrix(rows: 4_500, columns: 12, seed: 3)
        for metric in Metric.allCases {
            let graph = try KNNGraph.exact(vectors, k: 4, metric: metric, options: .init(threads: 2))
            let found = try FlatIndex(vectors, metric: metric).search(vectors.rows(0..<300), k: 5).neighbors
            var wrong = 0
            for row in 0..<300 where graph[row] != Array(found[row].filter { $0.id != Int64(row) }.prefix(4)) {
                wrong += 1
            }
            #expect(wrong == 0, "\(metric)")
        }
    }

    @Test("of no vector and of one has no neighbours", arguments: [0, 1])
    func fewVectors(rows: Int) throws {
        let vectors = Matrix<Float>.random(rows: rows, columns: 4, seed: 1)
        for graph in [try KNNGraph.exact(vectors, k: 3), try KNNGraph.approximate(vectors, k: 3)] {
            #expect(graph.count == rows && graph.degree == 0)
            try withTemporaryDirectory { folder in
                _ = #expect(throws: FileError.self) { try graph.write(to: folder + "/graph.ivecs") }
            }
        }
    }

    @Test("refuses what makes no sense")
    func refuses() throws {
        let vectors = Matrix<Float>.random(rows: 9, columns: 4, seed: 1)
        let bad = Matrix<Float>([[1, 2], [3, .nan]])
        let builders: [(Matrix<Float>, Int, KNNGraphOptions) throws -> KNNGraph] = [
            { try .exact($0, k: $1, options: $2) }, { try .approximate($0, k: $1, options: $2) },
        ]
        for build in builders {
            #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...8)) {
                try build(vectors, 0, .init())
            }
            #expect(throws: IndexError.outOfRange(name: "threads", value: 0, allowed: 1...4096)) {
                try build(vectors, 3, .init(threads: 0))
            }
            #expect(throws: IndexError.outOfRange(name: "recall (in thousandths)", value: 1500, allowed: 1...1000)) {
                try build(vectors, 3, .init(recall: 1.5))
            }
            #expect(throws: IndexError.notANumber(name: "recall")) { try build(vectors, 3, .init(recall: .nan)) }
            #expect(throws: IndexError.notFinite(row: 1, column: 1)) { try build(bad, 1, .init()) }
            #expect(throws: CancellationError.self) {
                try build(vectors, 3, .init(monitor: ProgressMonitor(shouldStop: { true })))
            }
        }
    }

    @Test("measures its own recall, ties counted as right")
    func recall() throws {
        let vectors = FlatData.duplicates.matrix(rows: 300, columns: 5, seed: 1)
        let graph = try KNNGraph.exact(vectors, k: 4)
        #expect(try graph.sampledRecall(of: vectors, sample: 1000) == 1)
        #expect(try graph.sampledRecall(of: vectors, sample: 7) == 1)
        let other = Matrix<Float>.random(rows: 300, columns: 5, seed: 2)
        let truth = try KNNGraph.exact(other, k: 4)
        // Half of the rows hold one neighbour of four that is none of the nearest four.
        let wider = try KNNGraph.exact(other, k: 5)
        func broken<Element>(_ a: Matrix<Element>, _ b: Matrix<Element>) -> Matrix<Element> {
            Matrix((0..<300).map { i in (0..<4).map { j in i >= 150 && j == 3 ? b[i, 4] : a[i, j] } })
        }
        try withTemporaryDirectory { folder in
            let path = folder + "/graph.ivecs"
            try GroundTruth(ids: broken(truth.ids, wider.ids), scores: broken(truth.scores, wider.scores)).write(
                to: path)
            let read = try KNNGraph(path: path, metric: .l2)
            #expect(abs(try read.sampledRecall(of: other, sample: 300) - 0.875) < 1e-9)
        }
        #expect(throws: IndexError.outOfRange(name: "vectors", value: 9, allowed: 300...300)) {
            try graph.sampledRecall(of: vectors.rows(0..<9))
        }
        #expect(throws: IndexError.outOfRange(name: "sample", value: 0, allowed: 1...300)) {
            try graph.sampledRecall(of: vectors, sample: 0)
        }
    }
}
