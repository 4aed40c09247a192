internal import CAkinKernels

extension HNSWIndex {
    /// Finds about the `k` nearest stored vectors of each query.
    ///
    /// Under a filter the graph is searched in the way that is cheapest for the share of vectors that pass, with the
    /// recall of a search without one; ``SearchResult/filtering`` says how. A row has `k` neighbours where so many pass.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: candidates to keep while walking (`efSearch`, at least `k` are), candidates to compare again,
    ///     filter, threads, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id. Scores are those of what the finest code of the
    ///   index stands for, computed in double precision.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: about O(efSearch · m) comparisons of codes a query, growing with the logarithm of the count.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        guard k >= 1 else { throw IndexError.outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        let threads = try VectorCheck.usable(queries, dimension: dimension, threads: options.threads)
        let breadth = try breadth(k: k, options)
        let kernels = options.kernels ?? .best
        guard count > 0 else {
            let none = Neighbors(Array(repeating: [], count: queries.rows))
            return SearchResult(neighbors: none, isExact: true, visited: 0, isLimited: false)
        }
        if let filter = options.filter {
            return try search(queries, breadth, filter: filter, threads: threads, options)
        }
        let views = layerViews
        let answers = GraphAnswers(queries: queries.rows)
        try forEachBlock(of: queries, threads: threads, options.monitor) { block in
            let together = GraphSearcher.together
            let searchers = (0..<min(block.count, together)).map { _ in searcher(kernels) }
            let ranking = GraphRanking(self, wanted: breadth.wanted, kernels: kernels)
            for q in stride(from: 0, to: block.count, by: together) {
                let group = searchers.prefix(block.count - q)
                let starts = group.enumerated().map { i, searcher in
                    searcher.ask(block.prepared(q + i))
                    return (searcher: searcher, entry: searcher.descend(views, from: entry, to: 0))
                }
                GraphSearcher.search(views[0], starts, ef: breadth.ef)
                for (i, searcher) in group.enumerated() {
                    answers.set(
                        ranking.best(
                            breadth.k, of: searcher, wanted: breadth.wanted, query: block.given(q + i),
                            prepared: block.prepared(q + i)),
                        query: block.first + q + i)
                }
                if q % 64 == 0 { try options.monitor.quiet.update("searching", done: 0, total: nil) }
            }
            answers.add(visited: searchers.reduce(0) { $0 + $1.visited })
        }
        return SearchResult(
            neighbors: answers.neighbors, isExact: false, visited: answers.visited,
            isLimited: answers.shortest < breadth.k)
    }

    /// Whether scores are those of ``ExactScores``, bit by bit, for the vectors that were added.
    package var hasExactScores: Bool {
        metric == .l2 && codec is FlatGraphCodec && refinement == nil && points.transforms.isEmpty
    }

    /// How many to look for: neighbours, candidates of a walk, and those of them that are compared again.
    struct Breadth {
        let k: Int
        let ef: Int
        let wanted: Int
    }

    private func breadth(k: Int, _ options: SearchOptions) throws(IndexError) -> Breadth {
        let ef = options.efSearch ?? defaults.efSearch
        guard ef >= 1 else { throw .outOfRange(name: "efSearch", value: ef, allowed: 1...max(1, count)) }
        let factor = options.refineFactor ?? defaults.refineFactor
        guard factor >= 1 else { throw .belowOne(name: "refine factor", value: factor) }
        let k = min(k, max(count, 1))
        let kept = min(max(ef, k), max(count, 1))
        let refined = min(kept, max(k, Int(min((Double(k) * factor).rounded(.up), 1e9))))
        return Breadth(k: k, ef: kept, wanted: refinement == nil ? k : refined)
    }

    /// Prepares queries some at a time and hands blocks of them to all threads.
    func forEachBlock(
        of queries: Matrix<Float>, threads: Int, _ monitor: ProgressMonitor,
        _ body: @Sendable (GraphQueries) throws -> Void
    ) throws {
        for first in stride(from: 0, to: queries.rows, by: 4096) {
            try monitor.update("searching", done: first, total: queries.rows)
            let originals = queries.rows(first..<min(first + 4096, queries.rows))
            let prepared = try points.queries(originals, threads: threads)
            let blocks = min(originals.rows, threads == 1 ? 1 : 8 * threads)
            try prepared.withUnsafeElements { prepared in
                try originals.withUnsafeElements { originals in
                    guard let prepared = prepared.baseAddress, let given = originals.baseAddress else { return }
                    nonisolated(unsafe) let (x, y) = (prepared, given)
                    let rows = originals.count / dimension
                    try parallelFor(threads: threads, count: blocks) { block in
                        let range = rows * block / blocks..<rows * (block + 1) / blocks
                        try body(
                            GraphQueries(
                                first: first + range.lowerBound, count: range.count,
                                prepared: x + range.lowerBound * codec.dimension, codedDimension: codec.dimension,
                                given: y + range.lowerBound * dimension, dimension: dimension))
                    }
                }
            }
        }
    }

    /// Every layer, lent while the index does not change.
    var layerViews: [LayerView] { layers.enumerated().map { LayerView($1, isBase: $0 == 0) } }

    /// A walker for one thread.
    func searcher(_ kernels: Kernels) -> GraphSearcher {
        GraphSearcher(codec: codec, codes: codes.base, members: count, degree: layers[0].degree, kernels: kernels)
    }
}

/// Queries that one thread answers.
struct GraphQueries {
    /// The number of the first among all queries.
    let first: Int
    let count: Int
    private let prepared: UnsafePointer<Float>
    private let codedDimension: Int
    private let given: UnsafePointer<Float>
    private let dimension: Int

    init(
        first: Int, count: Int, prepared: UnsafePointer<Float>, codedDimension: Int, given: UnsafePointer<Float>,
        dimension: Int
    ) {
        self.first = first
        self.count = count
        self.prepared = prepared
        self.codedDimension = codedDimension
        self.given = given
        self.dimension = dimension
    }

    /// Query `q` of these as codes are compared with it.
    func prepared(_ q: Int) -> UnsafePointer<Float> { prepared + q * codedDimension }
    /// Query `q` of these as the caller gave it.
    func given(_ q: Int) -> UnsafePointer<Float> { given + q * dimension }
}
