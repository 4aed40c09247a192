/// How well predicted classes agree with the true ones.
public struct ClassificationScores: Sendable, Equatable, Codable {
    /// How well one class was recognised.
    public struct ClassScore: Sendable, Equatable, Codable {
        /// Queries whose true class this is.
        public let support: Int
        /// Queries that were given this class.
        public let predicted: Int
        /// Queries of this class that were given it.
        public let correct: Int
        /// Stored vectors of this class.
        public let training: Int

        /// Share of the queries given this class that are of it; `nil` where none was given it.
        public var precision: Double? { predicted > 0 ? Double(correct) / Double(predicted) : nil }
        /// Share of this class's queries that were given it; `nil` where there is no such query.
        public var recall: Double? { support > 0 ? Double(correct) / Double(support) : nil }
        /// Harmonic mean of precision and recall; `nil` where the class was neither true nor predicted.
        public var f1: Double? {
            support + predicted > 0 ? 2 * Double(correct) / Double(support + predicted) : nil
        }
    }

    /// Means over classes, each class counting the same however many queries it has.
    public struct Averages: Sendable, Equatable, Codable {
        /// Mean precision.
        public let precision: Double
        /// Mean recall.
        public let recall: Double
        /// Mean F1.
        public let f1: Double
    }

    /// Queries scored.
    public let queries: Int
    /// Queries whose best class is the true one.
    public let top1Count: Int
    /// Queries whose true class is among their best five.
    public let top5Count: Int
    /// Queries whose true class no stored vector (but, leaving one out, the query itself) has: always wrong.
    public let unseen: Int
    /// Queries without any neighbour: always wrong, and in no cell of ``confusion``.
    public let unanswered: Int
    /// One score per class, by class index.
    public let classes: [ClassScore]
    /// Means over the classes that are the true or the predicted class of some query; what is undefined counts as 0.
    public let macro: Averages
    /// Which classes were taken for which.
    public let confusion: ConfusionMatrix

    /// Share of queries whose best class is the true one, 0...1; 0 for no queries.
    public var top1: Double { queries > 0 ? Double(top1Count) / Double(queries) : 0 }
    /// Share of queries whose true class is among their best five, 0...1; 0 for no queries.
    ///
    /// Only classes of the k neighbours are ranked, so with k = 1 this equals ``top1``.
    public var top5: Double { queries > 0 ? Double(top5Count) / Double(queries) : 0 }

    /// Compares predictions with the truth.
    ///
    /// - Parameters:
    ///   - predictions: ranked lists of at least five classes where so many were found.
    ///   - truth: the true class of each query, an index into `trainingCounts`.
    ///   - trainingCounts: stored vectors of each class (``KNNClassifier/trainingCounts``).
    ///   - leavingOneOut: whether each query is itself one of those stored vectors and was left out.
    /// - Throws: ``ClassificationError`` for a wrong number of true classes or one out of range.
    public init(
        _ predictions: ClassPredictions, truth: [Int], trainingCounts: [Int], leavingOneOut: Bool = false
    ) throws(ClassificationError) {
        guard truth.count == predictions.count else {
            throw .queryCountMismatch(queries: predictions.count, given: truth.count)
        }
        let classCount = trainingCounts.count
        var support = [Int](repeating: 0, count: classCount)
        var predicted = support, correct = support
        var top1 = 0, top5 = 0, unseen = 0, unanswered = 0
        var pairs: [(truth: Int, predicted: Int)] = []
        pairs.reserveCapacity(truth.count)
        for (query, wanted) in truth.enumerated() {
            guard wanted >= 0 && wanted < classCount else {
                throw .classOutOfRange(row: query, value: wanted, classes: classCount)
            }
            support[wanted] += 1
            if trainingCounts[wanted] <= (leavingOneOut ? 1 : 0) { unseen += 1 }
            guard let best = predictions.best(query) else {
                unanswered += 1
                continue
            }
            guard best < classCount else { throw .classOutOfRange(row: query, value: best, classes: classCount) }
            predicted[best] += 1
            pairs.append((wanted, best))
            if best == wanted {
                correct[best] += 1
                top1 += 1
            }
            if let rank = predictions.rank(of: wanted, query: query), rank < 5 { top5 += 1 }
        }
        queries = truth.count
        top1Count = top1
        top5Count = top5
        self.unseen = unseen
        self.unanswered = unanswered
        classes = (0..<classCount).map {
            ClassScore(
                support: support[$0], predicted: predicted[$0], correct: correct[$0], training: trainingCounts[$0])
        }
        macro = Self.averages(of: classes)
        confusion = ConfusionMatrix(classCount: classCount, pairs: pairs)
    }

    private static func averages(of classes: [ClassScore]) -> Averages {
        let present = classes.filter { $0.support + $0.predicted > 0 }
        func mean(_ value: (ClassScore) -> Double?) -> Double {
            present.isEmpty ? 0 : present.reduce(0) { $0 + (value($1) ?? 0) } / Double(present.count)
        }
        return Averages(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1))
    }
}
