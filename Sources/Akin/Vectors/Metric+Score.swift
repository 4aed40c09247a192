extension Metric {
    /// The score of one pair of rows, summed in double precision and rounded once.
    ///
    /// - Parameters:
    ///   - a: holds the first vector.
    ///   - i: its row.
    ///   - b: holds the second vector, of the same dimension.
    ///   - j: its row.
    /// - Returns: the squared distance, inner product or cosine.
    package func score(_ a: Matrix<Float>, _ i: Int, _ b: Matrix<Float>, _ j: Int) -> Float {
        a.rows(i..<i + 1).withUnsafeElements { x in
            b.rows(j..<j + 1).withUnsafeElements { y in
                var distance = 0.0, xx = 0.0, yy = 0.0, xy = 0.0
                for (a, b) in zip(x, y) {
                    let (a, b) = (Double(a), Double(b))
                    distance += (a - b) * (a - b)
                    xx += a * a
                    yy += b * b
                    xy += a * b
                }
                switch self {
                case .l2: return Float(distance)
                case .innerProduct: return Float(xy)
                case .cosine: return xx == 0 || yy == 0 ? 0 : Float(xy / (xx.squareRoot() * yy.squareRoot()))
                }
            }
        }
    }
}
