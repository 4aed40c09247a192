/// Exact search: every query is compared with every stored vector.
public struct FlatIndex: VectorIndex {
    /// The stored vectors, `[count, dimension]`, as they were given.
    public let vectors: Matrix<Float>
    /// The caller's ids, one per row of ``vectors``; `nil` when they are the row numbers.
    public let ids: [Int64]?
    /// How nearness is measured.
    public let metric: Metric
    /// The embedding space of the stored vectors, where it is known.
    public let space: EmbeddingSpace?

    /// "Flat".
    public var spec: String { "Flat" }
    /// Components of each vector.
    public var dimension: Int { vectors.columns }
    /// Stored vectors.
    public var count: Int { vectors.rows }
    /// Bytes of memory that searching needs resident.
    public var byteCount: Int { count * dimension * 4 }

    /// Stores vectors without copying them.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, all different; row numbers when `nil`.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space the vectors come from, if it is known.
    /// - Throws: ``IndexError`` for NaN, infinity, a wrong number of ids or an id given twice.
    public init(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, metric: Metric = .l2, space: EmbeddingSpace? = nil
    ) throws(IndexError) {
        self.vectors = vectors
        self.ids = ids
        self.metric = metric
        self.space = space
    }

    /// Finds the `k` nearest stored vectors of each query.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions = .init()) throws -> SearchResult {
        var rows: [[Neighbor]] = []
        for q in 0..<queries.rows {
            let x = queries[q]
            var row = (0..<count).map { i in
                let y = vectors[i]
                var score = 0.0
                var xx = 0.0, yy = 0.0, xy = 0.0
                for j in 0..<dimension {
                    let a = Double(x[j]), b = Double(y[j])
                    score += (a - b) * (a - b)
                    xx += a * a; yy += b * b; xy += a * b
                }
                let value = switch metric {
                case .l2: score
                case .innerProduct: xy
                case .cosine: xx == 0 || yy == 0 ? 0 : xy / (xx * yy).squareRoot()
                }
                return Neighbor(id: ids?[i] ?? Int64(i), score: Float(value))
            }
            row.sort { metric.isNearer($0.score, than: $1.score) || ($0.score == $1.score && $0.id < $1.id) }
            rows.append(Array(row.prefix(k)))
        }
        return SearchResult(
            neighbors: Neighbors(rows), isExact: true, visited: count * queries.rows, isLimited: false)
    }
}
