extension ScalarQuantizer {
    /// Takes the least and the greatest value of each component of some vectors.
    ///
    /// - Parameters:
    ///   - kind: how a component is coded; floats need no vectors and use none.
    ///   - vectors: `[count, dimension]`, finite.
    /// - Returns: the quantizer of that kind for vectors like these.
    /// - Throws: ``IndexError`` when there is no vector, or one is not finite.
    /// - Complexity: O(`count` · `dimension`).
    public static func train(
        _ kind: IndexSpec.ScalarType, _ vectors: Matrix<Float>
    ) throws(IndexError) -> ScalarQuantizer {
        let dimension = vectors.columns
        if kind.isFloat {
            return try ScalarQuantizer(
                kind, dimension: dimension, ranges: Matrix(rows: 0, columns: dimension) { _ in })
        }
        guard vectors.rows > 0 else { throw .empty }
        try checkFinite(vectors)
        let ranges = Matrix<Float>(rows: 2, columns: dimension) { out in
            vectors.withUnsafeElements { x in
                for d in 0..<dimension {
                    out[d] = x[d]
                    out[dimension + d] = x[d]
                }
                for i in 1..<max(vectors.rows, 1) {
                    for d in 0..<dimension {
                        out[d] = min(out[d], x[i * dimension + d])
                        out[dimension + d] = max(out[dimension + d], x[i * dimension + d])
                    }
                }
            }
            for d in 0..<dimension {
                // Values near the ends of the floats give up a little of their range.
                let least = max(out[d], -.greatestFiniteMagnitude / 4)
                out[dimension + d] = min(out[dimension + d], .greatestFiniteMagnitude / 4) - least
                out[d] = least
            }
        }
        return try ScalarQuantizer(kind, dimension: dimension, ranges: ranges)
    }
}
