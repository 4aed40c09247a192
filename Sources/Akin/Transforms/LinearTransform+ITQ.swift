extension LinearTransform {
    private static let itqIterations = 50

    /// Vectors that are enough to learn the rotation of `d` dimensions from.
    static func itqSampleSize(_ d: Int) -> Int { max(16_384, 64 * d) }

    /// Learns principal components and a rotation of them whose signs lose little.
    ///
    /// After [Gong and Lazebnik 2011] (iterative quantization): the components are centred, so that each sign splits
    /// the sample, and turned towards the corners of a cube by turns: the corner nearest to each vector, which is its
    /// signs, then the rotation that brings the vectors nearest to their corners, which is a matter of singular vectors.
    ///
    /// - Parameters:
    ///   - sample: `[n, d]`, finite, n at least `output`.
    ///   - output: dimensions to keep, the bits of a code, `1...d`.
    ///   - seed: chooses the first rotation.
    ///   - threads: `nil` means one per core; the result does not depend on them.
    ///   - kernels: the instruction set; the result does not depend on it.
    ///   - monitor: progress and cancellation.
    /// - Returns: a map with orthonormal rows that takes the mean of the sample to zero.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    /// - Complexity: O(n · d²) + O(d³) for the components, O(n · output²) for each of 50 turns.
    ///
    /// [Gong and Lazebnik 2011]: https://doi.org/10.1109/CVPR.2011.5995432
    package static func itq(
        _ sample: Matrix<Float>, output: Int, seed: UInt64, threads: Int? = nil, kernels: Kernels = .best,
        monitor: ProgressMonitor = .silent
    ) throws -> LinearTransform {
        let d = sample.columns
        try checkSize(d)
        guard (1...d).contains(output) else {
            throw IndexError.outOfRange(name: "the output dimension of ITQ", value: output, allowed: 1...d)
        }
        guard sample.rows >= output else {
            throw IndexError.tooFewVectors(needed: output, given: sample.rows, purpose: "ITQ\(output)")
        }
        let axes = try pca(sample, output: output, threads: threads, kernels: kernels, monitor: monitor)
        let some = TransformChain.evenlySpaced(sample, atMost: itqSampleSize(d))
        let centred = try axes.apply(some, threads: threads, kernels: kernels)
        let moments = SampleMoments(centred, threads: threads ?? availableCores(), kernels: kernels)
        guard var turn = LinearAlgebra.randomOrthonormal(rows: output, columns: output, seed: seed) else {
            throw IndexError.outOfRange(name: "dimension", value: output, allowed: 1...LinearAlgebra.largestSize)
        }
        for iteration in 0..<itqIterations {
            try monitor.update("rotation", done: iteration, total: itqIterations)
            let turned = try LinearTransform(rows: output, columns: output, matrix: turn, isOrthonormal: true).apply(
                centred, threads: threads, kernels: kernels)
            let corners = Matrix<Float>(rows: turned.rows, columns: output) { target in
                turned.withUnsafeElements { source in
                    for i in target.indices { target[i] = source[i] >= 0 ? 1 : -1 }
                }
            }
            let products = try moments.products(with: corners, monitor: monitor.quiet, phase: "rotation")
            guard
                let (u, _, vt) = LinearAlgebra.singularVectors(products, rows: output, columns: output)
            else { break }
            // products = U S Vᵗ; the best rotation is V Uᵗ.
            var ut = u
            for i in 0..<output { for k in 0..<output { ut[k * output + i] = u[i * output + k] } }
            var v = vt
            for i in 0..<output { for k in 0..<output { v[k * output + i] = vt[i * output + k] } }
            turn = multiply(v, ut, rows: output, inner: output, columns: output)
        }
        let components = axes.matrix.withUnsafeElements { $0.map(Double.init) }
        let matrix = multiply(turn, components, rows: output, inner: output, columns: d)
        let bias = multiply(turn, axes.bias.map(Double.init), rows: output, inner: output, columns: 1)
        return LinearTransform(rows: output, columns: d, matrix: matrix, bias: bias, isOrthonormal: true)
    }
}
