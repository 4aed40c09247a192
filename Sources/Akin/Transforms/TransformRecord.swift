/// What a file says of a transform; its numbers follow as floats.
package struct TransformRecord: Codable, Sendable, Hashable {
    /// The kinds of transform that there are.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// A matrix `[out, in]`, row-major, then a bias `[out]`.
        case linear
        /// Rounds of random signs and Walsh-Hadamard transforms, `seed` choosing the signs; no numbers.
        case hadamard
        /// A mean `[in]` to subtract.
        case centering
        /// Division by the length; no numbers.
        case l2Normalization = "l2norm"
    }

    package var kind: Kind
    package var inputDimension: Int
    package var outputDimension: Int
    /// Linear: whether the rows of the matrix are orthonormal.
    package var isOrthonormal: Bool?
    /// Hadamard: number of rounds.
    package var rounds: Int?
    /// Hadamard: chooses the signs.
    package var seed: UInt64?

    package init(
        kind: Kind, inputDimension: Int, outputDimension: Int, isOrthonormal: Bool? = nil, rounds: Int? = nil,
        seed: UInt64? = nil
    ) {
        self.kind = kind
        self.inputDimension = inputDimension
        self.outputDimension = outputDimension
        self.isOrthonormal = isOrthonormal
        self.rounds = rounds
        self.seed = seed
    }

    /// Floats that belong to the record; `nil` when the record contradicts itself or names impossible sizes.
    package var valueCount: Int? {
        let allowed = IndexSpec.Limits.dimension
        guard allowed.contains(inputDimension), allowed.contains(outputDimension) else { return nil }
        switch kind {
        case .linear: return isOrthonormal == nil ? nil : outputDimension * (inputDimension + 1)
        case .hadamard:
            guard inputDimension == outputDimension, seed != nil, let rounds else { return nil }
            return HadamardRotation.allowedRounds.contains(rounds) ? 0 : nil
        case .centering: return inputDimension == outputDimension ? inputDimension : nil
        case .l2Normalization: return inputDimension == outputDimension ? 0 : nil
        }
    }

    /// Makes the transform again; `nil` when the numbers are not as many as the record says, or not finite.
    package func transform(values: [Float]) -> (any VectorTransform)? {
        guard let count = valueCount, values.count == count, values.allSatisfy(\.isFinite) else { return nil }
        switch kind {
        case .linear:
            let elements = outputDimension * inputDimension
            return LinearTransform(
                matrix: Matrix(rows: outputDimension, columns: inputDimension) { matrix in
                    for i in 0..<elements { matrix[i] = values[i] }
                },
                bias: Array(values[elements...]), isOrthonormal: isOrthonormal ?? false)
        case .hadamard:
            guard let seed, let rounds else { return nil }
            return HadamardRotation(dimension: inputDimension, seed: seed, rounds: rounds)
        case .centering: return Centering(mean: values)
        case .l2Normalization: return L2Normalization(dimension: inputDimension)
        }
    }
}
