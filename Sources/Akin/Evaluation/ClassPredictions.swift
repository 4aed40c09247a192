/// The classes that a vote gave to a batch of queries: one ranked list per query, best first.
///
/// A list holds only classes that a neighbour voted for, so with k = 1 it holds a single class.
public struct ClassPredictions: Sendable, Equatable {
    /// The rule that ranked the classes.
    public let vote: NeighborVote
    /// Neighbours that were asked.
    public let k: Int

    private var ranked: [Int32] = []
    private var ends: [Int] = []

    /// Predictions for no query.
    init(vote: NeighborVote, k: Int) {
        self.vote = vote
        self.k = k
    }

    /// Makes predictions from ranked lists that came from elsewhere.
    public init(vote: NeighborVote, k: Int, ranked lists: [[Int]]) {
        self.init(vote: vote, k: k)
        for list in lists { append(list.map(Int32.init)) }
    }

    /// Number of queries.
    public var count: Int { ends.count }

    /// The ranked classes of one query, best first; empty where it had no neighbour.
    public subscript(query: Int) -> [Int] {
        ranked[(query == 0 ? 0 : ends[query - 1])..<ends[query]].map(Int.init)
    }

    /// The best class of one query; `nil` where it had no neighbour.
    public func best(_ query: Int) -> Int? {
        let start = query == 0 ? 0 : ends[query - 1]
        return start < ends[query] ? Int(ranked[start]) : nil
    }

    /// The place of a class in a query's list, from 0; `nil` where it is not listed.
    public func rank(of wanted: Int, query: Int) -> Int? {
        let row = ranked[(query == 0 ? 0 : ends[query - 1])..<ends[query]]
        return row.firstIndex(of: Int32(wanted)).map { $0 - row.startIndex }
    }

    /// Adds the predictions for further queries, which must be by the same vote and k.
    public mutating func append(contentsOf other: ClassPredictions) {
        precondition(vote == other.vote && k == other.k, "predictions of different votes do not mix")
        let base = ranked.count
        ranked.append(contentsOf: other.ranked)
        ends.append(contentsOf: other.ends.map { $0 + base })
    }

    mutating func append(_ list: some Sequence<Int32>) {
        ranked.append(contentsOf: list)
        ends.append(ranked.count)
    }
}
