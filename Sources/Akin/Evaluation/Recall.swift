/// How many of the true nearest an index found: recall@k.
///
/// A returned id counts when it is among the first k of the truth, or, where scores are known, when it is as near as
/// the k-th of the truth: of vectors at the same distance it does not matter which is returned, and billion-scale
/// benchmarks count them all as right. An id that comes twice counts once. Rows shorter than k miss what they lack.
///
/// ```swift
/// let result = try index.search(queries, k: 10)
/// let recall = try Recall.compute(
///     found: result.neighbors, truth: truth.ids, truthScores: truth.scores, metric: index.metric, k: 10)
/// print(recall.value)
/// ```
public struct Recall: Sendable, Equatable {
    /// Neighbours looked at for each query.
    public let k: Int
    /// Right ones among them, 0...k, for each query.
    public let hits: [Int]

    /// Share of the true neighbours that were found, 0...1, over all queries; 1 for no query at all.
    public var value: Double {
        hits.isEmpty ? 1 : Double(hits.reduce(0, +)) / (Double(k) * Double(hits.count))
    }

    /// Counts by id and, with `truthScores`, by the score that the index returned.
    ///
    /// - Parameters:
    ///   - found: one row per query; only the first `k` of each are looked at.
    ///   - truth: ids of the true nearest, `[queries, at least k]`, nearest first.
    ///   - truthScores: their scores, computed as the index computes its own. Leave them out for an index whose scores
    ///     are estimates, since an estimate may look nearer than it is.
    ///   - metric: which way is nearer.
    ///   - k: neighbours to look at, 1 or more.
    /// - Returns: the hits of each query.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for a `k` that the truth does not reach and for another
    ///   number of queries.
    /// - Complexity: O(queries · k).
    public static func compute(
        found: Neighbors, truth: Matrix<Int32>, truthScores: Matrix<Float>? = nil, metric: Metric, k: Int
    ) throws(IndexError) -> Recall {
        try check(found: found, truth: truth, k: k)
        if let truthScores { _ = try GroundTruth(ids: truth, scores: truthScores) }
        return count(found: found, truth: truth, k: k) { query in
            guard let last = truthScores?[query, k - 1] else { return { _ in false } }
            return { $0.score == last || metric.isNearer($0.score, than: last) }
        }
    }

    /// Counts by id and by the exact scores of vectors, whatever the index says of them.
    ///
    /// - Parameters:
    ///   - found: one row per query, ids being row numbers of `base`; only the first `k` of each are looked at.
    ///   - truth: row numbers of the true nearest, `[queries, at least k]`, nearest first.
    ///   - base: the stored vectors, `[n, dimension]`.
    ///   - queries: `[queries, dimension]`.
    ///   - metric: how nearness is measured.
    ///   - k: neighbours to look at, 1 or more.
    /// - Returns: the hits of each query.
    /// - Throws: ``IndexError`` for a `k` that the truth does not reach, another number of queries or dimension, and a
    ///   row of the truth that `base` does not have.
    /// - Complexity: O(queries · k), and O(dimension) for each id that is not in the truth.
    public static func compute(
        found: Neighbors, truth: Matrix<Int32>, base: Matrix<Float>, queries: Matrix<Float>, metric: Metric, k: Int
    ) throws(IndexError) -> Recall {
        try check(found: found, truth: truth, k: k)
        guard queries.columns == base.columns else {
            throw .dimensionMismatch(expected: base.columns, actual: queries.columns)
        }
        guard queries.rows == truth.rows else {
            throw .outOfRange(name: "queries", value: queries.rows, allowed: truth.rows...truth.rows)
        }
        for query in 0..<truth.rows {
            let last = Int(truth[query, k - 1])
            guard (0..<base.rows).contains(last) else {
                throw .outOfRange(name: "row of the truth", value: last, allowed: 0...max(0, base.rows - 1))
            }
        }
        return count(found: found, truth: truth, k: k) { query in
            let last = metric.score(queries, query, base, Int(truth[query, k - 1]))
            return { neighbor in
                guard let row = Int(exactly: neighbor.id), (0..<base.rows).contains(row) else { return false }
                let score = metric.score(queries, query, base, row)
                return score == last || metric.isNearer(score, than: last)
            }
        }
    }

    private static func check(found: Neighbors, truth: Matrix<Int32>, k: Int) throws(IndexError) {
        guard k >= 1, k <= truth.columns || truth.rows == 0 else {
            throw .outOfRange(name: "k", value: k, allowed: 1...max(1, truth.columns))
        }
        guard found.count == truth.rows else {
            throw .outOfRange(name: "queries answered", value: found.count, allowed: truth.rows...truth.rows)
        }
    }

    /// Counts ids that are in the truth, or for which the query's rule says that they tie with it.
    private static func count(
        found: Neighbors, truth: Matrix<Int32>, k: Int, ties: (Int) -> (Neighbor) -> Bool
    ) -> Recall {
        let hits = (0..<found.count).map { query in
            let right = Set((0..<k).map { Int64(truth[query, $0]) })
            let isTie = ties(query)
            var seen: Set<Int64> = []
            return found[query].prefix(k).count { neighbor in
                seen.insert(neighbor.id).inserted && (right.contains(neighbor.id) || isTie(neighbor))
            }
        }
        return Recall(k: k, hits: hits)
    }
}
