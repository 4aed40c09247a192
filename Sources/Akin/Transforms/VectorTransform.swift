/// A map of vectors to vectors that is applied before vectors are coded, and to queries likewise.
///
/// The kinds are few and all can be stored: ``LinearTransform``, ``HadamardRotation``, ``Centering``,
/// ``L2Normalization``. A vector is mapped to the same bits whatever stands beside it, on any number of threads and
/// with any instruction set.
package protocol VectorTransform: Sendable {
    /// Components of a vector before.
    var inputDimension: Int { get }
    /// Components of a vector after.
    var outputDimension: Int { get }

    /// Maps `count` vectors, `[count, inputDimension]`, to `[count, outputDimension]`.
    ///
    /// - Parameters:
    ///   - vectors: finite.
    ///   - count: 0 or more.
    ///   - output: does not overlap `vectors`.
    ///   - kernels: the instruction set.
    func apply(
        _ vectors: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>, kernels: Kernels)

    /// The way back, where there is one: the nearest input where the map loses dimensions.
    var inverse: (any VectorTransform)? { get }
    /// Whether distances stay as they are.
    var keepsDistances: Bool { get }
    /// What a file keeps of it, beside ``values``.
    var record: TransformRecord { get }
    /// The numbers of its stored form, as many as `record.valueCount` says.
    var values: [Float] { get }
}

extension VectorTransform {
    /// Maps all vectors of a matrix.
    ///
    /// - Parameters:
    ///   - vectors: `[n, inputDimension]`, finite.
    ///   - threads: `nil` means one per core.
    ///   - kernels: the instruction set.
    /// - Returns: `[n, outputDimension]`.
    /// - Throws: ``IndexError/dimensionMismatch(expected:actual:)``.
    package func apply(
        _ vectors: Matrix<Float>, threads: Int? = nil, kernels: Kernels = .best
    ) throws -> Matrix<Float> {
        guard vectors.columns == inputDimension else {
            throw IndexError.dimensionMismatch(expected: inputDimension, actual: vectors.columns)
        }
        let (rows, input, output) = (vectors.rows, inputDimension, outputDimension)
        return try Matrix(rows: rows, columns: output) { results in
            guard let target = results.baseAddress, rows > 0 else { return }
            let destination = SharedPointer(target)
            try vectors.withUnsafeElements { elements in
                guard let start = elements.baseAddress else { return }
                let source = SharedPointer(UnsafeMutablePointer(mutating: start))
                let chunk = transformChunkRows
                try parallelFor(threads: threads ?? availableCores(), count: (rows + chunk - 1) / chunk) { i in
                    let first = i * chunk
                    apply(
                        source.pointer + first * input, count: min(chunk, rows - first),
                        into: destination.pointer + first * output, kernels: kernels)
                }
            }
        }
    }
}

/// Vectors that are mapped at a time: a multiple of the rows that every kernel takes.
let transformChunkRows = 240

/// A pointer that threads share, each for its own part.
struct SharedPointer<Element>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>
    init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }
}
