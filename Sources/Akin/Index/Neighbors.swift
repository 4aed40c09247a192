/// One stored vector found near a query.
public struct Neighbor: Sendable, Equatable {
    /// The caller's id of the stored vector.
    public var id: Int64
    /// Squared distance or similarity, as the index's ``Metric`` says.
    public var score: Float

    /// Names a stored vector and its score.
    public init(id: Int64, score: Float) {
        self.id = id
        self.score = score
    }
}

/// The answer to a batch of queries: one row per query, nearest first, ties by smaller id.
///
/// A row with fewer than k answers is shorter; there are no placeholder ids.
public struct Neighbors: Sendable, Equatable {
    private var flat: [Neighbor] = []
    private var ends: [Int] = []

    /// An answer to no query.
    public init() {}

    /// Makes an answer from one row per query.
    public init(_ rows: [[Neighbor]]) {
        for row in rows { append(row) }
    }

    /// Number of queries answered.
    public var count: Int { ends.count }

    /// The neighbours of one query.
    public subscript(query: Int) -> ArraySlice<Neighbor> {
        flat[(query == 0 ? 0 : ends[query - 1])..<ends[query]]
    }

    /// Adds the answer to the next query.
    public mutating func append(_ row: some Sequence<Neighbor>) {
        flat.append(contentsOf: row)
        ends.append(flat.count)
    }
}

/// What a search found and how it went about it.
public struct SearchResult: Sendable {
    /// The neighbours, one row per query.
    public var neighbors: Neighbors
    /// Whether these are proven to be the true nearest.
    public var isExact: Bool
    /// Stored vectors that were compared with a query, all queries together.
    public var visited: Int
    /// Whether a filter or a limit cut some row short of k.
    public var isLimited: Bool
    /// How a graph was searched under a filter; `nil` without one, and for other indexes.
    public var filtering: Filtering?

    /// Describes a finished search.
    public init(
        neighbors: Neighbors, isExact: Bool, visited: Int, isLimited: Bool, filtering: Filtering? = nil
    ) {
        self.neighbors = neighbors
        self.isExact = isExact
        self.visited = visited
        self.isLimited = isLimited
        self.filtering = filtering
    }

    /// Ways of searching a graph for vectors that a filter lets pass.
    public enum Filtering: String, Sendable, CaseIterable {
        /// All vectors that pass were compared: few do.
        case scan
        /// The graph was walked from passing to passing vectors, across those that do not pass.
        case twoHop = "two-hop"
        /// The graph was walked as without a filter, with more candidates: many vectors pass.
        case wider
    }
}
