/// Recall, speed, memory and, with labels, accuracy of several indexes of the same vectors.
///
/// Each index is swept through its own settings (``TunableIndex/knobs``). Those that nothing beats, or nearly so, are
/// then timed in turn, all indexes in each round, so that a drifting clock favours none; the median counts. This is the
/// way of [Aumüller et al. 2018], but for the turns.
///
/// ```swift
/// let comparison = try IndexComparison(
///     candidates, queries: queries, truth: exact.neighbors, base: base)
/// for entry in comparison.entries {
///     print(entry.name, entry.points.filter(\.isBest).map { ($0.recall, $0.queriesPerSecond) })
/// }
/// ```
///
/// [Aumüller et al. 2018]: https://arxiv.org/abs/1807.05614
public struct IndexComparison: Sendable, Codable, Equatable {
    /// One index and what became of it.
    public struct Entry: Sendable, Codable, Equatable {
        /// The index in Faiss's factory language.
        public var name: String
        /// Seconds to train, and to add the vectors.
        public var trainSeconds, addSeconds: Double
        /// Bytes that searching needs resident, and of the index file; 0 where it was not written.
        public var bytes, fileBytes: Int
        /// What was measured, from fast to slow.
        public var points: [Point]

        /// The fastest setting whose recall is at least `goal`; `nil` where none is.
        public func fastest(reaching goal: Double) -> Point? {
            points.filter { $0.recall >= goal }.max { $0.queriesPerSecond < $1.queriesPerSecond }
        }
    }

    /// One setting of one index.
    public struct Point: Sendable, Codable, Equatable {
        /// The setting as on the command line: "nprobe=16,refine=4"; empty for an index without any.
        public var setting: String
        /// Share of the true neighbours that were found.
        public var recall: Double
        /// Queries per second of the median pass.
        public var queriesPerSecond: Double
        /// Stored vectors compared with each query, on average.
        public var visited: Double
        /// Share of queries whose neighbours named their class; `nil` without labels.
        public var accuracy: Double?
        /// Whether no other setting of the same index is better in both.
        public var isBest: Bool
    }

    /// An index to be measured.
    public struct Candidate: Sendable {
        /// The index; its ids must be the row numbers of the vectors.
        public var index: any VectorIndex
        /// Seconds to train, and to add the vectors.
        public var trainSeconds, addSeconds: Double
        /// Bytes of the index file; 0 where it was not written.
        public var fileBytes: Int

        /// Describes an index.
        public init(_ index: any VectorIndex, trainSeconds: Double = 0, addSeconds: Double = 0, fileBytes: Int = 0) {
            self.index = index
            self.trainSeconds = trainSeconds
            self.addSeconds = addSeconds
            self.fileBytes = fileBytes
        }
    }

    /// The classes of the vectors, to say what accuracy each index keeps.
    public struct Labels: Sendable {
        /// The class of each stored vector, and of each query; `0..<classCount`.
        public var base, queries: [Int]
        /// Number of classes.
        public var classCount: Int
        /// How the k neighbours vote.
        public var vote: NeighborVote

        /// Describes the classes.
        public init(base: [Int], queries: [Int], classCount: Int, vote: NeighborVote = .majority) {
            self.base = base
            self.queries = queries
            self.classCount = classCount
            self.vote = vote
        }
    }

    /// How to measure.
    public struct Options: Sendable {
        /// Neighbours wanted.
        public var k = 10
        /// Threads to search with; `nil` means one per core.
        public var threads: Int? = 1
        /// Queries for each call; 0 sends all at once.
        public var batch = 0
        /// Passes for each setting, of which the median counts.
        public var repeats = 3
        /// Seconds for one pass beyond which a broader search is not tried any more.
        public var longestPass = Double.infinity

        /// Starts from the defaults.
        public init() {}
    }

    /// One entry for each candidate, in the same order.
    public let entries: [Entry]
    /// Neighbours wanted.
    public let k: Int
    /// Queries asked.
    public let queryCount: Int
    /// Share of queries whose true neighbours named their class; `nil` without labels.
    public let exactAccuracy: Double?

    /// Sweeps and times.
    ///
    /// - Parameters:
    ///   - candidates: the indexes, over the same vectors and with one metric.
    ///   - queries: `[q, dimension]`, finite.
    ///   - truth: the true nearest of each query, k of each, as an exact search gives them.
    ///   - base: the stored vectors, so that answers as near as the truth count as right.
    ///   - labels: the classes; `nil` leaves accuracy out.
    ///   - options: how to measure.
    ///   - monitor: told of each setting, and asked whether to stop.
    /// - Throws: ``IndexError`` as searching and ``Recall`` do, ``ClassificationError`` for labels that do not fit,
    ///   `CancellationError`.
    public init(
        _ candidates: [Candidate], queries: Matrix<Float>, truth: Neighbors, base: Matrix<Float>,
        labels: Labels? = nil, options: Options = .init(), monitor: ProgressMonitor = .silent
    ) throws {
        let trial = try ComparisonTrial(
            candidates: candidates, queries: queries, truth: truth, base: base, labels: labels, options: options)
        exactAccuracy = try trial.accuracy(of: truth)
        k = options.k
        queryCount = queries.rows
        entries = try trial.measure(monitor: monitor)
    }
}
