internal import CAkinKernels

/// Sums over training vectors, in doubles and in an order that depends on nothing but the vectors.
struct SampleMoments {
    let vectors: Matrix<Float>
    let threads: Int
    var kernels = Kernels.best
    private let chunk = 1024

    init(_ vectors: Matrix<Float>, threads: Int, kernels: Kernels = .best) {
        self.vectors = vectors
        self.threads = threads
        self.kernels = kernels
    }

    /// Throws where a component is NaN or infinite.
    func checkFinite() throws(IndexError) {
        let columns = max(vectors.columns, 1)
        let place = vectors.withUnsafeElements { akin_first_not_finite($0.baseAddress, $0.count) }
        if place < vectors.rows * columns { throw .notFinite(row: place / columns, column: place % columns) }
    }

    /// The mean, `[d]`, and the greatest magnitude of a component.
    func mean() throws -> (mean: [Double], largest: Double) {
        let (rows, d) = (vectors.rows, vectors.columns)
        var sums = [Double](repeating: 0, count: d)
        guard rows > 0 else { return (sums, 0) }
        let chunks = (rows + chunk - 1) / chunk
        let parts = Buffer<Double>(repeating: 0, count: chunks * d)
        let largest = Buffer<Float>(repeating: 0, count: chunks)
        try parallelFor(threads: threads, count: chunks) { c in
            let range = c * chunk..<min(rows, (c + 1) * chunk)
            vectors.withUnsafeElements { elements in
                guard let x = elements.baseAddress else { return }
                let part = parts.pointer + c * d
                for row in range {
                    for i in 0..<d { part[i] += Double(x[row * d + i]) }
                }
                largest[c] = akin_largest_magnitude(x + range.lowerBound * d, range.count * d)
            }
        }
        for c in 0..<chunks { for i in 0..<d { sums[i] += parts[c * d + i] } }
        return (sums.map { $0 / Double(rows) }, Double((0..<chunks).reduce(0) { max($0, largest[$1]) }))
    }

    /// The sums of the products of every component of these vectors with every one of `others`, `[d, e]`.
    ///
    /// `mean` is taken from these vectors first; without `others` they are multiplied with themselves. O(n · d · e).
    func products(
        with others: Matrix<Float>? = nil, mean: [Double]? = nil, monitor: ProgressMonitor, phase: String
    ) throws -> [Double] {
        let (rows, d) = (vectors.rows, vectors.columns)
        let e = others?.columns ?? d
        let sums = Buffer<Double>(repeating: 0, count: d * e)
        let x = Buffer<Double>(repeating: 0, count: chunk * d)
        let y = others == nil ? x : Buffer<Double>(repeating: 0, count: chunk * e)
        let band = 24
        for first in stride(from: 0, to: rows, by: chunk) {
            try monitor.update(phase, done: first, total: rows)
            let count = min(chunk, rows - first)
            widen(vectors.rows(first..<first + count), mean: mean, into: x)
            if let others { widen(others.rows(first..<first + count), mean: nil, into: y) }
            try parallelFor(threads: threads, count: (d + band - 1) / band) { b in
                kernels.transforms.pointee.gram(
                    x.pointer, d, y.pointer, e, count, b * band, min(d, (b + 1) * band), sums.pointer)
            }
        }
        return Array(UnsafeBufferPointer(start: sums.pointer, count: d * e))
    }

    private func widen(_ part: Matrix<Float>, mean: [Double]?, into target: Buffer<Double>) {
        let columns = part.columns
        let shift = mean ?? Array(repeating: 0, count: columns)
        part.withUnsafeElements { elements in
            shift.withUnsafeBufferPointer { shift in
                for row in 0..<part.rows {
                    for i in 0..<columns {
                        target.pointer[row * columns + i] = Double(elements[row * columns + i]) - shift[i]
                    }
                }
            }
        }
    }
}
