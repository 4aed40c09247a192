internal import CAkinKernels

extension HNSWIndex {
    /// Finds about the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: candidates to keep while walking (`efSearch`, at least `k` are), candidates to compare again,
    ///     threads, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id. Scores are those of what the finest code of the
    ///   index stands for, computed in double precision.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: about O(efSearch · m) comparisons of codes a query, growing with the logarithm of the count.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        guard k >= 1 else { throw IndexError.outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        guard queries.columns == dimension || queries.rows == 0 else {
            throw IndexError.dimensionMismatch(expected: dimension, actual: queries.columns)
        }
        let threads = options.threads ?? availableCores()
        guard threads >= 1 else { throw IndexError.outOfRange(name: "threads", value: threads, allowed: 1...4096) }
        let efSearch = options.efSearch ?? defaults.efSearch
        guard efSearch >= 1 else {
            throw IndexError.outOfRange(name: "efSearch", value: efSearch, allowed: 1...max(1, count))
        }
        let factor = options.refineFactor ?? defaults.refineFactor
        guard factor >= 1 else { throw IndexError.belowOne(name: "refine factor", value: factor) }
        try VectorCheck.finite(queries)
        let k = min(k, max(count, 1))
        let ef = min(max(efSearch, k), max(count, 1))
        let wanted = refinement == nil ? k : min(ef, max(k, Int(min((Double(k) * factor).rounded(.up), 1e9))))
        let kernels = options.kernels ?? .best
        let views = layerViews
        let answers = GraphAnswers(queries: queries.rows)
        guard count > 0 else {
            return SearchResult(neighbors: answers.neighbors, isExact: true, visited: 0, isLimited: false)
        }

        let chunk = 4096
        for first in stride(from: 0, to: queries.rows, by: chunk) {
            try options.monitor.update("searching", done: first, total: queries.rows)
            let originals = queries.rows(first..<min(first + chunk, queries.rows))
            let prepared = try points.queries(originals, threads: threads)
            let blocks = min(originals.rows, threads == 1 ? 1 : 8 * threads)
            try prepared.withUnsafeElements { prepared in
                try originals.withUnsafeElements { originals in
                    guard let prepared = prepared.baseAddress, let given = originals.baseAddress else { return }
                    nonisolated(unsafe) let (x, y, layers) = (prepared, given, views)
                    let rows = originals.count / dimension
                    try parallelFor(threads: threads, count: blocks) { block in
                        let searcher = searcher(kernels)
                        let ranking = GraphRanking(self, wanted: wanted, kernels: kernels)
                        for q in rows * block / blocks..<rows * (block + 1) / blocks {
                            searcher.ask(x + q * codec.dimension)
                            let start = searcher.descend(layers, from: entry, to: 0)
                            searcher.search(layers[0], from: start, ef: ef)
                            answers.set(
                                ranking.best(
                                    k, of: searcher, wanted: wanted, query: y + q * dimension,
                                    prepared: x + q * codec.dimension),
                                query: first + q)
                            if q % 64 == 0 { try options.monitor.quiet.update("searching", done: 0, total: nil) }
                        }
                        answers.add(visited: searcher.visited)
                    }
                }
            }
        }
        return SearchResult(
            neighbors: answers.neighbors, isExact: false, visited: answers.visited,
            isLimited: answers.shortest < k)
    }

    /// Every layer, lent while the index does not change.
    var layerViews: [LayerView] { layers.enumerated().map { LayerView($1, isBase: $0 == 0) } }

    /// A walker for one thread.
    func searcher(_ kernels: Kernels) -> GraphSearcher {
        GraphSearcher(codec: codec, codes: codes.base, members: count, degree: layers[0].degree, kernels: kernels)
    }
}
