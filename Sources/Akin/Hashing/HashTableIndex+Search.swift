internal import CAkinKernels

extension HashTableIndex {
    /// Finds about the `k` nearest stored vectors of each query: the nearest of those in the buckets looked at.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more. A row is shorter where the buckets hold fewer that the filter allows.
    ///   - options: buckets to look at in each table, candidates to compare again, filter, threads, progress and
    ///     cancellation. More buckets: higher recall, time roughly in proportion.
    /// - Returns: one row per query, nearest first, ties by smaller id, with scores as ``FlatIndex`` gives them.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        let wanted = try vectors.wanted(k: k, options)
        let answers = AnswerRows(queries: queries.rows)
        try forEach(queries, options, into: answers) { ranking, candidates, coded, original in
            let found = ranking.best(candidates, of: coded, k: wanted)
            guard vectors.refinement != nil else { return found.prefix(k).map(vectors.neighbor) }
            let best = vectors.refined(found.map(\.row), of: original, kernels: options.kernels ?? .best)
            return best.prefix(k).map(vectors.neighbor)
        }
        return answers.result(k: k, count: count, isExact: false)
    }

    /// Finds the stored vectors within a score of each query, among those in the buckets looked at.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - radius: the greatest squared distance, or the least similarity, that counts.
    ///   - options: as for ``search(_:k:options:)``.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    public func search(
        _ queries: Matrix<Float>, within radius: Float, options: SearchOptions = .init()
    ) throws -> SearchResult {
        guard !radius.isNaN else { throw IndexError.notANumber(name: "radius") }
        let bound = akin_ordered(metric.isSimilarity ? 0 - radius : radius)
        let answers = AnswerRows(queries: queries.rows)
        try forEach(queries, options, into: answers) { ranking, candidates, coded, original in
            guard vectors.refinement != nil else {
                return ranking.best(candidates, of: coded, k: candidates.count, within: bound).map(vectors.neighbor)
            }
            let best = vectors.refined(candidates, of: original, kernels: options.kernels ?? .best)
            return best.prefix { $0.key <= bound }.map(vectors.neighbor)
        }
        return answers.result(k: 0, count: count, isExact: false)
    }

    /// Collects the candidates of each query, on all threads.
    private func forEach(
        _ queries: Matrix<Float>, _ options: SearchOptions, into answers: AnswerRows,
        _ answer: @Sendable (RowRanking, [UInt32], UnsafePointer<Float>, UnsafePointer<Float>) -> [Neighbor]
    ) throws {
        let threads = try vectors.check(queries, threads: options.threads)
        let probes = options.probes ?? probes
        guard probes >= 1 else { throw IndexError.outOfRange(name: "probes", value: probes, allowed: 1...Int.max) }
        guard queries.rows > 0, count > 0 else { return }
        let kernels = options.kernels ?? .best
        let mask = options.filter.map { vectors.rows.mask($0).words }
        let chunk = 4096
        for first in stride(from: 0, to: queries.rows, by: chunk) {
            let some = queries.rows(first..<min(first + chunk, queries.rows))
            let coded = try vectors.ranked(some, threads: threads)
            let products = try products(of: some, threads: threads, kernels: kernels)
            let size = min(64, max(1, some.rows / threads)), d = coded.columns
            try coded.withUnsafeElements { coded in
                try some.withUnsafeElements { originals in
                    try products.withUnsafeElements { products in
                        guard let coded = coded.baseAddress, let given = originals.baseAddress,
                            let products = products.baseAddress
                        else { return }
                        nonisolated(unsafe) let (x, y, p) = (coded, given, products)
                        try parallelFor(threads: threads, count: (some.rows + size - 1) / size) { block in
                            let ranking = RowRanking(vectors, kernels: kernels)
                            let seen = Buffer<UInt64>(repeating: 0, count: count / 64 + 1)
                            for query in block * size..<min(some.rows, block * size + size) {
                                try options.monitor.update("searching", done: first + query, total: queries.rows)
                                let found = candidates(
                                    p + query * functions.projection.outputDimension, probes: probes, mask, seen)
                                answers.add(visited: found.count)
                                answers.set(
                                    answer(ranking, found, x + query * d, y + query * dimension), query: first + query)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The rows in the buckets of a query, each once.
    private func candidates(
        _ products: UnsafePointer<Float>, probes: Int, _ allowed: Buffer<UInt64>?, _ seen: Buffer<UInt64>
    ) -> [UInt32] {
        var found: [UInt32] = []
        for (t, table) in tables.enumerated() {
            var sequence = ProbeSequence(functions, products + t * functions.hashes)
            for _ in 0..<probes {
                guard let key = sequence.next() else { break }
                table.forEach(key) { row in
                    let word = Int(row) / 64, bit: UInt64 = 1 << UInt64(row % 64)
                    guard seen[word] & bit == 0, allowed.map({ $0[word] & bit != 0 }) ?? true else { return }
                    seen[word] |= bit
                    found.append(row)
                }
            }
        }
        for row in found { seen[Int(row) / 64] = 0 }
        return found
    }
}

/// Compares rows that lie anywhere with queries, exactly; belongs to one thread.
final class RowRanking {
    private let vectors: IndexedVectors
    private let kernels: Kernels
    private var keys: [Double] = []

    init(_ vectors: IndexedVectors, kernels: Kernels) {
        self.vectors = vectors
        self.kernels = kernels
    }

    /// The `k` best of some rows, with keys of at most `bound`, best first.
    func best(_ rows: [UInt32], of query: UnsafePointer<Float>, k: Int, within bound: Int32 = .max) -> [Contender] {
        guard !rows.isEmpty else { return [] }
        let base = vectors.rows.primary.base, size = vectors.rows.primary.rowByteCount
        let metric = vectors.rankedMetric, dimension = vectors.codedDimension, table = kernels.table
        let pointers: [UnsafePointer<Float>?] = rows.map {
            (base + Int($0) * size).assumingMemoryBound(to: Float.self)
        }
        if keys.count < rows.count { keys = [Double](repeating: 0, count: rows.count) }
        akin_exact_scattered(table, metric != .l2, query, pointers, dimension, rows.count, &keys)
        let length = metric == .cosine ? table.pointee.product(query, query, dimension).squareRoot() : 1
        let ids = vectors.rows.idPointer
        var heap = ContenderHeap(capacity: k, bound: bound)
        for (i, row) in rows.enumerated() {
            var key = metric == .l2 ? keys[i] : 0 - keys[i]
            if metric == .cosine, let vector = pointers[i] {
                let product = length * table.pointee.product(vector, vector, dimension).squareRoot()
                key = product > 0 ? key / product : 0
            }
            heap.offer(Contender(key: akin_ordered(Float(key)), id: ids[Int(row)], row: row))
        }
        return heap.sorted
    }
}
