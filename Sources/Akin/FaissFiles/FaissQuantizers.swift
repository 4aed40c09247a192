/// A scalar quantizer as a Faiss file stores it.
package struct FaissScalarQuantizer: Sendable, Equatable {
    /// Faiss's numbers for what a component becomes.
    package enum Kind: Int32, Sendable {
        case bits8 = 0, bits4, bits8Uniform, bits4Uniform, float16, bits8Direct, bits6, bfloat16, bits8DirectSigned

        /// Bits of one component.
        package var bits: Int {
            switch self {
            case .bits4, .bits4Uniform: 4
            case .bits6: 6
            case .bits8, .bits8Uniform, .bits8Direct, .bits8DirectSigned: 8
            case .float16, .bfloat16: 16
            }
        }

        /// How many trained numbers there are: ranges per component, one range, or none.
        package func trainedCount(dimension: Int) -> Int {
            switch self {
            case .bits8, .bits4, .bits6: 2 * dimension
            case .bits8Uniform, .bits4Uniform: 2
            case .float16, .bfloat16, .bits8Direct, .bits8DirectSigned: 0
            }
        }
    }

    package var kind: Kind
    /// How the ranges were estimated: from the extremes, mean and deviation, quantiles, or by optimisation.
    package var rangeStatistic: Int32 = 0
    package var rangeArgument: Float = 0
    package var dimension: Int
    /// Least values, then widths: per component, or one of each for the uniform kinds.
    package var trained: FaissArray<Float>

    package init(
        _ kind: Kind, dimension: Int, trained: FaissArray<Float>, rangeStatistic: Int32 = 0, rangeArgument: Float = 0
    ) {
        self.kind = kind
        self.dimension = dimension
        self.trained = trained
        self.rangeStatistic = rangeStatistic
        self.rangeArgument = rangeArgument
    }

    /// Bytes of one vector's code.
    package var codeSize: Int { (dimension * kind.bits + 7) / 8 }
}

/// A product quantizer as a Faiss file stores it.
package struct FaissProductQuantizer: Sendable, Equatable {
    package var dimension: Int
    /// Subquantizers.
    package var m: Int
    /// Bits of one subquantizer's code.
    package var nbits: Int
    /// The codebooks, `[m, ksub, dsub]`.
    package var centroids: FaissArray<Float>

    package init(dimension: Int, m: Int, nbits: Int, centroids: FaissArray<Float>) {
        self.dimension = dimension
        self.m = m
        self.nbits = nbits
        self.centroids = centroids
    }

    /// Bytes of one vector's code: `m` numbers of `nbits` bits, least bit first.
    package var codeSize: Int { (m * nbits + 7) / 8 }
    /// Codes of each subquantizer.
    package var ksub: Int { 1 << nbits }
}
