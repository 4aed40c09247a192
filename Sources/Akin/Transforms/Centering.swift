/// Subtracts the mean of the training vectors.
package struct Centering: VectorTransform {
    /// What is subtracted, `[dimension]`.
    package let mean: [Float]

    package init(mean: [Float]) { self.mean = mean }

    package var inputDimension: Int { mean.count }
    package var outputDimension: Int { mean.count }
    package var keepsDistances: Bool { true }

    package func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels
    ) {
        let dimension = mean.count
        mean.withUnsafeBufferPointer { mean in
            for row in 0..<count {
                let (x, y) = (vectors + row * dimension, output + row * dimension)
                for i in 0..<dimension { y[i] = x[i] - mean[i] }
            }
        }
    }

    package var inverse: (any VectorTransform)? { Centering(mean: mean.map { -$0 }) }

    package var record: TransformRecord {
        TransformRecord(kind: .centering, inputDimension: mean.count, outputDimension: mean.count)
    }
    package var values: [Float] { mean }
}
