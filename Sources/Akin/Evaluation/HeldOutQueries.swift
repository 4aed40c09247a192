/// Some vectors of a set taken out, evenly spaced, to serve as queries to the rest.
public struct HeldOutQueries: Sendable {
    /// What is left to be stored, and what was taken out; both `[_, dimension]`.
    public let base, queries: Matrix<Float>
    /// The row of each in the whole set.
    public let baseRows, queryRows: [Int]

    /// Takes about `count` vectors out; of very few none can be spared, and all serve as both.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`.
    ///   - count: queries wanted; at most a tenth of the vectors is taken.
    public init(of vectors: Matrix<Float>, count: Int) {
        let held = min(count, vectors.rows / 10)
        guard held > 0 else {
            (base, queries) = (vectors, vectors)
            (baseRows, queryRows) = (Array(0..<vectors.rows), Array(0..<vectors.rows))
            return
        }
        let step = vectors.rows / held
        queryRows = Array(stride(from: 0, to: vectors.rows, by: step))
        baseRows = (0..<vectors.rows).filter { $0 % step != 0 }
        base = vectors.selecting(baseRows)
        queries = vectors.selecting(queryRows)
    }
}

extension Matrix where Element: BitwiseCopyable {
    /// Some rows, copied in the given order.
    ///
    /// - Parameter rows: numbers of rows, each of which must exist.
    /// - Returns: `[rows.count, columns]`.
    package func selecting(_ rows: [Int]) -> Matrix {
        let d = columns
        return Matrix(rows: rows.count, columns: d) { target in
            withUnsafeElements { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                for (i, row) in rows.enumerated() {
                    precondition((0..<self.rows).contains(row), "row \(row) of a matrix of \(self.rows)")
                    (to + i * d).update(from: from + row * d, count: d)
                }
            }
        }
    }
}
