internal import CAkinKernels

/// Makes vectors comparable by squared distance, whatever the metric.
///
/// Cosine compares vectors of length one. For the inner product a stored vector y gets one more component,
/// sqrt(r^2 - |y|^2) with r the greatest length seen in training, and a query a zero: then
/// |x - y|^2 = |x|^2 + r^2 - 2 <x, y>, and nearer means a larger product (Bachrach et al. 2014,
/// `doi:10.1145/2645710.2645741`). A vector longer than r is taken as one of length r; what ranks it at the end is its
/// true product.
struct GraphSpace: Sendable {
    let metric: Metric
    let transforms: TransformChain
    /// r^2, for the inner product.
    let largestSquare: Float
    /// Components that are coded are a multiple of this.
    var parts = 1

    /// Components of what is coded.
    var dimension: Int { transforms.outputDimension + added }
    /// Components added for the inner product; all but the last are zero.
    private var added: Int { metric == .innerProduct ? parts - transforms.outputDimension % parts : 0 }

    /// Stored vectors, `[n, transforms.inputDimension]`, as they are coded.
    func points(_ vectors: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        let transformed = try transformed(vectors, threads: threads)
        guard metric == .innerProduct else { return transformed }
        return extended(transformed) { max(0, largestSquare - $0).squareRoot() }
    }

    /// Queries, `[n, transforms.inputDimension]`, as they are compared with codes.
    func queries(_ vectors: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        let transformed = try transformed(vectors, threads: threads)
        return metric == .innerProduct ? extended(transformed) { _ in 0 } : transformed
    }

    private func transformed(_ vectors: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        try transforms.apply(
            metric == .cosine ? UnitVectors.make(vectors, threads: threads) : vectors, threads: threads)
    }

    private func extended(_ vectors: Matrix<Float>, by last: (Float) -> Float) -> Matrix<Float> {
        let d = vectors.columns, width = d + added
        return Matrix(rows: vectors.rows, columns: width) { target in
            vectors.withUnsafeElements { source in
                for (row, square) in Self.squares(vectors).enumerated() {
                    for i in 0..<d { target[row * width + i] = source[row * d + i] }
                    for i in d..<width - 1 { target[row * width + i] = 0 }
                    target[row * width + width - 1] = last(square)
                }
            }
        }
    }

    /// The squared length of each vector.
    static func squares(_ vectors: Matrix<Float>) -> [Float] {
        let table = Kernels.best.table.pointee
        return vectors.withUnsafeElements { elements in
            guard let x = elements.baseAddress else { return [] }
            return (0..<vectors.rows).map { row in
                let y = x + row * vectors.columns
                return Float(table.product(y, y, vectors.columns))
            }
        }
    }
}

extension IndexSpec.Codec {
    /// What the components of vectors must be a multiple of.
    var parts: Int { if case .product(let m, _) = self { m } else { 1 } }
}
