internal import CAkinKernels

/// The scores of stored vectors for one query, computed in double precision and rounded once: those that
/// ``FlatIndex`` returns, bit by bit, on every instruction set.
package struct ExactScores {
    private let metric: Metric
    private let query: UnsafePointer<Float>
    private let dimension: Int
    private let kernels: UnsafePointer<akin_kernel_table>
    private let queryLength: Double

    /// Prepares for a query, `[dimension]`, that must outlive this.
    package init(_ metric: Metric, query: UnsafePointer<Float>, dimension: Int) {
        self.metric = metric
        self.query = query
        self.dimension = dimension
        kernels = Kernels.best.table
        queryLength = metric == .cosine ? kernels.pointee.product(query, query, dimension).squareRoot() : 1
    }

    /// The score of a vector, `[dimension]`.
    package func score(_ vector: UnsafePointer<Float>) -> Float {
        switch metric {
        case .l2: return Float(kernels.pointee.distance(query, vector, dimension))
        // Adding 0 makes -0 a 0, as an ordered key does.
        case .innerProduct: return Float(kernels.pointee.product(query, vector, dimension)) + 0
        case .cosine:
            let length = queryLength * kernels.pointee.product(vector, vector, dimension).squareRoot()
            return length > 0 ? Float(kernels.pointee.product(query, vector, dimension) / length) + 0 : 0
        }
    }
}
