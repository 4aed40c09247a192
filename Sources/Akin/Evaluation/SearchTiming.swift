/// How long a set of queries takes: the fastest of several passes.
public struct SearchTiming: Sendable {
    /// Queries of one pass.
    public let queries: Int
    /// The answers of the first pass, in the order of the queries.
    public let neighbors: Neighbors
    /// Whether all answers are proven to be the true nearest.
    public let isExact: Bool

    private let seconds: Double
    /// Seconds of each call of the fastest pass, ascending.
    private let calls: [Double]

    /// Searches for all queries, `batch` at a time (0: all at once), `repeats` times.
    ///
    /// A few queries go ahead unmeasured, so that pages, caches and clock rate have settled.
    ///
    /// - Parameters:
    ///   - index: what is searched.
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - batch: queries for each call; 0 sends all at once.
    ///   - repeats: passes, 1 or more.
    ///   - options: how to search.
    /// - Throws: what ``VectorIndex/search(_:k:options:)`` throws.
    public init(
        of index: any VectorIndex, _ queries: Matrix<Float>, k: Int, batch: Int, repeats: Int, options: SearchOptions
    ) throws {
        let few = min(queries.rows, batch == 0 ? 20 : min(batch, 20))
        _ = try index.search(queries.rows(0..<few), k: k, options: options)
        let first = try SearchPass(index, queries, k: k, batch: batch, options: options)
        var fastest = first
        var isExact = first.isExact
        for _ in 1..<max(repeats, 1) {
            let pass = try SearchPass(index, queries, k: k, batch: batch, options: options, keepsNeighbors: false)
            isExact = isExact && pass.isExact
            if pass.seconds < fastest.seconds { fastest = pass }
        }
        self.queries = queries.rows
        self.neighbors = first.neighbors
        self.isExact = isExact
        seconds = fastest.seconds
        calls = fastest.calls.sorted()
    }

    /// Queries per second of the fastest pass.
    public var queriesPerSecond: Double { Double(queries) / seconds }

    /// Microseconds within which this share of the calls was answered; the nearest rank.
    ///
    /// - Parameter percent: 0...100.
    /// - Returns: microseconds; 0 where nothing was asked.
    public func percentile(_ percent: Double) -> Double {
        guard !calls.isEmpty else { return 0 }
        let rank = Int((percent / 100 * Double(calls.count)).rounded(.up))
        return calls[min(max(rank, 1), calls.count) - 1] * 1e6
    }
}
