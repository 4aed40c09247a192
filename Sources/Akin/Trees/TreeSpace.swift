internal import CAkinKernels

/// The space that trees split, in which near means a small squared distance, and what that says of keys.
///
/// | metric | point | query | bound of the key, given squared distance >= b |
/// | --- | --- | --- | --- |
/// | L2 | x | q | b |
/// | cosine | x / \|x\| | q / \|q\| | (b - \|q'\|^2 - s) / 2, less what rounding to floats can do |
/// | inner product | x and sqrt(m - \|x\|^2) | q and 0 | (b - \|q\|^2 - s) / 2 |
///
/// m is the greatest \|x\|^2. For the cosine s is the greatest square of a point, for the inner product the greatest sum
/// of \|x\|^2 and the square of the added component as it was rounded, so that both hold whatever the rounding was.
struct TreeSpace: Sendable {
    let metric: Metric
    /// s.
    var largestSquare: Double

    /// What vectors of length one, rounded to floats, can be off in an inner product; twenty times the most.
    private static let cosineSlack = 1e-5
    private static let relativeSlack = 1e-9

    /// The dimension that is split.
    func dimension(_ d: Int) -> Int { metric == .innerProduct ? d + 1 : d }

    /// The points of vectors; finds the greatest square.
    mutating func points(_ vectors: Matrix<Float>, threads: Int) -> Matrix<Float> {
        let product = Kernels.best.table.pointee.product
        let d = vectors.columns, n = vectors.rows
        largestSquare = 0
        switch metric {
        case .l2: return vectors
        case .cosine:
            let points = UnitVectors.make(vectors, threads: threads)
            points.withUnsafeElements { x in
                guard let x = x.baseAddress, let product else { return }
                for row in 0..<n { largestSquare = max(largestSquare, product(x + row * d, x + row * d, d)) }
            }
            return points
        case .innerProduct:
            var most = 0.0
            var squares = [Double](repeating: 0, count: n)
            vectors.withUnsafeElements { x in
                guard let x = x.baseAddress, let product else { return }
                for row in 0..<n {
                    squares[row] = product(x + row * d, x + row * d, d)
                    most = max(most, squares[row])
                }
            }
            return Matrix(rows: n, columns: d + 1) { target in
                vectors.withUnsafeElements { x in
                    guard let to = target.baseAddress, let from = x.baseAddress else { return }
                    for row in 0..<n {
                        let added = Float(max(0, most - squares[row]).squareRoot())
                        (to + row * (d + 1)).update(from: from + row * d, count: d)
                        to[row * (d + 1) + d] = added
                        largestSquare = max(largestSquare, squares[row] + Double(added) * Double(added))
                    }
                }
            }
        }
    }

    /// The point of a query, and its square.
    func query(_ vector: UnsafePointer<Float>, dimension d: Int, into point: UnsafeMutablePointer<Float>) -> Double {
        point.update(from: vector, count: d)
        let square = Kernels.best.table.pointee.product(vector, vector, d)
        switch metric {
        case .l2: return square
        case .innerProduct:
            point[d] = 0
            return square
        case .cosine:
            let length = square.squareRoot()
            for c in 0..<d { point[c] = length > 0 ? Float(Double(vector[c]) / length) : 0 }
            return Kernels.best.table.pointee.product(point, point, d)
        }
    }

    /// The least key, as it is rounded and ordered, of a vector whose squared distance to the query is `bound` at least.
    func leastKey(_ bound: Double, querySquare: Double) -> Int32 {
        var key = bound
        switch metric {
        case .l2: key -= bound * Self.relativeSlack
        case .innerProduct:
            key = (bound - querySquare - largestSquare) / 2
            key -= (bound + querySquare + largestSquare) * Self.relativeSlack
        case .cosine: key = (bound - querySquare - largestSquare) / 2 - Self.cosineSlack
        }
        return akin_ordered(Float(key))
    }
}
