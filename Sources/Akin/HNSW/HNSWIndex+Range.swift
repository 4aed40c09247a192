internal import CAkinKernels

extension HNSWIndex {
    /// Finds about all stored vectors within a score of each query.
    ///
    /// A walk keeps ever more candidates, until the farthest of them are beyond the radius.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - radius: the greatest squared distance, or the least similarity, that counts.
    ///   - options: as for ``search(_:k:options:)``; `efSearch` is how many candidates a walk keeps at first. A filter is
    ///     asked of what is found.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    /// - Complexity: that of a search with `efSearch` about four times as large as a row of the answer.
    public func search(
        _ queries: Matrix<Float>, within radius: Float, options: SearchOptions = .init()
    ) throws -> SearchResult {
        guard !radius.isNaN else { throw IndexError.notANumber(name: "radius") }
        let threads = try VectorCheck.usable(queries, dimension: dimension, threads: options.threads)
        let first = options.efSearch ?? defaults.efSearch
        guard first >= 1 else {
            throw IndexError.outOfRange(name: "efSearch", value: first, allowed: 1...max(1, count))
        }
        let answers = GraphAnswers(queries: queries.rows)
        let bound = metric.isSimilarity ? 0 - radius : radius
        let kernels = options.kernels ?? .best
        if count > 0 {
            let views = layerViews
            try forEachBlock(of: queries, threads: threads, options.monitor) { block in
                let searcher = searcher(kernels)
                let ranking = GraphRanking(self, wanted: 0, kernels: kernels)
                for q in 0..<block.count {
                    try options.monitor.quiet.update("searching", done: 0, total: nil)
                    searcher.ask(block.prepared(q))
                    let start = searcher.descend(views, from: entry, to: 0)
                    var ef = min(max(first, 64), count)
                    while true {
                        searcher.search(views[0], from: start, ef: ef)
                        let (found, reach) = ranking.all(
                            of: searcher, within: bound, filter: options.filter, query: block.given(q),
                            prepared: block.prepared(q))
                        // Codes put candidates in another order than their vectors do, but not by far.
                        if ef == count || reach <= searcher.poolCount - searcher.poolCount / 4 {
                            answers.set(found, query: block.first + q)
                            break
                        }
                        ef = min(4 * ef, count)
                    }
                }
                answers.add(visited: searcher.visited)
            }
        }
        return SearchResult(
            neighbors: answers.neighbors, isExact: count == 0, visited: answers.visited, isLimited: false)
    }
}
