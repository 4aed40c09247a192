public import Akin

/// The true nearest by plain double-precision brute force, nearest first, ties of the float score by smaller id.
public func bruteForce(
    _ base: Matrix<Float>, _ queries: Matrix<Float>, k: Int, metric: Metric, ids: [Int64]? = nil
) -> Neighbors {
    let d = base.columns
    return base.withUnsafeElements { y in
        queries.withUnsafeElements { x in
            Neighbors(
                (0..<queries.rows).map { q in
                    let row = (0..<base.rows).map { i in
                        var distance = 0.0, xx = 0.0, yy = 0.0, xy = 0.0
                        for c in 0..<d {
                            let a = Double(x[q * d + c]), b = Double(y[i * d + c])
                            distance += (a - b) * (a - b)
                            xx += a * a
                            yy += b * b
                            xy += a * b
                        }
                        let score =
                            switch metric {
                            case .l2: distance
                            case .innerProduct: xy
                            case .cosine: xx == 0 || yy == 0 ? 0 : xy / (xx.squareRoot() * yy.squareRoot())
                            }
                        return Neighbor(id: ids?[i] ?? Int64(i), score: Float(score))
                    }
                    return Array(
                        row.sorted {
                            metric.isNearer($0.score, than: $1.score) || ($0.score == $1.score && $0.id < $1.id)
                        }.prefix(k))
                })
        }
    }
}

/// Whether two answers agree, up to ties within `ulps` floats of the score: the scores of each rank must agree that
/// closely, and an id may differ only where such a tie leaves the choice open.
public func agree(_ found: Neighbors, _ truth: Neighbors, ulps: Float = 1) -> Bool {
    guard found.count == truth.count else { return false }
    for q in 0..<found.count {
        let a = Array(found[q]), b = Array(truth[q])
        guard a.count == b.count, Set(a.map(\.id)).count == a.count else { return false }
        let known = Dictionary(uniqueKeysWithValues: b.map { ($0.id, $0.score) })
        for (x, y) in zip(a, b) {
            let tolerance = ulps * max(x.score.ulp, y.score.ulp)
            guard abs(x.score - y.score) <= tolerance else { return false }
            if x.id == y.id { continue }
            // An id that the truth has elsewhere must have nearly the same score there; one that it lacks must tie
            // with its last.
            let elsewhere = known[x.id] ?? b[b.count - 1].score
            guard abs(x.score - elsewhere) <= tolerance else { return false }
        }
    }
    return true
}
