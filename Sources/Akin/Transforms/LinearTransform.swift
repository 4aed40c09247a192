internal import CAkinKernels

/// y = A x + b: PCA, OPQ, random rotations and any other matrix.
///
/// Each output is summed over the inputs in their order, one rounding a step, starting from the bias.
/// Mapping n vectors is O(n · in · out).
package struct LinearTransform: VectorTransform {
    /// A, `[out, in]`.
    package let matrix: Matrix<Float>
    /// b, `[out]`.
    package let bias: [Float]
    /// Whether the rows of A are orthonormal.
    package let isOrthonormal: Bool
    /// A and b as the kernels read them.
    private let packed: Buffer<Float>
    private let packedBias: Buffer<Float>

    package init(matrix: Matrix<Float>, bias: [Float]? = nil, isOrthonormal: Bool) {
        precondition(bias == nil || bias?.count == matrix.rows, "a bias has one number per output")
        self.matrix = matrix
        self.bias = bias ?? Array(repeating: 0, count: matrix.rows)
        self.isOrthonormal = isOrthonormal
        let padded = (matrix.rows + 31) / 32 * 32
        packed = Buffer(repeating: 0, count: padded * matrix.columns)
        packedBias = Buffer(repeating: 0, count: padded)
        for (i, value) in self.bias.enumerated() { packedBias[i] = value }
        matrix.withUnsafeElements {
            akin_transform_pack($0.baseAddress, matrix.rows, matrix.columns, packed.pointer)
        }
    }

    /// Rounds a matrix `[out, in]` of doubles, row-major.
    init(rows: Int, columns: Int, matrix: [Double], bias: [Double]? = nil, isOrthonormal: Bool) {
        self.init(
            matrix: Matrix(rows: rows, columns: columns) { elements in
                for i in elements.indices { elements[i] = Float(matrix[i]) }
            },
            bias: bias?.map(Float.init), isOrthonormal: isOrthonormal)
    }

    package var inputDimension: Int { matrix.columns }
    package var outputDimension: Int { matrix.rows }
    package var keepsDistances: Bool { isOrthonormal && inputDimension == outputDimension }

    package func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels
    ) {
        kernels.transforms.pointee.linear(
            vectors, count, inputDimension, packed.pointer, packedBias.pointer, outputDimension, output)
    }

    /// The pseudo-inverse: it finds the shortest of the inputs that give an output.
    package var inverse: (any VectorTransform)? {
        let (out, input) = (outputDimension, inputDimension)
        let a = matrix.withUnsafeElements { $0.map(Double.init) }
        var back = [Double](repeating: 0, count: input * out)
        if isOrthonormal {
            for o in 0..<out { for i in 0..<input { back[i * out + o] = a[o * input + i] } }
        } else {
            guard let inverse = LinearAlgebra.pseudoInverse(a, rows: out, columns: input) else { return nil }
            back = inverse
        }
        let shift = (0..<input).map { i in -(0..<out).reduce(0.0) { $0 + back[i * out + $1] * Double(bias[$1]) } }
        return LinearTransform(
            rows: input, columns: out, matrix: back, bias: shift, isOrthonormal: isOrthonormal && input == out)
    }

    package var record: TransformRecord {
        TransformRecord(
            kind: .linear, inputDimension: inputDimension, outputDimension: outputDimension,
            isOrthonormal: isOrthonormal)
    }
    package var values: [Float] { matrix.withUnsafeElements(Array.init) + bias }
}

extension Kernels {
    /// The kernels of akin_transform.h at this level.
    var transforms: UnsafePointer<akin_transform_table> {
        guard let transforms = akin_transform_at(table.pointee.level) else {
            fatalError("every level has transform kernels")
        }
        return transforms
    }
}
