internal import CAkinKernels

extension IVFIndex {
    /// Finds the `k` nearest stored vectors of each query among those in the `nprobe` nearest lists.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more. A row is shorter where the lists looked at hold fewer that the filter allows.
    ///   - options: lists to look at, candidates to compare again, filter, threads, progress and cancellation; where a
    ///     graph finds the lists, the candidates it keeps (`efSearch`: at least `nprobe`; twice as many, and at least
    ///     64, where it is `nil`).
    /// - Returns: one row per query, nearest first, ties by smaller id. Scores are those of what the finest code of the
    ///   index stands for, computed in double precision; exact where vectors are kept and every list is looked at, for
    ///   which no graph is asked.
    /// - Throws: ``IndexError`` for bad input; `CancellationError` when the monitor says stop.
    /// - Complexity: O(q · (nlist · dimension + nprobe / nlist · count · code bytes)).
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        let k = try checked(k: k)
        let wanted = try candidateCount(k: k, options)
        var rows: [[Neighbor]] = []
        rows.reserveCapacity(queries.rows)
        let visited = try forEachBlock(of: queries, wanted: wanted, within: nil, options) { parts, query in
            parts.count == 1 ? parts[0].finish(query) : ListSearch.finish(parts, query)
        } receive: { found in
            rows += found.map { $0.map(neighbor) }
        } make: { queries, originals, count in
            ListSearch(
                self, queries: queries, originals: originals, count: count, k: k, wanted: wanted,
                filter: options.filter, kernels: options.kernels ?? .best)
        }
        return SearchResult(
            neighbors: Neighbors(rows), isExact: isExact(options), visited: visited,
            isLimited: rows.contains { $0.count < min(k, count) })
    }

    /// Finds all stored vectors within a score of each query, among those in the `nprobe` nearest lists.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - radius: the greatest squared distance, or the least similarity, that counts.
    ///   - options: as for ``search(_:k:options:)``. With a second code, the first one's estimate nominates.
    /// - Returns: one row per query, nearest first, ties by smaller id.
    /// - Throws: the same as ``search(_:k:options:)``.
    public func search(
        _ queries: Matrix<Float>, within radius: Float, options: SearchOptions = .init()
    ) throws -> SearchResult {
        guard !radius.isNaN else { throw IndexError.notANumber(name: "radius") }
        let bound = akin_ordered(metric.isSimilarity ? 0 - radius : radius)
        var rows: [[Neighbor]] = []
        let visited = try forEachBlock(of: queries, wanted: 256, within: bound, options) { parts, query in
            Array(parts.map { $0.finish(query, within: bound) }.joined()).sorted()
        } receive: { found in
            rows += found.map { $0.map(neighbor) }
        } make: { queries, originals, count in
            ListSearch(
                self, queries: queries, originals: originals, count: count, k: .max, wanted: 256,
                within: bound, filter: options.filter, kernels: options.kernels ?? .best)
        }
        return SearchResult(neighbors: Neighbors(rows), isExact: isExact(options), visited: visited, isLimited: false)
    }

    func neighbor(_ contender: Contender) -> Neighbor {
        let key = akin_unordered(contender.key)
        return Neighbor(id: contender.id, score: metric.isSimilarity ? 0 - key : key)
    }

    package func isExact(_ options: SearchOptions) -> Bool {
        let all = (options.nprobe ?? defaults.nprobe) >= nlist
        return all && refinement == nil && codec is FlatCodec
    }

    func checked(k: Int) throws(IndexError) -> Int {
        guard k >= 1 else { throw .outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        return min(k, max(count, 1))
    }

    /// Lists to look at, as they are asked for.
    func checkedProbes(_ options: SearchOptions) throws(IndexError) -> Int {
        let nprobe = options.nprobe ?? defaults.nprobe
        guard nprobe >= 1 else { throw .outOfRange(name: "nprobe", value: nprobe, allowed: 1...nlist) }
        if let ef = options.efSearch, coarse?.graph != nil, ef < 1 {
            throw .outOfRange(name: "efSearch", value: ef, allowed: 1...nlist)
        }
        return nprobe
    }

    /// Prepares queries chunk by chunk, scans their lists on all threads and hands the answers on in order.
    private func forEachBlock(
        of queries: Matrix<Float>, wanted: Int, within: Int32?, _ options: SearchOptions,
        finish: @Sendable ([ListSearch], Int) -> [Contender], receive: ([[Contender]]) -> Void,
        make: @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> ListSearch
    ) throws -> Int {
        let threads = try VectorCheck.usable(queries, dimension: dimension, threads: options.threads)
        let nprobe = try checkedProbes(options)
        let lists = min(nprobe, nlist)
        guard count > 0 else {
            receive(Array(repeating: [], count: queries.rows))
            return 0
        }

        // What a block of queries holds should stay in the cache; a larger one reads each list less often.
        let perQuery = ListSelection.byteCount(wanted: wanted) + codec.queryByteCount
        let most = max(64, (8 << 20) / perQuery)
        let chunk = max(1, min(most * 4 * threads, (64 << 20) / (8 * lists)))
        var visited = 0
        for first in stride(from: 0, to: queries.rows, by: chunk) {
            let originals = queries.rows(first..<min(first + chunk, queries.rows))
            let rows = originals.rows
            let prepared = try self.prepared(originals, threads: threads)
            let probes = try self.probes(prepared, nprobe: lists, options)
            let byQueries = rows >= 2 * threads || threads == 1
            let blocks = byQueries ? max(threads, (rows + most - 1) / most) : rows
            let parts = byQueries ? 1 : min(threads, lists)
            let results = BlockResults(queries: rows)
            let searches = BlockSearches(count: blocks * parts)
            try prepared.withUnsafeElements { prepared in
                try originals.withUnsafeElements { originals in
                    guard let coded = prepared.baseAddress, let given = originals.baseAddress else { return }
                    nonisolated(unsafe) let (x, y) = (coded, given)
                    @Sendable func range(_ block: Int) -> Range<Int> {
                        rows * block / blocks..<rows * (block + 1) / blocks
                    }
                    try parallelFor(threads: threads, count: blocks * parts) { task in
                        let range = range(task / parts)
                        guard !range.isEmpty else { return }
                        let search = make(
                            x + range.lowerBound * codec.dimension, y + range.lowerBound * dimension, range.count)
                        try search.run(
                            probes, queries: range, first: task % parts, step: parts, monitor: options.monitor)
                        if parts == 1 {
                            for q in 0..<range.count { results.set(finish([search], q), query: range.lowerBound + q) }
                            searches.add(visited: search.visited, task: task)
                        } else {
                            searches.set(search, task: task)
                        }
                    }
                    if parts > 1 {
                        for block in 0..<blocks where !range(block).isEmpty {
                            let found = (0..<parts).compactMap { searches[block * parts + $0] }
                            for q in 0..<range(block).count {
                                results.set(finish(found, q), query: range(block).lowerBound + q)
                            }
                        }
                    }
                }
            }
            visited += searches.visited
            receive(results.rows)
        }
        return visited
    }

    /// Queries or vectors as the codes see them: of length one for the cosine.
    func prepared(_ vectors: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        let comparable = metric == .cosine ? UnitVectors.make(vectors, threads: threads) : vectors
        return try transforms.apply(comparable, threads: threads)
    }

    /// The lists each query looks at, and what query and list add to a key.
    func probes(_ queries: Matrix<Float>, nprobe: Int, _ options: SearchOptions) throws -> ProbeTable {
        try probes(queries, nprobe: nprobe, coarse?.probe(queries, nprobe: nprobe, options: options), options)
    }

    /// The same for lists that were found.
    func probes(
        _ queries: Matrix<Float>, nprobe: Int, _ found: CoarseNeighbors?, _ options: SearchOptions
    ) -> ProbeTable {
        let table = ProbeTable(
            nprobe: nprobe, lists: found?.numbers ?? Buffer(repeating: 0, count: queries.rows),
            offsets: Buffer(repeating: 0, count: queries.rows * nprobe))
        let kernels = (options.kernels ?? .best).table.pointee
        queries.withUnsafeElements { elements in
            guard let x = elements.baseAddress else { return }
            for q in 0..<queries.rows {
                let row = x + q * queries.columns
                let own = codedMetric == .l2 && !isResidual ? Float(kernels.product(row, row, queries.columns)) : 0
                guard let found else {
                    table.offsets[q] = own
                    continue
                }
                for i in q * nprobe..<(q + 1) * nprobe { table.offsets[i] = isResidual ? found.keys[i] : own }
            }
        }
        return table
    }

    /// Lends the centroid that a list's codes are relative to.
    func withCentroid<Result>(of list: Int, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
        guard isResidual, let coarse else { return body(nil) }
        return coarse.centroids.withUnsafeElements { elements in
            body(elements.baseAddress.map { $0 + list * codec.dimension })
        }
    }
}

/// The answers of a chunk of queries; each slot is written by one task.
private final class BlockResults: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<[Contender]>

    init(queries: Int) {
        slots = .allocate(capacity: queries)
        slots.initialize(repeating: [])
    }

    deinit { slots.deinitialize().deallocate() }

    func set(_ contenders: [Contender], query: Int) { slots[query] = contenders }
    var rows: [[Contender]] { Array(slots) }
}

/// The searches of a chunk of queries; each slot is written by one task.
private final class BlockSearches: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<ListSearch?>
    private let counts: UnsafeMutableBufferPointer<Int>

    init(count: Int) {
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil)
        counts = .allocate(capacity: count)
        counts.initialize(repeating: 0)
    }

    deinit {
        slots.deinitialize().deallocate()
        counts.deinitialize().deallocate()
    }

    subscript(task: Int) -> ListSearch? { slots[task] }
    func set(_ search: ListSearch, task: Int) {
        slots[task] = search
        counts[task] = search.visited
    }
    func add(visited: Int, task: Int) { counts[task] = visited }
    var visited: Int { counts.reduce(0, +) }
}
