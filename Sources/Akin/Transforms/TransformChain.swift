/// Transforms, one after the other.
package struct TransformChain: Sendable {
    /// First to last; none of them leaves vectors as they are.
    package let transforms: [any VectorTransform]
    /// Components of a vector before.
    package let inputDimension: Int

    package init(_ transforms: [any VectorTransform] = [], inputDimension: Int) {
        var dimension = inputDimension
        for transform in transforms {
            precondition(transform.inputDimension == dimension, "transforms must fit one another")
            dimension = transform.outputDimension
        }
        self.transforms = transforms
        self.inputDimension = inputDimension
    }

    /// Components of a vector after.
    package var outputDimension: Int { transforms.last?.outputDimension ?? inputDimension }
    /// Whether there is nothing to do.
    package var isEmpty: Bool { transforms.isEmpty }
    /// Whether distances stay as they are.
    package var keepsDistances: Bool { transforms.allSatisfy(\.keepsDistances) }
    /// Whether every transform can be undone, at least nearly.
    package var hasInverse: Bool { transforms.allSatisfy { !($0 is L2Normalization) } }
    /// Bytes of memory that the transforms hold.
    package var byteCount: Int {
        transforms.reduce(0) { sum, transform in
            switch transform.record.kind {
            case .linear:
                sum + 4 * (transform.outputDimension + (transform.outputDimension + 31) / 32 * 32)
                    * (transform.inputDimension + 1)
            case .hadamard: sum + 4 * (transform.record.rounds ?? 0) * transform.inputDimension
            case .centering: sum + 4 * transform.inputDimension
            case .l2Normalization: sum
            }
        }
    }

    /// Maps vectors.
    ///
    /// - Parameters:
    ///   - vectors: `[n, inputDimension]`, finite.
    ///   - threads: `nil` means one per core.
    ///   - kernels: the instruction set.
    /// - Returns: `[n, outputDimension]`; the vectors themselves where there is no transform.
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)``.
    package func apply(
        _ vectors: Matrix<Float>, threads: Int? = nil, kernels: Kernels = .best
    ) throws -> Matrix<Float> {
        guard vectors.columns == inputDimension else {
            throw IndexError.dimensionMismatch(expected: inputDimension, actual: vectors.columns)
        }
        var current = vectors
        for transform in transforms { current = try transform.apply(current, threads: threads, kernels: kernels) }
        return current
    }

    /// Maps some vectors, `[count, inputDimension]` to `[count, outputDimension]`, on the calling thread.
    package func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels = .best
    ) {
        guard let last = transforms.last else {
            output.update(from: vectors, count: count * inputDimension)
            return
        }
        var held: Buffer<Float>?
        for transform in transforms.dropLast() {
            let next = Buffer<Float>(repeating: 0, count: count * transform.outputDimension)
            transform.apply(
                held.map { UnsafePointer($0.pointer) } ?? vectors, count: count, into: next.pointer, kernels: kernels)
            held = next
        }
        last.apply(held.map { UnsafePointer($0.pointer) } ?? vectors, count: count, into: output, kernels: kernels)
        withExtendedLifetime(held) {}
    }

    /// Maps transformed vectors back, to the nearest inputs where dimensions were lost; `nil` where there is no way back.
    package func invert(_ vectors: Matrix<Float>, threads: Int? = nil) throws -> Matrix<Float>? {
        guard vectors.columns == outputDimension else {
            throw IndexError.dimensionMismatch(expected: outputDimension, actual: vectors.columns)
        }
        var current = vectors
        for transform in transforms.reversed() {
            guard let inverse = transform.inverse else { return nil }
            current = try inverse.apply(current, threads: threads)
        }
        return current
    }
}
