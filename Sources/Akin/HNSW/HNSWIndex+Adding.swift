extension HNSWIndex {
    /// Adds vectors and links them.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other and from those stored; the numbers that follow the
    ///     greatest stored id when `nil`.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: told of the vectors linked; when it says stop, the index holds those linked until then, with their
    ///     ids. They are not the first but a random choice, since vectors are linked in an order drawn by the seed.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    /// - Complexity: about O(n · efConstruction · m) comparisons of codes, growing slowly with the vectors stored.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        let threads = try VectorCheck.usable(vectors, dimension: dimension, threads: threads)
        try VectorCheck.room(for: vectors.rows, beside: count, of: Self.maximumCount)
        try check(ids, count: vectors.rows)
        guard vectors.rows > 0 else { return }

        let first = count
        try store(vectors, ids: ids, threads: threads)
        do {
            try link(first..<first + vectors.rows, threads: threads, monitor: monitor)
            connect(added: first..<first + vectors.rows)
        } catch {
            truncate(to: layers[0].count)
            connect(added: first..<count)
            throw error
        }
    }

    /// Drops rows that were not linked yet.
    private mutating func truncate(to count: Int) {
        codes.truncate(to: count)
        refined.truncate(to: count)
        ids.truncate(to: count)
    }

    func check(_ given: [Int64]?, count added: Int) throws(IndexError) {
        guard let given else { return }
        guard given.count == added else { throw .idCountMismatch(vectors: added, ids: given.count) }
        var new = Set<Int64>(minimumCapacity: given.count)
        for id in given {
            // The next id must exist, too.
            guard id < .max else { throw .reservedID(id) }
            guard new.insert(id).inserted else { throw .duplicateID(id) }
        }
        guard given.contains(where: { $0 < nextID }) else { return }
        let stored = ids.base.assumingMemoryBound(to: Int64.self)
        for i in 0..<count where new.contains(stored[i]) { throw .duplicateID(stored[i]) }
    }

    /// Codes vectors into new rows, in an order drawn by the seed.
    ///
    /// Vectors often come sorted by class, and rows that join together are not linked with one another: a batch must be
    /// a fair sample of what comes.
    private mutating func store(
        _ vectors: Matrix<Float>, ids given: [Int64]?, threads: Int
    ) throws {
        var random = SplitMix64(seeds: construction.seed, 0x6f72_6465_72, UInt64(count))
        let order = (0..<vectors.rows).shuffled(using: &random)
        let newIDs = ids.append(vectors.rows).assumingMemoryBound(to: Int64.self)
        for (i, number) in order.enumerated() { newIDs[i] = given?[number] ?? nextID + Int64(number) }
        nextID = max(nextID, (given?.max() ?? nextID + Int64(vectors.rows) - 1) + 1)
        idsAreRows = idsAreRows && given == nil

        nonisolated(unsafe) let rows = codes.append(vectors.rows)
        nonisolated(unsafe) let fineRows = refined.append(vectors.rows)
        let (codec, fine, step) = (codec, refinement?.codec, 1 << 14)
        for first in stride(from: 0, to: vectors.rows, by: step) {
            let block = KMeans.rows(vectors, Array(order[first..<min(first + step, vectors.rows)]))
            let coded = try points.points(block, threads: threads)
            let parts = (block.rows + 255) / 256
            try coded.withUnsafeElements { coded in
                try block.withUnsafeElements { given in
                    guard let coded = coded.baseAddress, let given = given.baseAddress else { return }
                    nonisolated(unsafe) let (x, y) = (coded, given)
                    try parallelFor(threads: threads, count: parts) { part in
                        let at = part * 256, n = min(256, block.rows - at)
                        codec.encode(
                            x + at * codec.dimension, count: n, into: rows + (first + at) * codec.rowByteCount)
                        guard let fine else { return }
                        fine.encode(
                            y + at * fine.dimension, count: n,
                            into: fineRows + (first + at) * fine.rowByteCount)
                    }
                }
            }
        }
    }
}
