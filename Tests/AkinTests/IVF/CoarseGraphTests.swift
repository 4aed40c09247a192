import Akin
import AkinTestSupport
import Testing

/// Lists that a graph over their centroids finds, beside those that all centroids say.
@Suite struct CoarseGraphTests {
    static let metrics: [Metric] = [.l2, .innerProduct, .cosine]
    static let centroids = Matrix<Float>.clustered(rows: 600, columns: 24, clusters: 30, seed: 3)
    static let base = Matrix<Float>.clustered(rows: 2000, columns: 24, clusters: 30, seed: 3, skipping: 600)
    static let queries = Matrix<Float>.clustered(rows: 100, columns: 24, clusters: 30, seed: 3, skipping: 2600)

    private func index(_ metric: Metric, links: Int?, threads: Int = 2) throws -> IVFIndex {
        try IVFIndex.flat(centroids: Self.centroids, metric: metric, links: links, threads: threads)
    }

    @Test("nearly all vectors go to the nearest list, and all of them whatever the threads", arguments: metrics)
    func assignment(metric: Metric) throws {
        let truth = try index(metric, links: nil).assignment(of: Self.base)
        let found = try index(metric, links: 8).assignment(of: Self.base)
        let same = zip(found, truth).filter { $0 == $1 }.count
        #expect(Double(same) >= 0.97 * Double(truth.count), "\(same) of \(truth.count)")
        for threads in [1, 3] {
            #expect(try index(metric, links: 8, threads: threads).assignment(of: Self.base, threads: threads) == found)
        }
    }

    @Test("nearly all of the nearest lists are found; more candidates find more", arguments: metrics, [1, 7, 40])
    func probes(metric: Metric, nprobe: Int) throws {
        var exact = try index(metric, links: nil)
        try exact.add(Self.centroids)
        var graph = try index(metric, links: 8)
        // What is in the lists must be the same: here, the centroids themselves.
        try graph.add(Self.centroids)
        let options = SearchOptions(threads: 1, nprobe: nprobe)
        var found = 0, wanted = 0
        for q in 0..<Self.queries.rows {
            let query = Self.queries.rows(q..<q + 1)
            let truth = Set(try exact.rowsProbed(by: query, nprobe: nprobe))
            wanted += truth.count
            found += truth.intersection(try graph.rowsProbed(by: query, nprobe: nprobe)).count
        }
        #expect(Double(found) >= 0.95 * Double(wanted), "\(found) of \(wanted)")
        var wide = options
        wide.efSearch = 600
        let best = try graph.search(Self.queries, k: 5, options: wide).neighbors
        #expect(
            try IndexSpecMatrixTests.recall(graph.search(Self.queries, k: 5, options: options).neighbors, best) > 0.9)
    }

    @Test("looking at every list is exact, and asks no graph", arguments: metrics)
    func everything(metric: Metric) throws {
        var graph = try index(metric, links: 2)
        try graph.add(Self.base)
        let expected = try FlatIndex(Self.base, metric: metric).search(Self.queries, k: 10).neighbors
        let found = try graph.search(Self.queries, k: 10, options: .init(nprobe: 600, efSearch: 1))
        #expect(found.isExact)
        #expect(try !graph.search(Self.queries, k: 10, options: .init(nprobe: 599)).isExact)
        let same = (0..<Self.queries.rows).allSatisfy { q in found.neighbors[q].map(\.id) == expected[q].map(\.id) }
        #expect(same)
    }

    /// The index with the links of its graph changed, as a file might hold it.
    private func relinked(_ index: IVFIndex, _ change: (inout FaissGraph) -> Void) throws -> IVFIndex {
        var tree = try index.faissIndex(path: "memory.faiss")
        guard case .ivf(var ivf) = tree.content, case .hnsw(var graph, let storage) = ivf.quantizer.content else {
            throw IndexError.unsupported("a tree without a graph")
        }
        change(&graph)
        ivf.quantizer.content = .hnsw(graph, storage: storage)
        tree.content = .ivf(ivf)
        return try #require(try tree.index(path: "memory.faiss") as? IVFIndex)
    }

    @Test("lists that no link leads to are found all the same", arguments: [Metric.l2, .innerProduct])
    func unreachable(metric: Metric) throws {
        var graph = try index(metric, links: 8)
        try graph.add(Self.base)
        let cut = try relinked(graph) { $0.links = FaissArray(Array(repeating: -1, count: $0.links.count)) }
        #expect(cut.spec == "IVF600_HNSW8,Flat")
        // A breadth of all centroids compares them all.
        let expected = try graph.search(Self.queries, k: 10, options: .init(nprobe: 20, efSearch: 600)).neighbors
        #expect(try cut.search(Self.queries, k: 10, options: .init(nprobe: 20)).neighbors == expected)
    }

    @Test("links come back from a Faiss tree; a graph of another shape is not followed")
    func faissTree() throws {
        var graph = try index(.l2, links: 8)
        try graph.add(Self.base)
        let options = SearchOptions(threads: 1, nprobe: 9)
        let expected = try graph.search(Self.queries, k: 5, options: options).neighbors
        let again = try relinked(graph) { _ in }
        #expect(again.spec == "IVF600_HNSW8,Flat")
        #expect(try again.search(Self.queries, k: 5, options: options).neighbors == expected)
        let odd = try relinked(graph) { graph in
            let count = graph.levels.count
            graph.linksBelow = FaissArray([0, 5])
            graph.levels = FaissArray(Array(repeating: 1, count: count))
            graph.offsets = FaissArray((0...count).map { UInt64(5 * $0) })
            graph.links = FaissArray(Array(repeating: -1, count: 5 * count))
        }
        #expect(odd.spec == "IVF600,Flat")
        var exact = try index(.l2, links: nil)
        try exact.add(Self.base)
        let query = Self.queries.rows(0..<1)
        #expect(try Set(odd.rowsProbed(by: query, nprobe: 600)) == Set(exact.rowsProbed(by: query, nprobe: 600)))
    }

    @Test("a breadth of no candidates is an error where there is a graph")
    func noBreadth() throws {
        var graph = try index(.l2, links: 4)
        try graph.add(Self.base)
        let error = #expect(throws: IndexError.self) {
            try graph.search(Self.queries, k: 1, options: .init(nprobe: 2, efSearch: 0))
        }
        #expect(error?.description.contains("efSearch") == true)
    }

    @Test("indexes trained alike are merged; other centroids are refused")
    func merge() throws {
        let trained = try IVFIndex(
            training: Self.base, spec: IndexSpec(parsing: "IVF100_HNSW4,SQ8"), options: .init(threads: 1))
        var first = trained, second = trained, both = trained
        try first.add(Self.base.rows(0..<900))
        try second.add(Self.base.rows(900..<2000))
        try both.add(Self.base)
        try first.merge(second, idOffset: 900)
        let options = SearchOptions(threads: 1, nprobe: 6)
        #expect(
            try first.search(Self.queries, k: 5, options: options).neighbors
                == both.search(Self.queries, k: 5, options: options).neighbors)
        let other = try IVFIndex(
            training: Self.base, spec: IndexSpec(parsing: "IVF100_HNSW4,SQ8"), options: .init(seed: 9, threads: 1))
        #expect(throws: IndexError.self) { try first.merge(other) }
    }
}
