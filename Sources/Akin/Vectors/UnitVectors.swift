/// Vectors scaled to length one, so that their inner product is the cosine.
enum UnitVectors {
    /// Scales each row to length one; rows of length zero stay zero.
    static func make(_ vectors: Matrix<Float>, threads: Int) -> Matrix<Float> {
        let dimension = vectors.columns
        // The length is taken by the same order of summation at every level.
        let product = Kernels.best.table.pointee.product
        return Matrix(rows: vectors.rows, columns: dimension) { elements in
            nonisolated(unsafe) let target = elements
            vectors.withUnsafeElements { source in
                nonisolated(unsafe) let source = source
                forEachChunk(of: vectors.rows, threads: threads) { range in
                    guard let from = source.baseAddress, let to = target.baseAddress, let product else { return }
                    for row in range {
                        let x = from + row * dimension
                        let length = product(x, x, dimension).squareRoot()
                        guard length > 0 else { continue }
                        for c in 0..<dimension { to[row * dimension + c] = Float(Double(x[c]) / length) }
                    }
                }
            }
        }
    }
}
