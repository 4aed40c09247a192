/// What the nearest neighbours of labelled vectors say of their labels: which may be wrong, and which vectors lie apart.
///
/// A label is *suspect* where more of the k nearest others have one other class than have it: those are the points that
/// the editing of [Wilson 1972] removes, and a vote in a good feature space finds wrong labels without any training
/// ([Zhu et al. 2022]). A vector is an *outlier* where the mean length to its k nearest is extreme among those of its own
/// class, as distances to neighbours tell outliers ([Ramaswamy et al. 2000]); extreme is judged by the median and the
/// median deviation from it, which outliers do not move (Iglewicz and Hoaglin: "How to Detect and Handle Outliers",
/// 1993, ISBN 0-87389-247-X, who advise 3.5).
///
/// ```swift
/// var review = LabelReview(classes: classes, classCount: 10, metric: .cosine, k: 10)
/// try review.add(index.search(vectors, k: 11).neighbors, rows: 0..<vectors.rows)
/// for suspect in review.suspects().prefix(20) { print(suspect.row, suspect.suggested) }
/// ```
///
/// [Wilson 1972]: https://doi.org/10.1109/TSMC.1972.4309137
/// [Zhu et al. 2022]: https://arxiv.org/abs/2110.06283
/// [Ramaswamy et al. 2000]: https://doi.org/10.1145/342009.335437
public struct LabelReview: Sendable {
    /// A vector whose neighbours disagree with its label.
    public struct Suspect: Sendable, Equatable {
        /// Its row.
        public var row: Int
        /// The class that most neighbours have, other than its own.
        public var suggested: Int
        /// Neighbours of its own class, of the suggested one, and in all.
        public var votersForLabel, votersForSuggested, voters: Int
        /// Length to the nearest neighbour of the suggested class.
        public var length: Float

        /// How much the neighbours disagree: the share of them by which the suggested class leads, above 0 and at most 1.
        public var disagreement: Double { Double(votersForSuggested - votersForLabel) / Double(max(1, voters)) }
    }

    /// A vector that lies apart from others, for its class.
    public struct Outlier: Sendable, Equatable {
        /// Its row.
        public var row: Int
        /// Mean length to its nearest neighbours, of whatever class.
        public var meanLength: Float
        /// By how many median deviations it exceeds the median of its class, scaled as a normal distribution's standard deviations.
        public var deviation: Double
    }

    /// Neighbours that are looked at.
    public let k: Int
    private let classes: [Int]
    private let classCount: Int
    private let metric: Metric
    private var found: [Suspect] = []
    /// NaN where a row has no neighbours, or was not added.
    private var meanLengths: [Float]
    /// Votes of the row at hand, for each class; and the classes that have any, in the order of their nearest member.
    private var votes: [Int]

    /// A deviation from which a vector counts as an outlier.
    public static let standardDeviation = 3.5
    /// Classes of fewer vectors have no outliers: there is nothing to be apart from.
    static let leastMembers = 5

    /// Starts a review.
    ///
    /// - Parameters:
    ///   - classes: the class of each vector, `0..<classCount`; ids of neighbours are their rows.
    ///   - classCount: number of classes.
    ///   - metric: how the scores of neighbours are to be read.
    ///   - k: neighbours to look at, 1 or more.
    /// - Throws: ``ClassificationError`` for a class or k out of range.
    public init(classes: [Int], classCount: Int, metric: Metric, k: Int) throws(ClassificationError) {
        if k < 1 { throw .notPositive(name: "k", value: Double(k)) }
        for (row, value) in classes.enumerated() where !(0..<classCount).contains(value) {
            throw .classOutOfRange(row: row, value: value, classes: classCount)
        }
        self.k = k
        self.classes = classes
        self.classCount = classCount
        self.metric = metric
        meanLengths = Array(repeating: .nan, count: classes.count)
        votes = Array(repeating: 0, count: classCount)
    }

    /// Looks at the neighbours of some rows.
    ///
    /// - Parameters:
    ///   - neighbors: one row per vector of `rows`, nearest first, `k` + 1 long where so many exist: a vector's own id
    ///     is struck from its row.
    ///   - rows: the rows that were asked about.
    /// - Throws: ``ClassificationError`` for a neighbour without a class and for another number of rows.
    /// - Complexity: O(rows · k).
    public mutating func add(_ neighbors: Neighbors, rows: Range<Int>) throws(ClassificationError) {
        guard neighbors.count == rows.count, rows.upperBound <= classes.count else {
            throw .queryCountMismatch(queries: rows.count, given: neighbors.count)
        }
        for (place, row) in rows.enumerated() {
            let others = neighbors[place].lazy.filter { $0.id != Int64(row) }.prefix(k)
            var order: [(class: Int, length: Float)] = []
            var sum = 0.0, voters = 0
            for neighbor in others {
                guard let other = Int(exactly: neighbor.id), classes.indices.contains(other) else {
                    throw .unknownID(neighbor.id)
                }
                let length = metric.length(of: neighbor.score)
                if votes[classes[other]] == 0 { order.append((classes[other], length)) }
                votes[classes[other]] += 1
                voters += 1
                sum += Double(length)
            }
            let own = votes[classes[row]]
            // Of equal ones the class with the nearer member.
            var best: (class: Int, length: Float)?
            for entry in order where entry.class != classes[row] {
                if best.map({ votes[entry.class] > votes[$0.class] }) ?? true { best = entry }
            }
            if let best, votes[best.class] > own {
                found.append(
                    Suspect(
                        row: row, suggested: best.class, votersForLabel: own, votersForSuggested: votes[best.class],
                        voters: voters, length: best.length))
            }
            if voters > 0 { meanLengths[row] = Float(sum / Double(voters)) }
            for entry in order { votes[entry.class] = 0 }
        }
    }

    /// The suspect labels, those first whose neighbours disagree most; of equal ones the nearer.
    public func suspects() -> [Suspect] {
        found.sorted { a, b in
            (b.disagreement, a.length, a.row) < (a.disagreement, b.length, b.row)
        }
    }

    /// The outliers, those first that deviate most from their class.
    ///
    /// - Parameter limit: the deviation from which a vector counts as an outlier.
    /// - Returns: rows of classes with five members or more.
    public func outliers(beyond limit: Double = Self.standardDeviation) -> [Outlier] {
        var members = [[Int]](repeating: [], count: classCount)
        for (row, value) in classes.enumerated() where meanLengths[row].isFinite { members[value].append(row) }
        var outliers: [Outlier] = []
        for rows in members where rows.count >= Self.leastMembers {
            let lengths = rows.map { Double(meanLengths[$0]) }
            let middle = Self.median(lengths)
            let distances = lengths.map { abs($0 - middle) }
            let spread = Self.median(distances)
            // Where most lengths are equal, the mean deviation takes over, scaled alike.
            let mean = distances.reduce(0, +) / Double(distances.count)
            let scale = spread > 0 ? spread / 0.6745 : mean * 1.2533
            guard scale > 0 else { continue }
            for (row, length) in zip(rows, lengths) where (length - middle) / scale >= limit {
                outliers.append(
                    Outlier(row: row, meanLength: meanLengths[row], deviation: (length - middle) / scale))
            }
        }
        return outliers.sorted { ($1.deviation, $0.row) < ($0.deviation, $1.row) }
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
