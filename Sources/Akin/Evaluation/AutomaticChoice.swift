/// Chooses an index for some vectors by building candidates over a sample and measuring them.
///
/// Some of the sample are held out as queries; exact search over the rest is the truth. Every candidate that the memory
/// allows is built, and tuned to the recall wanted; the fastest wins. What was measured is kept, so that the choice can
/// be explained.
public struct AutomaticChoice: Sendable {
    /// What an index has to do.
    public struct Goal: Sendable, Equatable {
        /// Share of the true neighbours to find, above 0 and at most 1; 1 asks for exact search.
        public var recall: Double
        /// Neighbours that the recall is about.
        public var k: Int
        /// Bytes the finished index may take in memory; `nil` for no limit.
        public var memory: Int?

        /// Describes a goal.
        public init(recall: Double = 0.95, k: Int = 10, memory: Int? = nil) {
            self.recall = recall
            self.k = k
            self.memory = memory
        }
    }

    /// One candidate and what was measured of it.
    public struct Candidate: Sendable {
        /// What was built; lists are as many as suit the whole set.
        public var spec: IndexSpec
        /// Bytes that the index of all vectors will take.
        public var bytes: Int
        /// How it did on the sample; `nil` when it was passed over.
        public var measured: Measured?
        /// What speaks against it, in words; `nil` when it was measured.
        public var passedOver: String?

        /// A measurement on the sample.
        public struct Measured: Sendable {
            /// Recall of the setting below; that of the best setting where the goal was not reached.
            public var recall: Double
            /// Seconds for each query on one thread, as expected of the index of all vectors.
            public var secondsPerQuery: Double
            /// The setting.
            public var nprobe: Int?
            /// The setting, in an index with refinement.
            public var refineFactor: Double?
            /// Whether the goal was reached.
            public var reachesGoal: Bool
        }
    }

    /// The candidate that won.
    public let spec: IndexSpec
    /// Search breadth that reached the goal on the sample.
    public let defaults: IVFIndex.SearchDefaults?
    /// All candidates, the winner among them.
    public let candidates: [Candidate]
    /// Vectors of the sample, and queries held out.
    public let sampleCount, queryCount: Int
    /// A sentence that says why the winner won.
    public let reason: String

    /// Vectors that candidates are built over, at most.
    private static let sampleLimit = 50_000

    /// Measures candidates.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`: all vectors, or an even sample of them; finite.
    ///   - count: vectors that the index will hold.
    ///   - metric: how nearness is measured.
    ///   - goal: recall and memory.
    ///   - threads: threads to build with; `nil` means one per core. Searching is timed on one.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad vectors, a goal out of range, and when no candidate fits the memory.
    public init(
        for vectors: Matrix<Float>, count: Int, metric: Metric, goal: Goal, threads: Int? = nil,
        monitor: ProgressMonitor = .silent
    ) throws {
        guard vectors.rows > 0 else { throw IndexError.empty }
        guard goal.recall > 0, goal.recall <= 1 else {
            throw IndexError.outOfRange(name: "recall goal in percent", value: Int(goal.recall * 100), allowed: 1...100)
        }
        guard goal.k >= 1 else { throw IndexError.outOfRange(name: "k", value: goal.k, allowed: 1...max(1, count)) }
        let sample = TransformChain.evenlySpaced(vectors, atMost: Self.sampleLimit)
        let trial = Trial(sample, metric: metric, goal: goal, count: count, threads: threads)
        var candidates = try Self.candidates(
            count: max(count, 1), dimension: vectors.columns, metric: metric, goal: goal)
        for i in candidates.indices {
            try monitor.update("trying \(candidates[i].spec)", done: i, total: candidates.count)
            if let memory = goal.memory, candidates[i].bytes > memory {
                candidates[i].passedOver = "more than the memory"
                continue
            }
            guard trial.canTrain(candidates[i].spec) else {
                candidates[i].passedOver = "there are too few vectors to train it"
                continue
            }
            candidates[i].measured = try trial.measure(candidates[i].spec, monitor: monitor.quiet)
        }
        let measured = candidates.filter { $0.measured != nil }
        let reaching = measured.filter { $0.measured?.reachesGoal ?? false }
        let winner =
            reaching.min { Self.seconds($0) < Self.seconds($1) } ?? measured.max { Self.recall($0) < Self.recall($1) }
        guard let winner, let result = winner.measured else {
            throw IndexError.outOfRange(
                name: "memory", value: goal.memory ?? 0, allowed: (candidates.map(\.bytes).min() ?? 0)...Int.max)
        }
        spec = winner.spec
        defaults = result.nprobe.map {
            IVFIndex.SearchDefaults(nprobe: $0, refineFactor: result.refineFactor ?? 10)
        }
        self.candidates = candidates
        sampleCount = trial.baseCount
        queryCount = trial.queryCount
        reason =
            result.reachesGoal
            ? "the fastest of \(reaching.count) that reach recall \(goal.recall) on a sample"
            : "the best recall within the memory; none reaches \(goal.recall)"
    }

