/// How often each class was taken for each other: rows are true classes, columns predicted ones.
///
/// Only pairs that occur are kept, so memory grows with the number of queries and not with the square of the
/// number of classes.
public struct ConfusionMatrix: Sendable, Equatable {
    /// One cell that is not zero.
    public struct Cell: Sendable, Equatable {
        /// The true class.
        public let truth: Int
        /// The predicted class.
        public let predicted: Int
        /// Queries of class ``truth`` that were taken for ``predicted``, 1 or more.
        public let count: Int
    }

    /// Two different classes and how often each was taken for the other.
    public struct Pair: Sendable, Equatable, Codable {
        /// The class that is more often mistaken, the smaller index where both are equally often.
        public let first: Int
        /// The other class.
        public let second: Int
        /// Queries of ``first`` taken for ``second``.
        public let firstAsSecond: Int
        /// Queries of ``second`` taken for ``first``.
        public let secondAsFirst: Int

        /// Mistakes in both directions.
        public var total: Int { firstAsSecond + secondAsFirst }
    }

    /// Number of classes: rows and columns.
    public let classCount: Int
    /// The cells that are not zero, by true class, then by predicted class.
    public let cells: [Cell]

    private let rowStarts: [Int]

    /// Counts pairs of true and predicted class, both in `0..<classCount`.
    ///
    /// - Complexity: O(p log p) for p pairs.
    public init(classCount: Int, pairs: some Sequence<(truth: Int, predicted: Int)>) {
        var counts: [Int: Int] = [:]
        for (truth, predicted) in pairs {
            precondition((0..<classCount).contains(truth) && (0..<classCount).contains(predicted))
            counts[truth * classCount + predicted, default: 0] += 1
        }
        let cells = counts.sorted { $0.key < $1.key }.map { key, count in
            Cell(truth: key / classCount, predicted: key % classCount, count: count)
        }
        self.init(classCount: classCount, sortedCells: cells)
    }

    private init(classCount: Int, sortedCells cells: [Cell]) {
        var starts = [Int](repeating: 0, count: classCount + 1)
        for cell in cells { starts[cell.truth + 1] += 1 }
        for row in 0..<classCount { starts[row + 1] += starts[row] }
        self.classCount = classCount
        self.cells = cells
        rowStarts = starts
    }

    /// Queries of a true class that were taken for a predicted class.
    public subscript(truth: Int, predicted: Int) -> Int {
        row(truth).first { $0.predicted == predicted }?.count ?? 0
    }

    /// The cells of one true class that are not zero, by predicted class.
    public func row(_ truth: Int) -> ArraySlice<Cell> {
        cells[rowStarts[truth]..<rowStarts[truth + 1]]
    }

    /// The pairs of classes with most mistakes in both directions together; ties by smaller class indices.
    public func mostConfused(limit: Int) -> [Pair] {
        var mistakes: [Int: (lowAsHigh: Int, highAsLow: Int)] = [:]
        for cell in cells where cell.truth != cell.predicted {
            let low = min(cell.truth, cell.predicted), high = max(cell.truth, cell.predicted)
            if cell.truth == low {
                mistakes[low * classCount + high, default: (0, 0)].lowAsHigh += cell.count
            } else {
                mistakes[low * classCount + high, default: (0, 0)].highAsLow += cell.count
            }
        }
        let ordered = mistakes.sorted { a, b in
            let x = a.value.lowAsHigh + a.value.highAsLow, y = b.value.lowAsHigh + b.value.highAsLow
            return x != y ? x > y : a.key < b.key
        }
        return ordered.prefix(limit).map { key, value in
            let low = key / classCount, high = key % classCount
            return value.lowAsHigh >= value.highAsLow
                ? Pair(first: low, second: high, firstAsSecond: value.lowAsHigh, secondAsFirst: value.highAsLow)
                : Pair(first: high, second: low, firstAsSecond: value.highAsLow, secondAsFirst: value.lowAsHigh)
        }
    }
}

extension ConfusionMatrix: Codable {
    private enum CodingKeys: String, CodingKey {
        case classCount, cells
    }

    /// Reads the class count and cells as `[truth, predicted, count]`, in ascending order, and checks their ranges.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let classCount = try container.decode(Int.self, forKey: .classCount)
        let triples = try container.decode([[Int]].self, forKey: .cells)
        var previous = (-1, -1)
        // A class count far beyond the cells would only serve to allocate memory.
        var isValid = (0...(1 << 24)).contains(classCount)
        for triple in triples where isValid {
            isValid =
                triple.count == 3 && triple[2] > 0 && (0..<classCount).contains(triple[0])
                && (0..<classCount).contains(triple[1]) && (triple[0], triple[1]) > previous
            if isValid { previous = (triple[0], triple[1]) }
        }
        guard isValid else {
            throw DecodingError.dataCorruptedError(
                forKey: .cells, in: container,
                debugDescription: "expected ascending [truth, predicted, count] within \(classCount) classes")
        }
        self.init(
            classCount: classCount,
            sortedCells: triples.map { Cell(truth: $0[0], predicted: $0[1], count: $0[2]) })
    }

    /// Writes the form that ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(classCount, forKey: .classCount)
        try container.encode(cells.map { [$0.truth, $0.predicted, $0.count] }, forKey: .cells)
    }
}
