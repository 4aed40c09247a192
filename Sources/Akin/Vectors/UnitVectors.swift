internal import CAkinKernels

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

/// Checks of vectors that a caller gives.
enum VectorCheck {
    /// The greatest magnitude of a component whose squares and their sums stay within the range of floats.
    static let largestMagnitude: Float = 0x1p45

    /// Throws for NaN, infinity, and values whose squares floats cannot hold.
    static func finite(_ vectors: Matrix<Float>) throws(IndexError) {
        try vectors.withUnsafeElements { (elements) throws(IndexError) in
            guard let x = elements.baseAddress, vectors.columns > 0 else { return }
            let bad = akin_first_not_finite(x, elements.count)
            guard bad == elements.count else {
                throw .notFinite(row: bad / vectors.columns, column: bad % vectors.columns)
            }
            guard akin_largest_magnitude(x, elements.count) <= largestMagnitude else {
                let place = elements.firstIndex { abs($0) > largestMagnitude } ?? 0
                throw .tooLarge(row: place / vectors.columns, column: place % vectors.columns)
            }
        }
    }
}
