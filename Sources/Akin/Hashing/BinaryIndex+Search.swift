internal import CAkinKernels

extension BinaryIndex {
    /// Finds the `k` codes nearest to each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, codeByteCount]`.
    ///   - k: neighbours wanted, 1 or more.
    ///   - options: threads, filter, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id. Scores are the bits that differ. `visited` counts
    ///   the codes that were compared: fewer than all where tables helped.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: O(q · ``count`` · ``bits``) without tables.
    public func search(_ queries: Matrix<UInt8>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        guard k >= 1 else { throw IndexError.outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        let answers = try nearest(wholeRows(queries), count: queries.rows, k: k, options)
        let ids = rows.idPointer
        let found = (0..<queries.rows).map { query in
            answers[query].map { Neighbor(id: ids[Int($0.row)], score: Float($0.distance)) }
        }
        return SearchResult(
            neighbors: Neighbors(found), isExact: true, visited: answers.visited,
            isLimited: found.contains { $0.count < min(k, count) })
    }

    /// Finds all codes within a distance of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, codeByteCount]`.
    ///   - radius: the greatest number of bits that differ.
    ///   - options: threads, filter, progress and cancellation.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    public func search(
        _ queries: Matrix<UInt8>, within radius: Int, options: SearchOptions = .init()
    ) throws -> SearchResult {
        let answers = try within(radius, wholeRows(queries), count: queries.rows, options)
        let ids = rows.idPointer
        let found = (0..<queries.rows).map { query in
            answers[query].map { Neighbor(id: ids[Int($0.row)], score: Float($0.distance)) }
        }
        return SearchResult(neighbors: Neighbors(found), isExact: true, visited: answers.visited, isLimited: false)
    }

    /// The `k` nearest rows of each query, `[count]` codes in whole words.
    func nearest(_ queries: Buffer<UInt8>, count: Int, k: Int, _ options: SearchOptions) throws -> HammingAnswers {
        let threads = try Self.threads(options)
        let answers = HammingAnswers(queries: count)
        let k = min(k, self.count)
        guard count > 0, k > 0 else { return answers }
        let mask = options.filter.map { rows.mask($0).words }
        var left = Array(0..<count)
        if let tables {
            try parallelFor(threads: threads, count: (count + 31) / 32) { block in
                let search = MultiIndexSearch(tables, rows: rows.primary, k: k, allowed: mask, kernels: options.kernels)
                for query in block * 32..<min(count, block * 32 + 32) {
                    if let found = search.nearest(queries.pointer + query * rows.primary.rowByteCount) {
                        answers.set(found, query: query)
                    }
                }
                answers.add(visited: search.visited)
                try options.monitor.update("searching", done: block * 32, total: nil)
            }
            left = left.filter { !answers.isSet($0) }
        }
        try scan(queries, left, k: k, mask: mask, threads: threads, options, into: answers)
        return answers
    }

    /// Compares all codes with some of the queries.
    private func scan(
        _ queries: Buffer<UInt8>, _ wanted: [Int], k: Int, mask: Buffer<UInt64>?, threads: Int,
        _ options: SearchOptions, into answers: HammingAnswers
    ) throws {
        guard !wanted.isEmpty else { return }
        let shape = HammingScan.Shape(self, k: k, kernels: options.kernels ?? .best, mask: mask)
        let size = max(1, min(shape.queriesPerBlock, (wanted.count + threads - 1) / threads))
        let blocks = (wanted.count + size - 1) / size
        // Few queries: threads share the codes instead.
        let panelCount = (count + 31) / 32
        let shares = blocks >= threads ? 1 : max(1, min(threads, panelCount / 256))
        let parts = HammingParts(count: blocks * shares)
        try parallelFor(threads: threads, count: blocks * shares) { task in
            let (block, share) = (task / shares, task % shares)
            let scan = HammingScan(shape, wanted[block * size..<min(wanted.count, block * size + size)], queries)
            try scan.run(panelCount * share / shares..<panelCount * (share + 1) / shares, monitor: options.monitor)
            if shares == 1 { scan.finish { answers.set($1, query: $0) } } else { parts.set(scan, task: task) }
        }
        answers.add(visited: count * wanted.count)
        guard shares > 1 else { return }
        for block in 0..<blocks {
            var merged: [Int: [HammingNeighbor]] = [:]
            for share in 0..<shares {
                parts[block * shares + share]?.finish { merged[$0, default: []] += $1 }
            }
            for (query, found) in merged { answers.set(Array(found.sorted().prefix(k)), query: query) }
        }
    }

    /// All rows within a distance of each query.
    func within(_ radius: Int, _ queries: Buffer<UInt8>, count: Int, _ options: SearchOptions) throws -> HammingAnswers
    {
        let threads = try Self.threads(options)
        let answers = HammingAnswers(queries: count)
        guard count > 0, self.count > 0 else { return answers }
        let mask = options.filter.map { rows.mask($0).words }
        let shape = HammingScan.Shape(self, k: 1, kernels: options.kernels ?? .best, mask: mask)
        try parallelFor(threads: threads, count: count) { query in
            let code = queries.pointer + query * rows.primary.rowByteCount
            answers.set(shape.within(radius, of: code), query: query)
            try options.monitor.update("searching", done: query, total: count)
        }
        answers.add(visited: self.count * count)
        return answers
    }

    private static func threads(_ options: SearchOptions) throws(IndexError) -> Int {
        let threads = options.threads ?? availableCores()
        guard threads >= 1 else { throw .outOfRange(name: "threads", value: threads, allowed: 1...4096) }
        return threads
    }
}
