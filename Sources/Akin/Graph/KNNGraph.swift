/// The k nearest neighbours of every vector of a set, in the same set: a k-nearest-neighbour graph.
///
/// A vector is not its own neighbour. Its row holds the numbers of the others nearest to it, nearest first, ties by
/// smaller number; every row has ``degree`` of them.
///
/// ```swift
/// let graph = try KNNGraph.exact(vectors, k: 10)
/// for neighbor in graph[0] { print(neighbor.id, neighbor.score) }
/// try graph.write(to: "graph.ivecs")
/// ```
public struct KNNGraph: Sendable, Equatable {
    /// Row numbers of the neighbours, `[count, degree]`, nearest first.
    public let ids: Matrix<Int32>
    /// Their scores as ``metric`` says, `[count, degree]`.
    public let scores: Matrix<Float>
    /// How nearness is measured.
    public let metric: Metric
    /// Whether these are proven to be the true nearest.
    public let isExact: Bool
    /// Share of the true neighbours that are in the graph, measured on a sample while it was built.
    ///
    /// `nil` for an exact graph, and for one that was read from a file.
    public let measuredRecall: Double?

    /// Number of vectors.
    public var count: Int { ids.rows }
    /// Neighbours in each row: the k asked for, or all others where there are fewer.
    public var degree: Int { ids.columns }

    /// Keeps neighbours that a builder found.
    init(
        ids: Matrix<Int32>, scores: Matrix<Float>, metric: Metric, isExact: Bool = false, measuredRecall: Double? = nil
    ) {
        self.ids = ids
        self.scores = scores
        self.metric = metric
        self.isExact = isExact
        self.measuredRecall = measuredRecall
    }

    /// The neighbours of one vector, nearest first (a copy).
    public subscript(row: Int) -> [Neighbor] {
        precondition((0..<count).contains(row), "row \(row) of a graph of \(count)")
        return ids.withUnsafeElements { ids in
            scores.withUnsafeElements { scores in
                (row * degree..<(row + 1) * degree).map { Neighbor(id: Int64(ids[$0]), score: scores[$0]) }
            }
        }
    }
}

extension KNNGraph {
    /// The most vectors that a graph can have: row numbers are 32-bit.
    public static let maximumCount = Int(Int32.max) - panelRows

    /// Checks what all builders are given.
    static func check(count: Int, k: Int, options: KNNGraphOptions) throws(IndexError) {
        guard count <= maximumCount else {
            throw .outOfRange(name: "vectors", value: count, allowed: 0...maximumCount)
        }
        guard k >= 1 else { throw .outOfRange(name: "k", value: k, allowed: 1...max(1, count - 1)) }
        try options.check()
    }
}
