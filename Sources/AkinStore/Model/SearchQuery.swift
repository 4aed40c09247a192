/// One question to a collection.
public struct SearchQuery: Sendable, Equatable {
    /// `[dimension]`, finite.
    public var vector: [Float]
    /// Neighbours wanted, 1 or more.
    public var limit: Int
    /// Neighbours to leave out at the head of the answer.
    public var offset: Int
    /// Which points may be answers.
    public var filter: Filter
    /// Only scores at least as near as this, in the collection's ``Akin/Metric`` (squared distances for L2).
    public var threshold: Float?
    /// What the answer carries beside names and scores.
    public var fields: PointFields
    /// Whether to compare with every point that the filter lets pass, whatever index there is.
    public var isExact: Bool
    /// Candidates kept while walking a graph; the collection's own breadth where it is `nil`.
    public var efSearch: Int?

    /// Asks for the nearest.
    public init(
        vector: [Float], limit: Int = 10, offset: Int = 0, filter: Filter = .init(), threshold: Float? = nil,
        fields: PointFields = .init(), isExact: Bool = false, efSearch: Int? = nil
    ) {
        self.vector = vector
        self.limit = limit
        self.offset = offset
        self.filter = filter
        self.threshold = threshold
        self.fields = fields
        self.isExact = isExact
        self.efSearch = efSearch
    }
}

/// The answer to one question.
public struct SearchAnswer: Sendable, Equatable {
    /// Nearest first, ties by smaller name.
    public var hits: [Hit]
    /// Whether these are proven to be the true nearest.
    public var isExact: Bool
    /// How the filter was applied.
    public var plan: Plan

    /// A point near the query.
    public struct Hit: Sendable, Equatable {
        /// The point, as far as it was asked for.
        public var point: StoredPoint
        /// Squared distance or similarity, as the collection's metric says, computed from the stored vector.
        public var score: Float

        /// A point and its score.
        public init(point: StoredPoint, score: Float) {
            self.point = point
            self.score = score
        }
    }

    /// How a filter was applied.
    public enum Plan: String, Sendable, Codable {
        /// There was none.
        case unfiltered
        /// The points that pass were found first, and each was compared with the query.
        case matchesFirst = "matches first"
        /// The index was searched for points that pass.
        case whileSearching = "while searching"
    }

    /// Puts an answer together.
    public init(hits: [Hit], isExact: Bool, plan: Plan) {
        self.hits = hits
        self.isExact = isExact
        self.plan = plan
    }
}
