import Akin

/// How long a set of queries took: the fastest of several passes.
struct SearchTiming {
    /// Queries of one pass.
    let queries: Int
    /// The answers of the first pass, in the order of the queries.
    let neighbors: Neighbors
    /// Whether all answers are proven to be the true nearest.
    let isExact: Bool

    private let seconds: Double
    /// Seconds of each call of the fastest pass, ascending.
    private let calls: [Double]

    /// Searches for all queries, `batch` at a time (0: all at once), `repeats` times.
    ///
    /// A few queries go ahead unmeasured, so that pages, caches and clock rate have settled.
    init(
        of index: any VectorIndex, _ asked: Matrix<Float>, k: Int, batch: Int, repeats: Int, options: SearchOptions
    ) throws {
        let step = batch == 0 ? max(asked.rows, 1) : batch
        _ = try index.search(asked.rows(0..<min(asked.rows, min(step, 20))), k: k, options: options)
        var found = Neighbors()
        var exact = true
        var best: (seconds: Double, calls: [Double]) = (.infinity, [])
        for pass in 0..<repeats {
            var calls: [Double] = []
            calls.reserveCapacity(asked.rows / step + 1)
            let (_, seconds) = try timed {
                for start in stride(from: 0, to: asked.rows, by: step) {
                    let block = asked.rows(start..<min(start + step, asked.rows))
                    let (answer, seconds) = try timed { try index.search(block, k: k, options: options) }
                    calls.append(seconds)
                    exact = exact && answer.isExact
                    guard pass == 0 else { continue }
                    for query in 0..<answer.neighbors.count { found.append(answer.neighbors[query]) }
                }
            }
            // Collecting answers is no part of the search, so passes are compared by the time within the calls.
            let searching = pass == 0 ? calls.reduce(0, +) : seconds
            if searching < best.seconds { best = (searching, calls) }
        }
        queries = asked.rows
        neighbors = found
        isExact = exact
        seconds = best.seconds
        calls = best.calls.sorted()
    }

    /// Queries per second of the fastest pass.
    var queriesPerSecond: Double { Double(queries) / seconds }

    /// Microseconds within which this share of the calls was answered; the nearest rank.
    func percentile(_ percent: Double) -> Double {
        guard !calls.isEmpty else { return 0 }
        let rank = Int((percent / 100 * Double(calls.count)).rounded(.up))
        return calls[min(max(rank, 1), calls.count) - 1] * 1e6
    }
}
