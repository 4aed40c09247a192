internal import CAkinKernels

extension FlatIndex {
    /// Finds the `k` nearest stored vectors of each query: the true ones, whatever the threads and the CPU.
    ///
    /// Candidates are nominated in low precision with proven bounds and decided by distances computed by difference
    /// in double precision, so the result equals a double-precision brute force, ties within one rounding of the
    /// score going to the smaller id.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more; a row has at most ``count``.
    ///   - options: threads, arithmetic, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)``, ``IndexError/outOfRange(name:value:allowed:)``,
    ///   ``IndexError/notFinite(row:column:)``; `CancellationError` when the monitor says stop.
    /// - Complexity: O(q · ``count`` · ``dimension``).
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        try check(queries, k: k, options: options)
        let threads = options.threads ?? availableCores()
        let rows = try queries.withUnsafeElements { elements -> [[Neighbor]] in
            guard let x = elements.baseAddress, queries.rows > 0 else { return [] }
            if count == 0 || options.filter != nil { return Array(repeating: [], count: queries.rows) }
            nonisolated(unsafe) let start = x
            return try search(start, count: queries.rows, k: min(k, count), threads: threads, options: options)
        }
        // Checked above like any search, so that errors are the same.
        if let filter = options.filter { return try search(queries, k: k, filter: filter, options: options) }
        return SearchResult(
            neighbors: Neighbors(rows), isExact: true, visited: count * queries.rows, isLimited: false)
    }

    /// Refuses what cannot be searched with.
    ///
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)``, ``IndexError/outOfRange(name:value:allowed:)``,
    ///   ``IndexError/notFinite(row:column:)``.
    package func check(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws(IndexError) {
        guard k >= 1 else { throw .outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        guard queries.columns == dimension || queries.rows == 0 else {
            throw .dimensionMismatch(expected: dimension, actual: queries.columns)
        }
        if let threads = options.threads, threads < 1 {
            throw .outOfRange(name: "threads", value: threads, allowed: 1...4096)
        }
        try queries.withUnsafeElements { (elements) throws(IndexError) in
            guard let x = elements.baseAddress, queries.rows > 0 else { return }
            let bad = akin_first_not_finite(x, elements.count)
            if bad < elements.count { throw .notFinite(row: bad / dimension, column: bad % dimension) }
        }
    }

    private func search(
        _ queries: UnsafePointer<Float>, count: Int, k: Int, threads: Int, options: SearchOptions
    ) throws -> [[Neighbor]] {
        nonisolated(unsafe) let queries = queries
        let byQueries = count >= threads * 4 * groupQueries || threads == 1
        let size = blockSize(count: count, k: k, threads: byQueries ? threads : 1, options)
        let blocks = (count + size - 1) / size
        let parts = byQueries ? 1 : max(1, min(threads, stored.panels))
        let monitor = options.monitor
        let results = Results(parts: parts, queries: count)

        try parallelFor(threads: threads, count: blocks * parts) { task in
            let first = task / parts * size, part = task % parts
            let block = QueryBlock(
                rows: stored, ids: ids, idsAscend: idsAscend, queries: queries + first * dimension,
                count: min(size, count - first), k: k,
                nomination: nomination(for: queries + first * dimension, count: min(size, count - first), k, options))
            let panels = stored.panels * part / parts..<stored.panels * (part + 1) / parts
            try BlockScan(rows: stored, block: block, monitor: monitor).run(panels)
            for q in 0..<block.count { results.set(block.finish(q), part: part, query: first + q) }
        }
        return results.rows(k: k, metric: metric)
    }

    /// Queries that are scanned together.
    ///
    /// Panels of floats are packed anew for each block, so that many queries must
    /// share one; 8-bit panels lie ready, and fewer queries keep their candidates in the cache.
    private func blockSize(count: Int, k: Int, threads: Int, _ options: SearchOptions) -> Int {
        let packs = options.arithmetic == .float32 || stored.codes == nil || !stored.kernels.pointee.has_dot8
        let affordable = max(groupQueries, (24 << 20) / QueryBlock.byteCount(queries: 1, k: k))
        let share = (count + threads - 1) / threads
        let size = min(affordable, share, packs ? 2_048 : 512)
        return (size + groupQueries - 1) / groupQueries * groupQueries
    }

    /// Whether no bound holds for some query, or none can help.
    func mustCompareExactly(_ queries: UnsafePointer<Float>, count: Int, k: Int) -> Bool {
        let largest = Double(akin_largest_magnitude(queries, count * dimension))
        if stored.isExtreme || largest * largest * Double(dimension) > 0x1p90 || k > self.count / 2 { return true }
        guard metric == .cosine else { return false }
        return (0..<count).contains { q in
            let x = queries + q * dimension
            let square = stored.kernels.pointee.product(x, x, dimension)
            return !StoredRows.isOrdinary(sigma: StoredRows.sigma(square: square))
        }
    }

    private func nomination(
        for queries: UnsafePointer<Float>, count: Int, _ k: Int, _ options: SearchOptions
    ) -> Nomination {
        if let nomination = options.nomination { return nomination }
        if mustCompareExactly(queries, count: count, k: k) { return .exact64 }
        if options.arithmetic == .automatic, stored.codes != nil, stored.kernels.pointee.has_dot8 {
            guard stored.isWhole, metric == .l2 else { return .dot8 }
            var least: Float = 0, greatest: Float = 0
            let whole = akin_whole_numbers(queries, count * dimension, &least, &greatest)
            let middle = stored.center[0]
            return whole && least >= middle - 128 && greatest <= middle + 127 ? .exact8 : .dot8
        }
        return count <= groupQueries ? .rows32 : .tiles32
    }
}

/// The answers of all tasks; one task writes each slot, and all are read when every thread has come back.
private final class Results: @unchecked Sendable {
    private let parts: Int
    private let queries: Int
    private let slots: UnsafeMutablePointer<[Contender]>

    init(parts: Int, queries: Int) {
        self.parts = parts
        self.queries = queries
        slots = .allocate(capacity: parts * queries)
        slots.initialize(repeating: [], count: parts * queries)
    }

    deinit {
        slots.deinitialize(count: parts * queries)
        slots.deallocate()
    }

    func set(_ contenders: [Contender], part: Int, query: Int) {
        slots[query * parts + part] = contenders
    }

    /// One row per query: the k nearest of what all parts found.
    func rows(k: Int, metric: Metric) -> [[Neighbor]] {
        (0..<queries).map { query in
            var row = slots[query * parts]
            if parts > 1 {
                for part in 1..<parts { row += slots[query * parts + part] }
                row.sort()
            }
            return row.prefix(k).map { contender in
                let key = akin_unordered(contender.key)
                return Neighbor(id: contender.id, score: metric.isSimilarity ? 0 - key : key)
            }
        }
    }
}
