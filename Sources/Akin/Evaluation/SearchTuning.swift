/// Finds the search settings of an index that reach a recall at the least cost.
///
/// Recall grows with the breadth of the search (`nprobe` of lists, say), and with the candidates that are compared
/// again; more of either costs time. For some refine factors the least sufficient breadth is found by bisection, and
/// the pairs are timed. What there is to set is what a ``TunableIndex`` says.
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
        let knobs = (index as? any TunableIndex)?.knobs ?? []
        let breadth = knobs.first { $0.name != .refine }
        let isRefined = knobs.contains { $0.name == .refine }
        let factors = isRefined ? Self.refineFactors.map(Optional.some) : [nil]
        var best: (options: SearchOptions, seconds: Double)?
        var most = breadth?.range.upperBound ?? 1
        for (i, factor) in factors.enumerated() {
            try monitor.update("tuning", done: i, total: factors.count)
            var options = options
            if let factor { options.refineFactor = factor }
            options.monitor = monitor.quiet
            if let breadth {
                guard let value = try least(breadth, reaching: goal, upTo: most, options) else { continue }
                options[breadth.name] = value
                // A larger factor never needs more breadth.
                most = value
            } else if try recall(options) < goal {
                continue
            }
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

    /// The least value of a setting that reaches the goal, to within a thirty-second of it.
    private func least(
        _ knob: SearchKnob, reaching goal: Double, upTo most: Double, _ options: SearchOptions
    ) throws -> Double? {
        func reaches(_ value: Int) throws -> Bool {
            var options = options
            options[knob.name] = Double(value)
            return try recall(options) >= goal
        }
        // From small values upwards, since large ones are slow.
        let most = Int(most)
        var below = Int(knob.range.lowerBound) - 1
        var reached = below + 1
        while try !reaches(reached) {
            guard reached < most else { return nil }
            below = reached
            reached = min(max(2 * reached, 1), most)
        }
        while reached - below > max(1, reached / 32) {
            let middle = (below + reached) / 2
            if try reaches(middle) { reached = middle } else { below = middle }
        }
        return Double(reached)
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
        try (0..<3).map { _ in
            try SearchPass(index, queries, k: k, options: options, keepsNeighbors: false).seconds
        }.min() ?? 0
    }
}
