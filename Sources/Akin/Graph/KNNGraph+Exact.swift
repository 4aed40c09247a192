internal import CAkinKernels

extension KNNGraph {
    /// Builds the true graph: every vector is compared with every other, each pair once.
    ///
    /// Pairs are ruled out by bounds on their keys in 8-bit integers, a tile of which serves both sides, and decided by
    /// difference in double precision: rows are those of ``FlatIndex/search(_:k:options:)`` without the vector itself,
    /// whatever the threads and the CPU. Where the CPU has no products of bytes, or bounds do not help with the data,
    /// rows come from that search.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: threads, progress and cancellation.
    /// - Returns: the graph; without neighbours for fewer than two vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, ``IndexError/notFinite(row:column:)``;
    ///   `CancellationError` when the monitor says stop.
    /// - Complexity: O(n² · dimension).
    public static func exact(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        try check(count: vectors.rows, k: k, options: options)
        let table = KNNTable(count: vectors.rows, degree: min(k, max(0, vectors.rows - 1)), metric: metric)
        if try !joinAll(vectors, into: table, options: options) {
            try searchAll(vectors, into: table, options: options)
        }
        return table.graph(isExact: true)
    }

    /// Finds each row by a search of its own.
    private static func searchAll(_ vectors: Matrix<Float>, into table: KNNTable, options: KNNGraphOptions) throws {
        let index = try FlatIndex(vectors, metric: table.metric, threads: options.threads, kernels: options.kernels)
        let block = 1 << 14
        for first in stride(from: 0, to: table.degree > 0 ? vectors.rows : 0, by: block) {
            let some = first..<min(first + block, vectors.rows)
            try options.monitor.update("comparing", done: first, total: vectors.rows)
            let found = try index.search(
                vectors.rows(some), k: table.degree + 1,
                options: SearchOptions(threads: options.threads, monitor: options.monitor.quiet)
            ).neighbors
            for row in some { table.set(found[row - first], row: row) }
        }
    }

    /// Fewest vectors that pay for sorting them into lists.
    private static let fewest = 4_096
    /// Lists that a point looks into to find bounds for its neighbours: few, for the join of all follows.
    private static let breadth = 3

    /// Joins all pairs of points once; false where that cannot be or does not pay.
    private static func joinAll(
        _ vectors: Matrix<Float>, into table: KNNTable, options: KNNGraphOptions
    ) throws -> Bool {
        let (count, degree, kernels) = (vectors.rows, table.degree, options.kernels)
        let pays = kernels.hasFastBytes && count >= fewest && degree < count / 16
        guard pays || options.alwaysJoins, count > 1, (1...Int(AKIN_JOIN_DIMENSION)).contains(vectors.columns) else {
            return false
        }
        try checkFinite(vectors)
        let threads = options.threads ?? availableCores(), monitor = options.monitor
        try monitor.update("sorting into lists", done: 0, total: nil)
        let frame = JoinCodes.Frame(vectors, metric: table.metric, kernels: kernels, threads: threads)
        let codes = JoinCodes(vectors, frame: frame, kernels: kernels, threads: threads)
        guard codes.fits else { return false }

        // First the neighbours in the nearest lists: they bound the keys of the true ones.
        let means = try GraphLists.centroids(of: vectors, metric: table.metric, options: options, threads: threads)
        let centroids = JoinCodes(means, frame: frame, kernels: kernels, threads: threads)
        let lists = try GraphLists(
            codes, around: centroids, breadth: min(breadth, centroids.count), kernels: kernels, threads: threads,
            monitor: monitor)
        let join = GraphJoin(
            lists: lists,
            nearest: NearestLists(count: count, width: degree + 4, keys: nil, threads: threads),
            kernels: kernels, threads: threads, monitor: monitor)
        try join.run(ranks: 0..<lists.breadth)
        let keys = PairKeys(vectors, codes: lists.codes, kernels: kernels, threads: threads)
        let short = Set(try join.settle(keys, degree: degree, into: table))

        // Then all pairs, of which few reach the bounds.
        let nearest = NearestLists(count: count, width: degree, keys: keys.view, threads: threads)
        var view = keys.view
        for i in 0..<count {
            let row = Int(lists.codes.number[i])
            if !short.contains(row) { nearest.need[i] = akin_need_of(&view, table.lastKey(row)) }
        }
        let all = PairJoin(
            codes: lists.codes, nearest: nearest, kernels: kernels, threads: threads, monitor: monitor,
            watches: !options.alwaysJoins)
        guard try all.run() else { return false }
        for i in 0..<count {
            table.set(nearest.words.pointer + i * degree, count: degree, row: Int(lists.codes.number[i]))
        }
        return true
    }
}
