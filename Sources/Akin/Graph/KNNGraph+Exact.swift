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
        return try exactTable(vectors, k: k, metric: metric, options: options, in: .memory).graph
    }

    /// The rows of the true graph.
    static func exactTable(
        _ vectors: Matrix<Float>, k: Int, metric: Metric, options: KNNGraphOptions, in workspace: GraphWorkspace
    ) throws -> FinishedTable {
        let table = try KNNTable(
            count: vectors.rows, degree: min(k, max(0, vectors.rows - 1)), metric: metric, in: workspace.place)
        if try !joinAll(vectors, into: table, options: options, in: workspace) {
            try GraphSearch(vectors: vectors, table: table, options: options, workspace: workspace).run()
        }
        return FinishedTable(table: table, isExact: true)
    }

    /// Fewest vectors that pay for sorting them into lists.
    private static let fewest = 4_096
    /// Lists that a point looks into to find bounds for its neighbours: few, for the join of all follows.
    private static let breadth = 3

    /// Joins all pairs of points once; false where that cannot be or does not pay.
    private static func joinAll(
        _ vectors: Matrix<Float>, into table: KNNTable, options: KNNGraphOptions, in workspace: GraphWorkspace
    ) throws -> Bool {
        let (count, degree, kernels) = (vectors.rows, table.degree, options.kernels)
        let pays = kernels.hasFastBytes && count >= fewest && degree < count / 16
        guard pays || options.alwaysJoins, count > 1, (1...Int(AKIN_JOIN_DIMENSION)).contains(vectors.columns) else {
            return false
        }
        try checkFinite(vectors)
        let threads = options.threads ?? availableCores(), monitor = options.monitor, place = workspace.place
        try monitor.update("sorting into lists", done: 0, total: nil)
        guard
            let lists = try firstLists(
                vectors, metric: table.metric, options: options, threads: threads, in: workspace)
        else { return false }

        // First the neighbours in the nearest lists: they bound the keys of the true ones.
        let join = GraphJoin(
            lists: lists,
            nearest: try NearestLists(count: count, width: degree + 4, keys: nil, in: place, threads: threads),
            workspace: workspace, kernels: kernels, threads: threads, monitor: monitor)
        try join.run()
        let keys = try lists.keys(of: vectors, kernels: kernels, threads: threads, in: workspace)
        let counts = try join.settle(keys)

        // Then all pairs, of which few reach the bounds.
        let nearest = try NearestLists(count: count, width: degree, keys: keys, in: place, threads: threads)
        var view = keys.view
        for i in 0..<count where counts[i] >= degree {
            let last = join.nearest.words[i * join.nearest.width + degree - 1]
            nearest.need[i] = akin_need_of(&view, PairKeys.neighbor(last).key)
        }
        let all = PairJoin(
            codes: lists.codes, nearest: nearest, workspace: workspace, dimension: vectors.columns, kernels: kernels,
            threads: threads, monitor: monitor, watches: !options.alwaysJoins)
        guard try all.run() else { return false }
        table.set(nearest.words, width: degree, counts: nil, places: lists.places, threads: threads)
        return true
    }

    /// Points sorted into lists; nothing where codes cannot express them.
    private static func firstLists(
        _ vectors: Matrix<Float>, metric: Metric, options: KNNGraphOptions, threads: Int, in workspace: GraphWorkspace
    ) throws -> GraphLists? {
        let kernels = options.kernels, place = workspace.place
        let frame = JoinCodes.Frame(vectors, metric: metric, kernels: kernels, threads: threads)
        let codes = try JoinCodes(vectors, frame: frame, kernels: kernels, threads: threads, in: place)
        guard codes.fits else { return nil }
        let means = try GraphLists.centroids(
            of: vectors, metric: metric, options: options, threads: threads, in: place)
        let centroids = try JoinCodes(means, frame: frame, kernels: kernels, threads: threads)
        return try GraphLists(
            codes, around: centroids, breadth: min(breadth, centroids.count), kernels: kernels, threads: threads,
            in: place, monitor: options.monitor)
    }
}
