internal import CAkinKernels

extension HashIndex {
    /// Finds about the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: candidates to compare again, filter, threads, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id. Scores are those of the finer code, in double
    ///   precision; without one the number of bits that differ, for similarities with its sign changed.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: O(q · ``count`` · ``bits``) bit operations, fewer with tables (`BMIH`).
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        let threads = try vectors.check(queries, threads: options.threads)
        let refining = refining
        let wanted = try refining.wanted(k: k, options)
        let kernels = options.kernels ?? .best
        let answers = AnswerRows(queries: queries.rows)
        let chunk = 8192
        for first in stride(from: 0, to: queries.rows, by: chunk) {
            let some = queries.rows(first..<min(first + chunk, queries.rows))
            let found = try codes.nearest(
                signs(of: some, threads: threads, kernels: kernels), count: some.rows, k: wanted, options)
            answers.add(visited: found.visited)
            try some.withUnsafeElements { elements in
                guard let base = elements.baseAddress else { return }
                nonisolated(unsafe) let x = base
                try parallelFor(threads: threads, count: some.rows) { query in
                    guard refining.refinement != nil else {
                        answers.set(found[query].map(neighbor), query: first + query)
                        return
                    }
                    let best = refining.refined(found[query].map(\.row), of: x + query * dimension, kernels: kernels)
                    answers.set(best.prefix(k).map(refining.neighbor), query: first + query)
                }
            }
        }
        return answers.result(k: k, count: count, isExact: false)
    }

    /// Finds all stored vectors within a score of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - radius: the greatest score, or for similarities the least, that counts. Bits that differ bound no distance, so
    ///     an index with refinement compares all finer codes.
    ///   - options: as for ``search(_:k:options:)``.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    public func search(
        _ queries: Matrix<Float>, within radius: Float, options: SearchOptions = .init()
    ) throws -> SearchResult {
        guard !radius.isNaN else { throw IndexError.notANumber(name: "radius") }
        let threads = try vectors.check(queries, threads: options.threads)
        let refining = refining, kernels = options.kernels ?? .best
        let answers = AnswerRows(queries: queries.rows)
        guard refining.refinement == nil else {
            let bound = akin_ordered(metric.isSimilarity ? 0 - radius : radius)
            let mask = options.filter.map { codes.rows.mask($0).words }
            let allowed = (0..<UInt32(count)).filter { row in
                mask.map { $0[Int(row) / 64] >> UInt64(row % 64) & 1 == 1 } ?? true
            }
            try queries.withUnsafeElements { elements in
                guard let base = elements.baseAddress else { return }
                nonisolated(unsafe) let x = base
                try parallelFor(threads: threads, count: queries.rows) { query in
                    try options.monitor.update("searching", done: query, total: queries.rows)
                    let all = refining.refined(allowed, of: x + query * dimension, kernels: kernels)
                    answers.set(all.prefix { $0.key <= bound }.map(refining.neighbor), query: query)
                }
            }
            answers.add(visited: allowed.count * queries.rows)
            return answers.result(k: 0, count: count, isExact: false)
        }
        let most = metric.isSimilarity ? 0 - radius : radius
        guard most >= 0 else { return answers.result(k: 0, count: count, isExact: false) }
        let found = try codes.within(
            Int(min(most, Float(bits))), signs(of: queries, threads: threads, kernels: kernels), count: queries.rows,
            options)
        for query in 0..<queries.rows { answers.set(found[query].map(neighbor), query: query) }
        answers.add(visited: found.visited)
        return answers.result(k: 0, count: count, isExact: false)
    }

    private func neighbor(_ found: HammingNeighbor) -> Neighbor {
        let distance = Float(found.distance)
        return Neighbor(
            id: codes.rows.idPointer[Int(found.row)], score: metric.isSimilarity ? 0 - distance : distance)
    }
}

extension Matrix<Float> {
    /// The signs of the components, in rows of whole words of 64 bits.
    func signs(threads: Int) -> Buffer<UInt8> {
        let size = BinaryIndex.rowByteCount(bits: columns), dimension = columns
        let codes = Buffer<UInt8>(uninitialized: rows * size)
        forEachChunk(of: rows, threads: threads) { range in
            withUnsafeElements { elements in
                guard let x = elements.baseAddress else { return }
                akin_signs(
                    x + range.lowerBound * dimension, range.count, dimension, codes.pointer + range.lowerBound * size,
                    size)
            }
        }
        return codes
    }
}
