internal import CAkinKernels

/// Brings vectors to length 1; one of length zero stays as it is.
package struct L2Normalization: VectorTransform {
    package let dimension: Int

    package init(dimension: Int) { self.dimension = dimension }

    package var inputDimension: Int { dimension }
    package var outputDimension: Int { dimension }
    package var keepsDistances: Bool { false }

    package func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels
    ) {
        for row in 0..<count {
            let (x, y) = (vectors + row * dimension, output + row * dimension)
            // The sum is one of doubles, in an order that is the same at every level.
            let norm = kernels.table.pointee.product(x, x, dimension).squareRoot()
            guard norm > 0 else {
                y.update(from: x, count: dimension)
                continue
            }
            for i in 0..<dimension { y[i] = Float(Double(x[i]) / norm) }
        }
    }

    package var inverse: (any VectorTransform)? { nil }

    package var record: TransformRecord {
        TransformRecord(kind: .l2Normalization, inputDimension: dimension, outputDimension: dimension)
    }
    package var values: [Float] { [] }
}
