/// Finds the search settings of an index that reach a recall at the least cost.
///
/// Recall grows with `nprobe`, and with the candidates that are compared again; more of either costs time. For some
/// refine factors the least sufficient `nprobe` is found by bisection, and the pairs are timed.
public struct SearchTuning {
    private let index: any VectorIndex
    private let queries: Matrix<Float>
    private let truth: Matrix<Int32>
    private let base: Matrix<Float>?
    private let k: Int
    private let options: SearchOptions

    /// - Parameters:
    ///   - index: what to tune.
    ///   - queries: `[q, dimension]`.
    ///   - truth: ids of the true nearest, `[q, at least k]`.
    ///   - base: the stored vectors, where at hand: then ids as near as the truth count as right.
    ///   - k: neighbours wanted.
    ///   - options: threads, and whatever else the settings share.
    public init(
        _ index: any VectorIndex, _ queries: Matrix<Float>, truth: Matrix<Int32>, base: Matrix<Float>? = nil, k: Int,
        options: SearchOptions = .init()
    ) {
        self.index = index
        self.queries = queries
        self.truth = truth
        self.base = base
        self.k = k
        self.options = options
    }

    /// Refine factors that are tried.
    private static let refineFactors: [Double] = [1, 2, 4, 6, 10, 16, 25, 40, 80, 160]

    /// The fastest setting whose recall on the queries is at least `goal`; `nil` where none is.
    ///
    /// - Throws: ``IndexError`` as searching does, `CancellationError` when the monitor says stop.
    public func cheapest(reaching goal: Double, monitor: ProgressMonitor = .silent) throws -> SearchOptions? {
        guard let ivf = index as? IVFIndex else { return try recall(options) >= goal ? options : nil }
        let factors = ivf.specification.refinement == nil ? [nil] : Self.refineFactors.map(Optional.some)
        var best: (options: SearchOptions, seconds: Double)?
        var most = ivf.nlist
        for (i, factor) in factors.enumerated() {
            try monitor.update("tuning", done: i, total: factors.count)
            var options = options
            options.refineFactor = factor
            options.monitor = monitor.quiet
            guard let nprobe = try leastNprobe(reaching: goal, upTo: most, options) else { continue }
            options.nprobe = nprobe
            // A larger factor never needs more lists.
            most = nprobe
            let seconds = try fastest(options)
            if seconds < best?.seconds ?? .infinity {
                options.monitor = self.options.monitor
                best = (options, seconds)
            }
        }
        return best?.options
    }

    /// Recall of a setting, and seconds for each query.
    func measure(_ options: SearchOptions) throws -> (recall: Double, secondsPerQuery: Double) {
        (try recall(options), try fastest(options) / Double(max(1, queries.rows)))
    }

    private func leastNprobe(reaching goal: Double, upTo most: Int, _ options: SearchOptions) throws -> Int? {
        func reaches(_ nprobe: Int) throws -> Bool {
            var options = options
            options.nprobe = nprobe
            return try recall(options) >= goal
        }
        // From few lists upwards, since many are slow.
        var below = 0, reached = 1
        while try !reaches(reached) {
            guard reached < most else { return nil }
            below = reached
            reached = min(2 * reached, most)
        }
        while reached - below > max(1, reached / 32) {
            let middle = (below + reached) / 2
            if try reaches(middle) { reached = middle } else { below = middle }
        }
        return reached
    }

    private func recall(_ options: SearchOptions) throws -> Double {
        let found = try index.search(queries, k: k, options: options).neighbors
        guard let base else { return try Recall.compute(found: found, truth: truth, metric: index.metric, k: k).value }
        return try Recall.compute(
            found: found, truth: truth, base: base, queries: queries, metric: index.metric, k: k
        ).value
    }

    /// Seconds of the fastest of three passes.
    private func fastest(_ options: SearchOptions) throws -> Double {
        var best = Duration.seconds(1_000_000)
        for _ in 0..<3 {
            best = min(best, try ContinuousClock().measure { _ = try index.search(queries, k: k, options: options) })
        }
        return Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
    }
}
