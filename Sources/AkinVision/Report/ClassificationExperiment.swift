public import Akin

/// The classic check of an embedding: index a labelled set, search it with another, and let the neighbours vote.
///
/// Vectors come in blocks of queries, so memory for neighbours does not grow with the sets. Each phase is timed on its
/// own; reading pictures for the report is not part of any.
///
/// ```swift
/// let experiment = try ClassificationExperiment(train: train, validation: validation)
/// let outcome = try experiment.run()
/// try outcome.report.write(to: "report", pictures: outcome.pictures)
/// ```
public struct ClassificationExperiment: Sendable {
    /// What to try and what to show.
    public struct Options: Sendable {
        /// How many neighbours vote, each 1 or more; all are served by one search with the largest.
        public var k: [Int] = [10]
        /// How they vote.
        public var votes: [NeighborVote] = [.majority, .softmax]
        /// How nearness is measured.
        ///
        /// With cosine the length of vectors plays no part.
        public var metric: Metric = .cosine
        /// Whether the training set is scored against itself, each query left out of its own answer.
        public var leavesOneOut = true
        /// Whether the training set is also scored with each query among its own neighbours.
        public var includesSelf = false
        /// The vote and k shown in detail.
        ///
        /// `nil` takes the best of the training set, leaving one out; where that is not scored, the first vote with the
        /// first k. Choosing on the validation set would flatter it.
        public var detailed: (vote: NeighborVote, k: Int)?
        /// Pairs of classes to list as most confused.
        public var pairs = 25
        /// Queries to show that were right, and as many that were wrong.
        public var samples = 12
        /// Neighbours to show of each, whether or not so many voted.
        public var sampleNeighbors = 5
        /// Training images with suspect labels to list, and as many outliers; 0 leaves both out.
        ///
        /// They come from leaving one out, with the largest k.
        public var suspects = 24
        /// What the choice of samples derives from.
        public var seed: UInt64 = 1
        /// Threads to search with; `nil` means one per core.
        public var threads: Int?

        /// Starts from the defaults.
        public init() {}
    }

    /// What comes of an experiment.
    public struct Outcome: Sendable {
        /// The figures.
        public var report: ClassificationReport
        /// Small pictures of the samples and their neighbours, for the HTML page.
        public var pictures: ReportPictures
    }

    /// Builds the index to search; its ids must be the row numbers.
    public typealias IndexBuilder =
        @Sendable (_ vectors: Matrix<Float>, _ metric: Metric, _ space: EmbeddingSpace?) throws -> any VectorIndex

    /// Hands over pictures of one set, one after the other, so that large ones are not held together.
    ///
    /// It is given the records' paths that are wanted and calls `take` with those it finds, in any order. Pictures that
    /// cannot be read are left out.
    public typealias PictureReader =
        @Sendable (
            _ part: ClassificationReport.Part, _ paths: Set<String>, _ take: (_ path: String, RGBImage) throws -> Void
        ) throws -> Void

    let train: LabelledSet
    let validation: LabelledSet?
    let classes: ClassNames
    let options: Options

    /// Checks that the two sets can be compared.
    ///
    /// - Parameters:
    ///   - train: the labelled vectors to index.
    ///   - validation: the labelled vectors to ask about; `nil` scores the training set alone.
    ///   - options: what to try and what to show.
    /// - Throws: ``ClassificationError`` for an empty set, a missing label, and k or temperature out of range;
    ///   ``IndexError`` for different dimensions or embedding spaces.
    public init(train: EmbeddedSet, validation: EmbeddedSet?, options: Options = .init()) throws {
        for k in options.k where k < 1 { throw ClassificationError.notPositive(name: "k", value: Double(k)) }
        guard !options.k.isEmpty, !options.votes.isEmpty else {
            throw ClassificationError.notPositive(name: options.k.isEmpty ? "number of k" : "number of votes", value: 0)
        }
        for case .softmax(let value) in options.votes where !(value > 0 && value.isFinite) {
            throw ClassificationError.notPositive(name: "temperature", value: value)
        }
        if let space = train.space, let other = validation?.space { try space.check(other) }
        if let validation, validation.vectors.columns != train.vectors.columns {
            throw IndexError.dimensionMismatch(expected: train.vectors.columns, actual: validation.vectors.columns)
        }
        let trainLabels = try Self.labels(of: train, as: .train)
        let validationLabels = try validation.map { try Self.labels(of: $0, as: .validation) }
        let classes = ClassNames(of: trainLabels + (validationLabels ?? []))
        self.classes = classes
        self.train = LabelledSet(part: .train, embedded: train, classes: trainLabels.compactMap(classes.index(of:)))
        self.validation = validation.map {
            LabelledSet(
                part: .validation, embedded: $0, classes: (validationLabels ?? []).compactMap(classes.index(of:)))
        }
        if let detailed = options.detailed, !options.votes.contains(detailed.vote) || !options.k.contains(detailed.k) {
            throw ClassificationError.notTried(vote: detailed.vote.name, k: detailed.k)
        }
        self.options = options
    }

    private static func labels(of set: EmbeddedSet, as part: ClassificationReport.Part) throws -> [String] {
        let name = ReportFormat.name(part)
        guard set.vectors.rows > 0 else { throw ClassificationError.emptySet(name) }
        guard !set.records.isEmpty else {
            throw ClassificationError.labelCountMismatch(set: name, vectors: set.vectors.rows, labels: 0)
        }
        guard let labels = set.labels else {
            let missing = set.records.filter { $0.label == nil }
            throw ClassificationError.missingLabels(
                set: name, count: missing.count, example: missing.first?.path ?? "unknown")
        }
        return labels
    }
}

/// An embedded set with the class of each row.
struct LabelledSet: Sendable {
    let part: ClassificationReport.Part
    let embedded: EmbeddedSet
    let classes: [Int]

    var count: Int { embedded.vectors.rows }
}