    private static func seconds(_ candidate: Candidate) -> Double { candidate.measured?.secondsPerQuery ?? .infinity }
    private static func recall(_ candidate: Candidate) -> Double { candidate.measured?.recall ?? 0 }

    /// What is worth trying: exact search, lists of vectors, and lists of codes from fine to coarse.
    private static func candidates(count: Int, dimension: Int, metric: Metric, goal: Goal) throws -> [Candidate] {
        var specs = [IndexSpec.flat]
        if goal.recall < 1 {
            let partition = IndexSpec.Partition(nlist: max(1, min(Int(4 * Double(count).squareRoot()), count / 39)))
            func add(_ codec: IndexSpec.Codec, _ refinement: IndexSpec.Refinement? = nil) {
                let spec = IndexSpec(core: .partitioned(partition, codec), refinement: refinement)
                if (try? spec.validate(dimension: dimension)) != nil { specs.append(spec) }
            }
            add(.flat)
            add(.scalar(.bits8))
            for part in [2, 4, 8] where dimension % part == 0 {
                for refinement in [IndexSpec.Refinement.flat, .codec(.scalar(.bits8)), nil] {
                    add(.fastScan(m: dimension / part, residual: false), refinement)
                }
            }
            for part in [4, 8] where dimension % part == 0 { add(.product(m: dimension / part, bits: 8)) }
        }
        return try specs.map { spec in
            let plan = try spec.plan(count: count, dimension: dimension, metric: metric)
            return Candidate(spec: spec, bytes: plan.byteCount(.search))
        }
    }
}

/// The sample that candidates are measured on.
private struct Trial {
    private let base, queries: Matrix<Float>
    private let truth: Matrix<Int32>?
    private let metric: Metric
    private let goal: AutomaticChoice.Goal
    private let count: Int
    private let threads: Int

    var baseCount: Int { base.rows }
    var queryCount: Int { queries.rows }

    init(_ sample: Matrix<Float>, metric: Metric, goal: AutomaticChoice.Goal, count: Int, threads: Int?) {
        let held = HeldOutQueries(of: sample, count: 500)
        base = held.base
        queries = held.queries
        self.metric = metric
        self.goal = goal
        self.count = count
        self.threads = threads ?? availableCores()
        let k = min(goal.k, base.rows)
        let found = try? FlatIndex(base, metric: metric, threads: self.threads)
            .search(queries, k: k, options: SearchOptions(threads: self.threads)).neighbors
        let (rows, wanted) = (queries.rows, k)
        truth = found.map { found in
            Matrix(rows: rows, columns: wanted) { ids in
                for query in 0..<rows {
                    for (rank, neighbor) in found[query].enumerated() {
                        ids[query * wanted + rank] = Int32(neighbor.id)
                    }
                }
            }
        }
    }

    /// The spec with as many lists as suit the sample.
    private func scaled(_ spec: IndexSpec) -> IndexSpec {
        guard case .partitioned(let partition?, let codec) = spec.core else { return spec }
        let factor = (Double(base.rows) / Double(max(count, 1))).squareRoot()
        let nlist = max(1, min(partition.nlist, Int(Double(partition.nlist) * factor)))
        return IndexSpec(
            transforms: spec.transforms, core: .partitioned(.init(nlist: nlist), codec), refinement: spec.refinement)
    }

    func canTrain(_ spec: IndexSpec) -> Bool {
        let codewords =
            switch spec.codec {
            case .product(_, let bits): 1 << bits
            case .fastScan: 16
            default: 1
            }
        return base.rows >= max(scaled(spec).partition?.nlist ?? 1, codewords)
    }

    func measure(
        _ spec: IndexSpec, monitor: ProgressMonitor
    ) throws -> AutomaticChoice.Candidate.Measured? {
        guard let truth else { return nil }
        let k = truth.columns
        var index: any VectorIndex
        if spec == .flat {
            index = try FlatIndex(base, metric: metric, threads: threads)
        } else {
            var lists = try IVFIndex(
                training: base, spec: scaled(spec), metric: metric, options: .init(iterations: 5, threads: threads),
                monitor: monitor)
            try lists.add(base, threads: threads, monitor: monitor)
            index = lists
        }
        let tuning = SearchTuning(
            index, queries, truth: truth, base: base, k: k, options: SearchOptions(threads: 1))
        // Exact search takes time in proportion to the vectors; lists, with their number the root, to the root.
        let share = Double(count) / Double(base.rows)
        let growth = spec == .flat ? share : max(1, share).squareRoot()
        if let best = try tuning.cheapest(reaching: goal.recall, monitor: monitor) {
            let (recall, seconds) = try tuning.measure(best)
            return .init(
                recall: recall, secondsPerQuery: seconds * growth, nprobe: best.nprobe, refineFactor: best.refineFactor,
                reachesGoal: true)
        }
        var widest = SearchOptions(threads: 1)
        widest.nprobe = (index as? IVFIndex)?.nlist
        widest.refineFactor = 160
        let (recall, seconds) = try tuning.measure(widest)
        return .init(
            recall: recall, secondsPerQuery: seconds * growth, nprobe: widest.nprobe,
            refineFactor: widest.refineFactor, reachesGoal: false)
    }
}
