internal import Synchronization

extension HNSWIndex {
    /// From so many queries on, vectors that pass are gathered for the tiles of exact search.
    private static let gatheredQueries = 16

    /// Searches among the vectors whose ids a filter lets pass.
    func search(
        _ queries: Matrix<Float>, _ breadth: Breadth, filter: IDFilter, threads: Int, _ options: SearchOptions
    ) throws -> SearchResult {
        let passing = GraphFilter(filter, self, queries: queries.rows, ef: breadth.ef, plan: options.filtering)
        if passing.plan == .scan, let rows = passing.rows, let vectors = keptVectors {
            if queries.rows >= Self.gatheredQueries {
                return try scan(queries, breadth, rows: rows, vectors, threads: threads, options)
            }
            return try walk(queries, breadth, passing, comparingAll: true, threads: threads, options)
        }
        return try walk(queries, breadth, passing, comparingAll: false, threads: threads, options)
    }

    /// Searches query by query; `comparingAll` compares all that pass by the finest code.
    private func walk(
        _ queries: Matrix<Float>, _ breadth: Breadth, _ filter: GraphFilter, comparingAll: Bool, threads: Int,
        _ options: SearchOptions
    ) throws -> SearchResult {
        let kernels = options.kernels ?? .best
        let views = layerViews
        let answers = GraphAnswers(queries: queries.rows)
        let all = LazyRows { filter.allRows(of: count) }
        try forEachBlock(of: queries, threads: threads, options.monitor) { block in
            let searcher = searcher(kernels)
            let filtered = FilteredSearcher(self, layer: views[0], filter: filter, kernels: kernels)
            let ranking = GraphRanking(self, wanted: breadth.wanted, kernels: kernels)
            var visited = 0
            for q in 0..<block.count {
                try options.monitor.quiet.update("searching", done: 0, total: nil)
                let (prepared, given) = (block.prepared(q), block.given(q))
                if comparingAll {
                    visited += all.rows.count
                    answers.set(
                        ranking.best(breadth.k, ofAll: all.rows, query: given, prepared: prepared),
                        query: block.first + q)
                    continue
                }
                filtered.ask(prepared)
                find(filter, breadth, prepared, views, searcher, filtered, all)
                answers.set(
                    ranking.best(
                        breadth.k, of: filtered.found.prefix(breadth.wanted), query: given, prepared: prepared),
                    query: block.first + q)
            }
            answers.add(visited: visited + searcher.visited + filtered.visited)
        }
        return SearchResult(
            neighbors: answers.neighbors, isExact: comparingAll, visited: answers.visited,
            isLimited: answers.shortest < breadth.k, filtering: filter.plan)
    }

    /// Leaves the candidates of one query with `filtered`; where a walk meets too few, as it does where those that pass
    /// are elsewhere, the next way follows.
    private func find(
        _ filter: GraphFilter, _ breadth: Breadth, _ query: UnsafePointer<Float>, _ views: [LayerView],
        _ searcher: GraphSearcher, _ filtered: FilteredSearcher, _ all: LazyRows
    ) {
        let ef = breadth.ef
        if filter.plan != .scan {
            searcher.ask(query)
            let start = searcher.descend(views, from: entry, to: 0)
            if filter.plan == .wider {
                searcher.search(views[0], from: start, ef: filter.wider(ef, count: count))
                filtered.keep(searcher, ef: ef)
                if filtered.found.count >= max(breadth.k, ef / 2) { return }
            } else {
                searcher.search(views[0], from: start, ef: min(ef, 32))
            }
            filtered.walk(from: searcher, ef: ef)
            if filtered.found.count >= ef || filtered.found.count == filter.rows?.count { return }
        }
        filtered.scan(all.rows, ef: ef)
    }

    /// The vectors as they were given, where the index keeps them: where they begin, and floats from one to the next.
    private var keptVectors: (start: UnsafePointer<Float>, stride: Int)? {
        if let refinement {
            guard refinement.codec is FlatGraphCodec else { return nil }
            return (refined.base.assumingMemoryBound(to: Float.self), refined.rowByteCount / 4)
        }
        // Cosine keeps vectors of length one, which are others.
        guard codec is FlatGraphCodec, points.transforms.transforms.isEmpty, metric != .cosine else { return nil }
        return (codes.base.assumingMemoryBound(to: Float.self), codes.rowByteCount / 4)
    }

    /// Compares all vectors that pass exactly, some at a time.
    private func scan(
        _ queries: Matrix<Float>, _ breadth: Breadth, rows: [UInt32],
        _ vectors: (start: UnsafePointer<Float>, stride: Int), threads: Int, _ options: SearchOptions
    ) throws -> SearchResult {
        let stored = ids.base.assumingMemoryBound(to: Int64.self)
        var exact = SearchOptions(threads: threads, monitor: options.monitor)
        exact.kernels = options.kernels
        var best: [[Neighbor]] = Array(repeating: [], count: queries.rows)
        for first in stride(from: 0, to: rows.count, by: 1 << 16) {
            let some = rows[first..<min(first + 1 << 16, rows.count)]
            let gathered = Matrix<Float>(rows: some.count, columns: dimension) { target in
                guard let target = target.baseAddress else { return }
                for (i, row) in some.enumerated() {
                    (target + i * dimension).update(from: vectors.start + Int(row) * vectors.stride, count: dimension)
                }
            }
            let part = try FlatIndex(
                gathered, ids: some.map { stored[Int($0)] }, metric: metric, eightBit: false, threads: threads,
                kernels: options.kernels ?? .best)
            let found = try part.search(queries, k: breadth.k, options: exact).neighbors
            for query in best.indices {
                guard !best[query].isEmpty else {
                    best[query] = Array(found[query])
                    continue
                }
                best[query] = Array(
                    (best[query] + found[query]).sorted {
                        metric.isNearer($0.score, than: $1.score) || ($0.score == $1.score && $0.id < $1.id)
                    }.prefix(breadth.k))
            }
        }
        return SearchResult(
            neighbors: Neighbors(best), isExact: true, visited: rows.count * queries.rows,
            isLimited: queries.rows > 0 && rows.count < breadth.k, filtering: .scan)
    }
}

/// Rows that are found when first asked for, by whichever thread asks first.
private final class LazyRows: Sendable {
    private let known: Mutex<[UInt32]?> = Mutex(nil)
    private let find: @Sendable () -> [UInt32]

    init(_ find: @escaping @Sendable () -> [UInt32]) { self.find = find }

    var rows: [UInt32] {
        known.withLock { known in
            if let known { return known }
            let found = find()
            known = found
            return found
        }
    }
}
