import Akin

/// The nearest rows of each query, as parts of the vectors gave them.
struct FoundRows {
    private let metric: Metric
    private var queries: [[Neighbor]]
    /// Whether no query was given rows twice, so that all are in order.
    private var isInOrder = true

    init(queries: Int, metric: Metric) {
        self.metric = metric
        self.queries = Array(repeating: [], count: queries)
    }

    /// Adds what one part gave a query.
    ///
    /// - Parameters:
    ///   - query: which.
    ///   - rows: of the part, nearest first; ends at the first that is `UInt32.max`.
    ///   - scores: of these rows.
    ///   - first: the part's first row.
    mutating func add(_ query: Int, rows: ArraySlice<UInt32>, scores: ArraySlice<Float>, first: Int) {
        if !queries[query].isEmpty { isInOrder = false }
        queries[query].reserveCapacity(queries[query].count + rows.count)
        for (row, score) in zip(rows, scores) {
            if row == .max { return }
            queries[query].append(Neighbor(id: Int64(first + Int(row)), score: score))
        }
    }

    /// The k best of all parts, rows replaced by ids that ascend with them.
    func neighbors(k: Int, ids: [Int64]?) -> Neighbors {
        var all = Neighbors()
        for var row in queries {
            if !isInOrder {
                row.sort { a, b in a.score == b.score ? a.id < b.id : metric.isNearer(a.score, than: b.score) }
            }
            if let ids { for i in row.indices { row[i].id = ids[Int(row[i].id)] } }
            all.append(row.prefix(k))
        }
        return all
    }
}
