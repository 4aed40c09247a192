internal import CAkinKernels

extension KNNGraph {
    /// Builds a graph that holds a chosen share of the true neighbours, in much less time than the true graph takes.
    ///
    /// Vectors are sorted into lists around centroids. Each is compared, in 8-bit codes, with the members of the lists
    /// nearest to it, and both sides of a pair profit; the nearest are decided by exact distances. On a sample of
    /// vectors, whose true neighbours are found first, it is known beforehand how many lists reach the recall wanted,
    /// and measured afterwards whether they did. Where that would be no less work than the true graph, the true graph
    /// is built.
    ///
    /// The result depends on the vectors, `k` and the seed, not on threads or the CPU.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - k: neighbours of each, 1 or more; all others where there are fewer.
    ///   - metric: how nearness is measured.
    ///   - options: recall, seed, threads, progress and cancellation.
    /// - Returns: the graph with its measured recall; without neighbours for fewer than two vectors.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``, ``IndexError/notFinite(row:column:)``;
    ///   `CancellationError` when the monitor says stop.
    /// - Complexity: about O(n · √n · dimension) for a recall that a few lists reach.
    public static func approximate(
        _ vectors: Matrix<Float>, k: Int, metric: Metric = .l2, options: KNNGraphOptions = .init()
    ) throws -> KNNGraph {
        try check(count: vectors.rows, k: k, options: options)
        return try approximateTable(vectors, k: k, metric: metric, options: options, in: .memory).graph
    }

    /// The rows of an approximate graph, or of the true one where that is asked for or less work.
    static func approximateTable(
        _ vectors: Matrix<Float>, k: Int, metric: Metric, options: KNNGraphOptions, in workspace: GraphWorkspace
    ) throws -> FinishedTable {
        if options.recall < 1,
            let built = try partition(vectors, k: k, metric: metric, options: options, in: workspace)
        {
            return built
        }
        return try exactTable(vectors, k: k, metric: metric, options: options, in: workspace)
    }

    /// Fewest vectors that lists pay for.
    private static let fewestApproximate = 1_000
    /// Lists that a point looks into, at most.
    private static let mostLists = 128

    /// The approximate graph, unless the true one is less work.
    private static func partition(
        _ vectors: Matrix<Float>, k: Int, metric: Metric, options: KNNGraphOptions, in workspace: GraphWorkspace
    ) throws -> FinishedTable? {
        try checkFinite(vectors)
        let count = vectors.rows, dimension = vectors.columns
        guard count >= fewestApproximate, k < count / 16, dimension > 0, dimension <= Int(AKIN_JOIN_DIMENSION) else {
            return nil
        }
        let threads = options.threads ?? availableCores(), kernels = options.kernels, monitor = options.monitor
        let place = workspace.place
        try monitor.update("sampling", done: 0, total: nil)
        let frame = JoinCodes.Frame(vectors, metric: metric, kernels: kernels, threads: threads)
        let codes = try JoinCodes(vectors, frame: frame, kernels: kernels, threads: threads, in: place)
        guard codes.fits else { return nil }
        let keys = try PairKeys(vectors, codes: codes, kernels: kernels, threads: threads, in: place)
        let sample = try GraphSample(
            codes, keys: keys, degree: k, kernels: kernels, options: options, threads: threads)

        let means = try GraphLists.centroids(
            of: vectors, metric: metric, options: options, threads: threads, in: place)
        let centroids = try JoinCodes(means, frame: frame, kernels: kernels, threads: threads)
        let most = min(mostLists, max(1, means.rows / 3))
        let reached = try sample.recallByBreadth(
            codes, centroids: centroids, most: most, kernels: kernels, threads: threads, monitor: monitor)
        guard let enough = reached.firstIndex(where: { $0 >= min(1, options.recall + 0.005) }) else { return nil }

        // What lists promise, codes may not keep: then more lists and more candidates for each place.
        var breadth = enough + 1, width = k + max(6, k / 2)
        for _ in 0..<3 {
            let lists = try GraphLists(
                codes, around: centroids, breadth: breadth, kernels: kernels, threads: threads, in: place,
                monitor: monitor)
            let join = GraphJoin(
                lists: lists,
                nearest: try NearestLists(count: count, width: width, keys: nil, in: place, threads: threads),
                workspace: workspace, kernels: kernels, threads: threads, monitor: monitor)
            try join.run()
            let counts = try join.settle(lists.keys(of: vectors, kernels: kernels, threads: threads, in: workspace))
            let short = (0..<count).count { counts[$0] < k }
            guard short <= count / 16 else { return nil }
            let table = try KNNTable(count: count, degree: k, metric: metric, in: place)
            table.set(join.nearest.words, width: width, counts: counts, places: lists.places, threads: threads)
            // Rows that lists left without enough get their true neighbours.
            if short > 0 {
                try GraphSearch(vectors: vectors, table: table, options: options, workspace: workspace)
                    .run((0..<count).filter { counts[Int(lists.places[$0])] < k })
            }
            let recall = sample.recall(of: table, codes: codes)
            if recall >= options.recall { return FinishedTable(table: table, isExact: false, measuredRecall: recall) }
            breadth = min(most, breadth + breadth / 2 + 1)
            width *= 2
        }
        return nil
    }
}
