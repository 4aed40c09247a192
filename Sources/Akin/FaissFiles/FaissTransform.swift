/// A transform of vectors as a Faiss file stores it.
package struct FaissTransform: Sendable, Equatable {
    package var inputDimension: Int
    package var outputDimension: Int
    package var isTrained: Bool
    package var kind: Kind

    package init(from inputDimension: Int, to outputDimension: Int, isTrained: Bool = true, _ kind: Kind) {
        self.inputDimension = inputDimension
        self.outputDimension = outputDimension
        self.isTrained = isTrained
        self.kind = kind
    }

    package enum Kind: Sendable, Equatable {
        /// Any matrix with an offset; OPQ's rotation is stored as this.
        case linear(FaissLinear)
        /// A random orthonormal matrix.
        case randomRotation(FaissLinear)
        /// Principal components: what they were made from, and the matrix with its offset that is applied.
        case pca(FaissPCA, FaissLinear)
        /// Division by the norm; `norm` is 2 for the Euclidean one.
        case normalization(norm: Float)
        /// Subtraction of the mean.
        case centering(FaissArray<Float>)
        /// Each output component is an input component, or zero for -1.
        case remap(FaissArray<Int32>)
        /// Signs and Hadamard transforms, made from a seed.
        case hadamard(seed: UInt32)
    }
}

/// A matrix `[output, input]` and an offset: y = A x + b.
package struct FaissLinear: Sendable, Equatable {
    package var hasBias: Bool
    package var matrix: FaissArray<Float>
    package var bias: FaissArray<Float>

    package init(matrix: FaissArray<Float>, bias: FaissArray<Float>? = nil) {
        hasBias = bias != nil
        self.matrix = matrix
        self.bias = bias ?? FaissArray([])
    }
}

/// What a principal component analysis found.
package struct FaissPCA: Sendable, Equatable {
    /// Power of the eigenvalues that components are multiplied with: -0.5 whitens.
    package var eigenPower: Float
    /// Added to eigenvalues before the power.
    package var epsilon: Float
    package var hasRandomRotation: Bool
    /// Bins that variance is spread over; 0 for none.
    package var balancedBins: Int32
    package var mean: FaissArray<Float>
    package var eigenvalues: FaissArray<Float>
    /// All eigenvectors, `[input, input]`.
    package var eigenvectors: FaissArray<Float>
}
