internal import CAkinKernels

/// Turns a rotation so that product codes of the rotated vectors lose less: codewords and rotation by turns.
///
/// With the rotation fixed, a step of k-means in each part; with codes fixed, the rotation that brings the vectors nearest
/// to what their codes stand for, which is a matter of singular vectors (the orthogonal Procrustes problem). Neither
/// step can make the loss greater.
struct RotationRefiner {
    let parameters: ProductQuantizer.Parameters
    let sample: Matrix<Float>
    let seed: UInt64
    let threads: Int
    let kernels: Kernels

    private static let mostIterations = 25
    /// An iteration that lowers the loss by no more than this share is the last.
    private static let tolerance = 3e-4

    /// Vectors that are enough for `d` dimensions and 2^`bits` codewords a part.
    static func sampleSize(_ d: Int, bits: Int) -> Int { max(8_192, 128 << bits, 64 * d) }

    /// Improves a matrix `[dimension, sample.columns]` with orthonormal rows.
    func refine(_ matrix: [Double], monitor: ProgressMonitor) throws -> [Double] {
        let d = sample.columns, output = parameters.dimension
        var a = matrix
        var quantizer: ProductQuantizer?
        var loss = Double.infinity
        for iteration in 0..<Self.mostIterations {
            try monitor.update("rotation", done: iteration, total: Self.mostIterations)
            let rotated = try LinearTransform(rows: output, columns: d, matrix: a, isOrthonormal: true).apply(
                sample, threads: threads, kernels: kernels)
            let current =
                try quantizer.map { try moved($0, towards: rotated) }
                ?? ProductQuantizer.train(parameters, rotated, seed: seed, iterations: 10, threads: threads)
            quantizer = current
            let decoded = try decoded(rotated, current)
            let products = try SampleMoments(sample, threads: threads, kernels: kernels).products(
                with: decoded, monitor: .silent, phase: "rotation")
            let now = try squaredDistance(rotated, decoded)
            guard let (u, _, vt) = LinearAlgebra.singularVectors(products, rows: d, columns: output) else { break }
            // products = U S Vᵗ; the best rotation is V Uᵗ.
            for o in 0..<output {
                for i in 0..<d { a[o * d + i] = 0 }
            }
            for k in 0..<output {
                for o in 0..<output {
                    let factor = vt[k * output + o]
                    for i in 0..<d { a[o * d + i] += factor * u[i * output + k] }
                }
            }
            if now >= loss * (1 - Self.tolerance) { break }
            loss = now
        }
        return a
    }

    /// One step of k-means: each codeword becomes the mean of its parts; one without any stays where it is.
    private func moved(_ quantizer: ProductQuantizer, towards vectors: Matrix<Float>) throws -> ProductQuantizer {
        let numbers = try numbers(of: vectors, quantizer)
        let (m, ksub, dsub, d) = (quantizer.m, quantizer.ksub, quantizer.dsub, quantizer.dimension)
        let words = Buffer<Float>(repeating: 0, count: m * ksub * dsub)
        try vectors.withUnsafeElements { elements in
            try quantizer.codebooks.withUnsafeElements { old in
                nonisolated(unsafe) let (x, old) = (elements, old)
                try parallelFor(threads: threads, count: m) { s in
                    var sums = [Double](repeating: 0, count: ksub * dsub)
                    var counts = [Double](repeating: 0, count: ksub)
                    for row in 0..<vectors.rows {
                        let k = Int(numbers[row * m + s])
                        counts[k] += 1
                        for c in 0..<dsub { sums[k * dsub + c] += Double(x[row * d + s * dsub + c]) }
                    }
                    for k in 0..<ksub {
                        for c in 0..<dsub {
                            let place = (s * ksub + k) * dsub + c
                            words[place] = counts[k] > 0 ? Float(sums[k * dsub + c] / counts[k]) : old[place]
                        }
                    }
                }
            }
        }
        return try ProductQuantizer(
            parameters,
            codebooks: Matrix(rows: m * ksub, columns: dsub) { target in
                for i in target.indices { target[i] = words[i] }
            })
    }

    /// `[n, m]`: the nearest codeword of each part.
    private func numbers(of vectors: Matrix<Float>, _ quantizer: ProductQuantizer) throws -> Buffer<UInt16> {
        let (n, d, m) = (vectors.rows, vectors.columns, quantizer.m)
        let numbers = Buffer<UInt16>(repeating: 0, count: n * m)
        let books = Buffer(repeating: quantizer.table.books, count: 1)
        try vectors.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            nonisolated(unsafe) let x = base
            let step = 256
            try parallelFor(threads: threads, count: (n + step - 1) / step) { i in
                kernels.codes.pq_encode(
                    books.pointer, x + i * step * d, min(step, n - i * step), numbers.pointer + i * step * m)
            }
        }
        withExtendedLifetime(quantizer) {}
        return numbers
    }

    /// What the codes of vectors stand for.
    private func decoded(_ vectors: Matrix<Float>, _ quantizer: ProductQuantizer) throws -> Matrix<Float> {
        let numbers = try numbers(of: vectors, quantizer)
        let (m, ksub, dsub) = (quantizer.m, quantizer.ksub, quantizer.dsub)
        return Matrix(rows: vectors.rows, columns: vectors.columns) { target in
            quantizer.codebooks.withUnsafeElements { words in
                guard let to = target.baseAddress, let from = words.baseAddress else { return }
                for i in 0..<vectors.rows * m {
                    let word = from + (i % m * ksub + Int(numbers[i])) * dsub
                    (to + i * dsub).update(from: word, count: dsub)
                }
            }
        }
    }

    /// The squared distances between the rows of two matrices, added up in an order that is the same everywhere.
    private func squaredDistance(_ a: Matrix<Float>, _ b: Matrix<Float>) throws -> Double {
        let distance = kernels.table.pointee.distance
        return a.withUnsafeElements { x in
            b.withUnsafeElements { y in
                guard let x = x.baseAddress, let y = y.baseAddress, let distance else { return 0 }
                return (0..<a.rows).reduce(0) { $0 + distance(x + $1 * a.columns, y + $1 * a.columns, a.columns) }
            }
        }
    }
}
