internal import CAkinKernels

/// A random rotation in O(d log d): rounds of random signs and Walsh-Hadamard transforms ([Ailon, Chazelle 2009]).
///
/// Dimensions that are no powers of two are covered by two overlapping transforms a round and a step that adds and
/// subtracts pairs of components from the two halves, so that vectors are never padded.
///
/// [Ailon, Chazelle 2009]: https://doi.org/10.1137/060673096
package struct HadamardRotation: VectorTransform {
    /// Numbers of rounds that there may be.
    package static let allowedRounds = 1...16

    package let dimension: Int
    package let seed: UInt64
    package let rounds: Int
    private let isReversed: Bool
    /// 1 and -1, `[rounds, dimension]`.
    private let signs: Buffer<Float>

    /// Draws a rotation.
    ///
    /// - Parameters:
    ///   - dimension: components of a vector, 1 or more.
    ///   - seed: chooses the signs.
    ///   - rounds: three mix well; `allowedRounds`.
    package init(dimension: Int, seed: UInt64, rounds: Int = 3) {
        precondition(dimension >= 1 && Self.allowedRounds.contains(rounds))
        var random = SplitMix64(seed: seed)
        let signs = Buffer<Float>(repeating: 1, count: rounds * dimension)
        for i in 0..<signs.count where random.next() >> 63 == 1 { signs[i] = -1 }
        self.init(dimension: dimension, seed: seed, rounds: rounds, isReversed: false, signs: signs)
    }

    private init(dimension: Int, seed: UInt64, rounds: Int, isReversed: Bool, signs: Buffer<Float>) {
        self.dimension = dimension
        self.seed = seed
        self.rounds = rounds
        self.isReversed = isReversed
        self.signs = signs
    }

    package var inputDimension: Int { dimension }
    package var outputDimension: Int { dimension }
    package var keepsDistances: Bool { true }

    package func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels
    ) {
        let scratch = Buffer<Float>(repeating: 0, count: dimension * Int(AKIN_TRANSFORM_LANES))
        kernels.transforms.pointee.rotate(
            vectors, count, dimension, signs.pointer, rounds, isReversed, output, scratch.pointer)
    }

    package var inverse: (any VectorTransform)? { reversed }

    /// The rotation back.
    package var reversed: HadamardRotation {
        HadamardRotation(dimension: dimension, seed: seed, rounds: rounds, isReversed: !isReversed, signs: signs)
    }

    /// The same map as a matrix, for files that know no other.
    package var linear: LinearTransform {
        let unit = Matrix<Float>(rows: dimension, columns: dimension) { elements in
            for i in 0..<dimension { elements[i * dimension + i] = 1 }
        }
        let columns = Matrix<Float>(rows: dimension, columns: dimension) { elements in
            guard let target = elements.baseAddress else { return }
            unit.withUnsafeElements { source in
                guard let start = source.baseAddress else { return }
                // Rows of the way back applied to unit vectors are rows of the matrix.
                reversed.apply(start, count: dimension, into: target, kernels: .best)
            }
        }
        return LinearTransform(matrix: columns, isOrthonormal: true)
    }

    package var record: TransformRecord {
        precondition(!isReversed, "the way back is not stored")
        return TransformRecord(
            kind: .hadamard, inputDimension: dimension, outputDimension: dimension, rounds: rounds, seed: seed)
    }
    package var values: [Float] { [] }
}
