/// How fast this machine does what an ``IndexPlan`` asks for.
public struct PlanRates: Sendable {
    /// Units a second of each operation that the plan has.
    public var perSecond: [IndexPlan.Operation: Double]
    /// Threads that did the work.
    public var threads: Int

    /// States rates.
    public init(perSecond: [IndexPlan.Operation: Double], threads: Int) {
        self.perSecond = perSecond
        self.threads = threads
    }
}

extension IndexPlan {
    /// Seconds that a task takes; `nil` where its rate is not known.
    public func seconds(_ task: Task, at rates: PlanRates) -> Double? {
        guard let rate = rates.perSecond[task.operation], rate > 0 else { return nil }
        return task.amount / rate
    }

    /// Seconds that the tasks of a phase take together.
    public func seconds(_ phase: Phase, at rates: PlanRates) -> Double {
        tasks.reduce(0) { $0 + ($1.phase == phase ? seconds($1, at: rates) ?? 0 : 0) }
    }
}

extension PlanRates {
    /// Measures the operations of a plan, each with the code that will do the work, on fewer vectors and centroids.
    ///
    /// - Parameters:
    ///   - plan: says what to measure.
    ///   - sample: `[n, dimension]`, vectors like those of the index; random ones when `nil`. Searching for centroids is faster
    ///     with vectors that have clusters than with random ones, so rates of real vectors say more.
    ///   - folder: where to write while the disk is measured.
    ///   - threads: `nil` means one per core.
    ///   - seconds: about how long to take, in all.
    ///   - monitor: progress and cancellation.
    /// - Returns: a rate for each operation that the plan has; 0 for codes that too few vectors are there to learn.
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)`` and other errors for the sample, ``FileError`` for the
    ///   folder, `CancellationError`.
    public static func measure(
        _ plan: IndexPlan, sample: Matrix<Float>? = nil, folder: String, threads: Int? = nil, seconds: Double = 2,
        monitor: ProgressMonitor = .silent
    ) throws -> PlanRates {
        if let sample {
            guard sample.columns == plan.dimension else {
                throw IndexError.dimensionMismatch(expected: plan.dimension, actual: sample.columns)
            }
            guard sample.rows > 0 else { throw IndexError.empty }
        }
        let operations = IndexPlan.Operation.allCases.filter { o in plan.tasks.contains { $0.operation == o } }
        let threads = threads ?? availableCores()
        var bench = try PlanBench(
            plan, sample: sample, folder: folder, threads: threads, share: seconds / Double(max(operations.count, 1)))
        var rates = PlanRates(perSecond: [:], threads: threads)
        for (i, operation) in operations.enumerated() {
            try monitor.update("measuring", done: i, total: operations.count)
            rates.perSecond[operation] = try bench.rate(of: operation)
        }
        try monitor.update("measuring", done: operations.count, total: operations.count)
        return rates
    }
}
