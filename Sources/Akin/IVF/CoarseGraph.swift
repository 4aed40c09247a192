internal import CAkinKernels

/// A graph over centroids, which finds the nearest of them by looking at some.
///
/// Walks compare codes of 8 bits a component; the best of what they meet are put in order by the centroids themselves.
/// The members of the graph are the centroids by their numbers, so that its links are all that a file must keep.
struct CoarseGraph: Sendable {
    /// Over codes of the centroids; its ids are their numbers.
    let index: HNSWIndex

    /// Links of a centroid on the levels above the lowest.
    var m: Int { index.m }
    var byteCount: Int { index.byteCount }

    /// Candidates kept while a vector is assigned to its list.
    static let assignBreadth = 64

    /// Candidates kept while the nearest `nprobe` lists are looked for, where a call does not say.
    static func breadth(nprobe: Int) -> Int { max(64, 2 * nprobe) }

    private static func spec(m: Int) -> IndexSpec { IndexSpec(core: .hnsw(m: m, .scalar(.bits8))) }

    /// Links centroids, `[nlist, dimension]`, finite; the result depends on the seed, not on the threads.
    ///
    /// - Throws: `CancellationError` when the monitor says stop.
    init(
        linking centroids: Matrix<Float>, m: Int, metric: Metric, seed: UInt64, threads: Int, monitor: ProgressMonitor
    ) throws {
        var built = try HNSWIndex(
            training: centroids, spec: Self.spec(m: m), metric: metric, construction: .init(seed: seed),
            threads: threads)
        try built.add(centroids, threads: threads, monitor: monitor)
        let ids = built.ids.base.assumingMemoryBound(to: Int64.self)
        let numbers = (0..<built.count).map { UInt32(ids[$0]) }
        try self.init(
            PlainGraph(built.layers, entry: built.entry, numbers: numbers), centroids, metric: metric, path: "")
    }

    /// Takes over links that are there already; `path` is for messages.
    ///
    /// - Throws: ``FileError`` for links that contradict themselves, ``IndexError`` for centroids that are not finite.
    init(_ graph: PlainGraph, _ centroids: Matrix<Float>, metric: Metric, path: String) throws {
        index = try HNSWIndex(
            graph, vectors: centroids, ids: (0..<centroids.rows).map(Int64.init), metric: metric,
            transforms: TransformChain(inputDimension: centroids.columns), transformSpecs: [], kind: .scalar(.bits8),
            efConstruction: HNSWIndex.Construction().efConstruction, path: path)
    }

    /// About the `k` nearest centroids of each vector, nearest first, of equally near ones the smaller number.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: how many, at most as many as there are.
    ///   - breadth: candidates kept while walking, `k` or more.
    ///   - centroids: those of the graph.
    ///   - threads: to use.
    ///   - kernels: the instruction set; the answer is the same for each.
    ///   - monitor: progress and cancellation.
    /// - Returns: `[n, k]`; rows whose walk did not reach `k` centroids are not written but named.
    /// - Throws: ``IndexError`` for vectors of another dimension; `CancellationError` when the monitor says stop.
    func nearest(
        _ vectors: Matrix<Float>, k: Int, breadth: Int, centroids: Matrix<Float>, threads: Int, kernels: Kernels,
        monitor: ProgressMonitor
    ) throws -> (found: CoarseNeighbors, short: [Int]) {
        let found = CoarseNeighbors(rows: vectors.rows, k: k)
        let isShort = Buffer<Bool>(repeating: false, count: vectors.rows)
        let views = index.layerViews
        // Codes of 8 bits may take neighbours for each other: some more are compared by the centroids themselves.
        let most = min(breadth, 2 * k + 8)
        try index.forEachBlock(of: vectors, threads: threads, monitor) { block in
            let together = GraphSearcher.together
            let searchers = (0..<min(block.count, together)).map { _ in index.searcher(kernels) }
            let ranking = CoarseRanking(centroids, isProduct: index.metric != .l2, most: most, kernels: kernels)
            for q in stride(from: 0, to: block.count, by: together) {
                let group = searchers.prefix(block.count - q)
                let starts = group.enumerated().map { i, searcher in
                    searcher.ask(block.prepared(q + i))
                    return (searcher: searcher, entry: searcher.descend(views, from: index.entry, to: 0))
                }
                GraphSearcher.search(views[0], starts, ef: breadth)
                for (i, searcher) in group.enumerated() {
                    let row = block.first + q + i
                    isShort[row] = !ranking.rank(searcher, for: block.given(q + i), into: found, row: row)
                }
            }
        }
        return (found, (0..<vectors.rows).filter { isShort[$0] })
    }
}

/// Puts what walks met in order by the centroids themselves; belongs to one thread.
private final class CoarseRanking {
    private let centroids: Matrix<Float>
    private let isProduct: Bool
    private let kernels: Kernels
    private let most: Int
    private let members: Buffer<UInt32>
    private let keys: Buffer<Double>
    private var order: [UInt64] = []

    /// Prepares to compare the `most` best of a walk.
    init(_ centroids: Matrix<Float>, isProduct: Bool, most: Int, kernels: Kernels) {
        self.centroids = centroids
        self.isProduct = isProduct
        self.most = most
        self.kernels = kernels
        members = Buffer(uninitialized: most)
        keys = Buffer(uninitialized: most)
    }

    /// Writes the nearest of a walk's candidates into row `row`; gives whether there are enough of them.
    func rank(
        _ searcher: GraphSearcher, for vector: UnsafePointer<Float>, into found: CoarseNeighbors, row: Int
    ) -> Bool {
        let n = min(most, searcher.poolCount)
        guard n >= found.k else { return false }
        for i in 0..<n { members[i] = searcher[i].member }
        centroids.withUnsafeElements { elements in
            guard let y = elements.baseAddress else { return }
            akin_exact_many(
                kernels.table, isProduct, vector, y, centroids.columns, members.pointer, n, keys.pointer)
        }
        order.removeAll(keepingCapacity: true)
        for i in 0..<n {
            let key = akin_ordered(Float(isProduct ? 0 - keys[i] : keys[i]))
            order.append(UInt64(UInt32(bitPattern: key) ^ 1 << 31) << 32 | UInt64(members[i]))
        }
        order.sort()
        for i in 0..<found.k {
            let key = akin_unordered(Int32(bitPattern: UInt32(order[i] >> 32) ^ 1 << 31))
            found.set(row, i, number: UInt32(truncatingIfNeeded: order[i]), key: key)
        }
        return true
    }
}
