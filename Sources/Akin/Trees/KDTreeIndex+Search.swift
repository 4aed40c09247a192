internal import CAkinKernels

extension KDTreeIndex {
    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: leaves to look at in all trees together, candidates to compare again, filter, threads, progress and
    ///     cancellation. More leaves: higher recall, time roughly in proportion.
    /// - Returns: one row per query, nearest first, ties by smaller id, with scores as ``FlatIndex`` gives them. Exact
    ///   for one tree without a limit that mattered and without transforms; a forest does not claim to be.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: O(log ``count``) leaves a query in few dimensions, all of them in many.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        let wanted = try vectors.wanted(k: k, options)
        let answers = AnswerRows(queries: queries.rows)
        try forEach(queries, options, leaves: options.leaves ?? leaves, into: answers) { search, coded, original in
            let (found, isProven) = search.nearest(coded, k: wanted)
            guard vectors.refinement != nil else { return (found.prefix(k).map(vectors.neighbor), isProven) }
            let best = vectors.refined(found.map(\.row), of: original, kernels: options.kernels ?? .best)
            return (best.prefix(k).map(vectors.neighbor), isProven)
        }
        let isExact = treeCount == 1 && vectors.transforms.isEmpty && answers.isProven
        return answers.result(k: k, count: count, isExact: isExact)
    }

    /// Finds all stored vectors within a score of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - radius: the greatest squared distance, or the least similarity, that counts. An index with refinement compares
    ///     all finer codes, since transforms may change scores.
    ///   - options: filter, threads, progress and cancellation; leaves are not limited.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    public func search(
        _ queries: Matrix<Float>, within radius: Float, options: SearchOptions = .init()
    ) throws -> SearchResult {
        guard !radius.isNaN else { throw IndexError.notANumber(name: "radius") }
        let bound = akin_ordered(metric.isSimilarity ? 0 - radius : radius)
        let answers = AnswerRows(queries: queries.rows)
        try forEach(queries, options, leaves: nil, trees: 1, into: answers) { search, coded, original in
            let nominates = vectors.refinement == nil ? bound : .max
            let found = search.nearest(coded, k: count, within: nominates).found
            guard vectors.refinement != nil else { return (found.map(vectors.neighbor), true) }
            let best = vectors.refined(found.map(\.row), of: original, kernels: options.kernels ?? .best)
            return (best.prefix { $0.key <= bound }.map(vectors.neighbor), true)
        }
        return answers.result(k: 0, count: count, isExact: vectors.transforms.isEmpty)
    }

    /// Prepares queries and answers them on all threads.
    private func forEach(
        _ queries: Matrix<Float>, _ options: SearchOptions, leaves: Int?, trees wantedTrees: Int? = nil,
        into answers: AnswerRows,
        _ answer: @Sendable (TreeSearch, UnsafePointer<Float>, UnsafePointer<Float>) -> ([Neighbor], isProven: Bool)
    ) throws {
        let threads = try vectors.check(queries, threads: options.threads)
        if let leaves, leaves < 1 {
            throw IndexError.outOfRange(name: "leaves", value: leaves, allowed: 1...max(1, leafCount * treeCount))
        }
        guard queries.rows > 0, count > 0 else { return }
        let mask = options.filter.map { vectors.rows.mask($0).words }
        let coded = try vectors.ranked(queries, threads: threads)
        let size = min(64, max(1, queries.rows / threads)), coarse = vectors.codedDimension
        let chosen = trees.prefix(wantedTrees ?? trees.count)
        // The matrices live as long as the index does.
        let views = chosen.compactMap { tree in tree.withNodes { (nodes: $0, rows: $1) } }
        nonisolated(unsafe) let shown = views
        try coded.withUnsafeElements { coded in
            try queries.withUnsafeElements { originals in
                guard let coded = coded.baseAddress, let given = originals.baseAddress else { return }
                nonisolated(unsafe) let (x, y) = (coded, given)
                try parallelFor(threads: threads, count: (queries.rows + size - 1) / size) { block in
                    try options.monitor.update("searching", done: block * size, total: queries.rows)
                    let search = TreeSearch(
                        shown, space: treeSpace, rows: vectors.rows, dimension: coarse, count: count,
                        leaves: leaves ?? .max, allowed: mask, kernels: options.kernels ?? .best)
                    for query in block * size..<min(queries.rows, block * size + size) {
                        let (row, isProven) = answer(search, x + query * coarse, y + query * dimension)
                        answers.set(row, query: query)
                        if !isProven { answers.addUnproven(1) }
                    }
                    answers.add(visited: search.visited)
                }
            }
        }
        withExtendedLifetime(trees) {}
    }
}
