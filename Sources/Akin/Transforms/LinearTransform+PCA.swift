extension LinearTransform {
    /// Learns the directions of greatest variance (principal components) and maps onto them.
    ///
    /// Each direction's component of greatest magnitude is positive. Whitening divides by the standard deviation along
    /// each direction; where that is nothing but rounding, outputs are zero.
    ///
    /// - Parameters:
    ///   - sample: `[n, d]`, finite, n at least `output`.
    ///   - output: dimensions to keep, `1...d`.
    ///   - whitening: whether each output gets variance 1.
    ///   - rotation: whether a random rotation spreads the variance afterwards.
    ///   - seed: chooses that rotation.
    ///   - threads: `nil` means one per core.
    ///   - kernels: the instruction set.
    ///   - monitor: progress and cancellation.
    /// - Returns: a map that takes the mean of the sample to zero.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    /// - Complexity: O(n · d²) + O(d³).
    package static func pca(
        _ sample: Matrix<Float>, output: Int, whitening: Bool = false, rotation: Bool = false, seed: UInt64 = 0,
        threads: Int? = nil, kernels: Kernels = .best, monitor: ProgressMonitor = .silent
    ) throws -> LinearTransform {
        let d = sample.columns
        try checkSize(d)
        guard (1...d).contains(output) else {
            throw IndexError.outOfRange(name: "the output dimension of PCA", value: output, allowed: 1...d)
        }
        guard sample.rows >= output else {
            throw IndexError.tooFewVectors(needed: output, given: sample.rows, purpose: "PCA\(output)")
        }
        let moments = SampleMoments(sample, threads: threads ?? availableCores(), kernels: kernels)
        try moments.checkFinite()
        let axes = try PrincipalAxes(moments, monitor: monitor)
        var a = Array(axes.vectors[..<(output * d)])
        if whitening {
            for k in 0..<output {
                let scale = axes.variances[k] > axes.noise ? 1 / axes.variances[k].squareRoot() : 0
                for i in k * d..<(k + 1) * d { a[i] *= scale }
            }
        }
        if rotation {
            guard let turn = LinearAlgebra.randomOrthonormal(rows: output, columns: output, seed: seed) else {
                throw IndexError.outOfRange(name: "dimension", value: d, allowed: 1...LinearAlgebra.largestSize)
            }
            a = multiply(turn, a, rows: output, inner: output, columns: d)
        }
        let bias = (0..<output).map { k in -(0..<d).reduce(0.0) { $0 + a[k * d + $1] * axes.mean[$1] } }
        return LinearTransform(rows: output, columns: d, matrix: a, bias: bias, isOrthonormal: !whitening)
    }

    /// Draws a rotation to `output` dimensions, uniform among all.
    ///
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``.
    package static func randomRotation(input: Int, output: Int, seed: UInt64) throws -> LinearTransform {
        try checkSize(input)
        guard (1...input).contains(output) else {
            throw IndexError.outOfRange(name: "the output dimension of a rotation", value: output, allowed: 1...input)
        }
        guard let a = LinearAlgebra.randomOrthonormal(rows: output, columns: input, seed: seed) else {
            throw IndexError.outOfRange(name: "dimension", value: input, allowed: 1...LinearAlgebra.largestSize)
        }
        return LinearTransform(rows: output, columns: input, matrix: a, isOrthonormal: true)
    }

    static func checkSize(_ dimension: Int) throws(IndexError) {
        guard (1...LinearAlgebra.largestSize).contains(dimension) else {
            throw .outOfRange(name: "dimension", value: dimension, allowed: 1...LinearAlgebra.largestSize)
        }
    }
}

/// The eigenvectors of the covariance of a sample.
struct PrincipalAxes {
    let mean: [Double]
    /// Descending.
    let variances: [Double]
    /// `[d, d]`, one direction a row.
    let vectors: [Double]
    /// A variance that is no more than this may be rounding of the components or of the sums.
    let noise: Double

    init(_ moments: SampleMoments, monitor: ProgressMonitor) throws {
        let (n, d) = (moments.vectors.rows, moments.vectors.columns)
        let (mean, largest) = try moments.mean()
        let products = try moments.products(mean: mean, monitor: monitor, phase: "covariance")
        let covariance = products.map { $0 / Double(max(n, 1)) }
        guard let (values, vectors) = LinearAlgebra.eigenvectors(covariance, size: d) else {
            throw IndexError.outOfRange(name: "dimension", value: d, allowed: 1...LinearAlgebra.largestSize)
        }
        let rounding = largest * Double(Float.ulpOfOne)
        noise = max(rounding * rounding, Double(4 * d) * Double.ulpOfOne * (values.first ?? 0))
        self.mean = mean
        self.variances = values
        self.vectors = vectors
    }
}

/// The product of `[rows, inner]` and `[inner, columns]`, row-major.
func multiply(_ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int) -> [Double] {
    var product = [Double](repeating: 0, count: rows * columns)
    product.withUnsafeMutableBufferPointer { product in
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                for r in 0..<rows {
                    for k in 0..<inner {
                        let factor = a[r * inner + k]
                        for c in 0..<columns { product[r * columns + c] += factor * b[k * columns + c] }
                    }
                }
            }
        }
    }
    return product
}
