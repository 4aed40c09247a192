/// All queries asked once: the answers, and the time that each call took.
public struct SearchPass: Sendable {
    /// The answers in the order of the queries; empty where they were not wanted.
    public private(set) var neighbors = Neighbors()
    /// Whether all answers are proven to be the true nearest.
    public private(set) var isExact = true
    /// Stored vectors that were compared with a query, all queries together.
    public private(set) var visited = 0
    /// Seconds of each call, in order.
    public private(set) var calls: [Double] = []

    /// Seconds of all calls together; collecting the answers is no part of it.
    public var seconds: Double { calls.reduce(0, +) }

    /// Asks `batch` queries at a time.
    ///
    /// - Parameters:
    ///   - index: what is searched.
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - batch: queries for each call; 0 sends all at once.
    ///   - options: how to search.
    ///   - keepsNeighbors: whether the answers are kept.
    /// - Throws: what ``VectorIndex/search(_:k:options:)`` throws.
    public init(
        _ index: any VectorIndex, _ queries: Matrix<Float>, k: Int, batch: Int = 0, options: SearchOptions,
        keepsNeighbors: Bool = true
    ) throws {
        let step = batch == 0 ? max(queries.rows, 1) : batch
        let clock = ContinuousClock()
        calls.reserveCapacity(queries.rows / step + 1)
        for start in stride(from: 0, to: queries.rows, by: step) {
            let block = queries.rows(start..<min(start + step, queries.rows))
            let began = clock.now
            let answer = try index.search(block, k: k, options: options)
            calls.append((clock.now - began).seconds)
            isExact = isExact && answer.isExact
            visited += answer.visited
            guard keepsNeighbors else { continue }
            for query in 0..<answer.neighbors.count { neighbors.append(answer.neighbors[query]) }
        }
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
