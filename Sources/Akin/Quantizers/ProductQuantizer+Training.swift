internal import CAkinKernels

extension ProductQuantizer {
    /// Learns codebooks from some vectors: k-means in each part.
    ///
    /// The result depends on the vectors and the seed, not on the number of threads or the instruction set.
    ///
    /// - Parameters:
    ///   - parameters: the shape of the quantizer.
    ///   - vectors: `[count, dimension]`, finite, at least `ksub`; of more than `max(65_536, 256 * ksub)` a sample is used.
    ///   - seed: of the sample and the first codewords.
    ///   - iterations: of k-means, 1 or more.
    ///   - threads: to use.
    ///   - monitor: told after each part.
    /// - Returns: a quantizer for vectors like these.
    /// - Throws: ``IndexError`` when a number is out of range or the vectors do not fit; `CancellationError`.
    public static func train(
        _ parameters: Parameters, _ vectors: Matrix<Float>, seed: UInt64 = 1, iterations: Int = 25, threads: Int = 1,
        monitor: ProgressMonitor = .silent
    ) throws -> ProductQuantizer {
        try parameters.check()
        guard vectors.columns == parameters.dimension else {
            throw IndexError.dimensionMismatch(expected: parameters.dimension, actual: vectors.columns)
        }
        let m = parameters.m, ksub = parameters.ksub, dsub = parameters.dsub
        try checkRange("training vectors", vectors.rows, ksub...Int.max)
        try checkRange("iterations", iterations, 1...10_000)
        try checkRange("threads", threads, 1...4096)
        try checkFinite(vectors)
        var random = SplitMix64(seeds: seed, UInt64(m), UInt64(ksub))
        let sample = sampledRows(of: vectors.rows, limit: max(65_536, 256 * ksub), using: &random)
        let words = Buffer<Float>(repeating: 0, count: m * ksub * dsub)
        let seeds = (0..<m).map { _ in random.next() }
        try vectors.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            nonisolated(unsafe) let x = base
            try parallelFor(threads: threads, count: m) { s in
                var part = PartTraining(
                    vectors: x, dimension: parameters.dimension, sample: sample, first: s * dsub, dsub: dsub,
                    ksub: ksub)
                part.run(iterations: iterations, seed: seeds[s])
                for i in 0..<ksub * dsub { words.pointer[s * ksub * dsub + i] = part.codewords[i] }
                try monitor.update("training codebooks", done: s + 1, total: m)
            }
        }
        let codebooks = Matrix<Float>(rows: m * ksub, columns: dsub) { out in
            for i in out.indices { out[i] = words[i] }
        }
        return try ProductQuantizer(parameters, codebooks: codebooks)
    }
}

/// Some distinct rows in ascending order: all of them when there are no more than `limit`.
private func sampledRows(of count: Int, limit: Int, using random: inout SplitMix64) -> [Int] {
    guard count > limit else { return Array(0..<count) }
    // Selection sampling: each row is taken with the probability that fills the sample.
    var rows: [Int] = []
    rows.reserveCapacity(limit)
    for row in 0..<count where Int(random.next() % UInt64(count - row)) < limit - rows.count { rows.append(row) }
    return rows
}

/// Lloyd's iterations in one part of the vectors.
private struct PartTraining {
    /// The codewords at hand, `[ksub, dsub]`.
    var codewords: [Float]
    private let points: Buffer<Float>
    private let numbers: Buffer<UInt16>
    private let count, ksub, dsub: Int

    init(vectors: UnsafePointer<Float>, dimension: Int, sample: [Int], first: Int, dsub: Int, ksub: Int) {
        count = sample.count
        self.ksub = ksub
        self.dsub = dsub
        points = Buffer(repeating: 0, count: count * dsub)
        numbers = Buffer(repeating: 0, count: count)
        codewords = [Float](repeating: 0, count: ksub * dsub)
        for (i, row) in sample.enumerated() {
            for d in 0..<dsub { points[i * dsub + d] = vectors[row * dimension + first + d] }
        }
    }

    mutating func run(iterations: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // The first codewords are distinct points: a shuffle of as many places as are needed.
        var order = Array(0..<count)
        for k in 0..<ksub {
            order.swapAt(k, k + Int(random.next() % UInt64(count - k)))
            for d in 0..<dsub { codewords[k * dsub + d] = points[order[k] * dsub + d] }
        }
        var sums = [Double](repeating: 0, count: ksub * dsub)
        var sizes = [Int](repeating: 0, count: ksub)
        for _ in 0..<iterations {
            assign()
            for i in sums.indices { sums[i] = 0 }
            for k in sizes.indices { sizes[k] = 0 }
            for i in 0..<count {
                let k = Int(numbers[i])
                sizes[k] += 1
                for d in 0..<dsub { sums[k * dsub + d] += Double(points[i * dsub + d]) }
            }
            let before = codewords
            for k in 0..<ksub where sizes[k] > 0 {
                for d in 0..<dsub { codewords[k * dsub + d] = Float(sums[k * dsub + d] / Double(sizes[k])) }
            }
            for k in 0..<ksub where sizes[k] == 0 { split(into: k, sizes: &sizes) }
            if codewords == before { break }
        }
    }

    /// Puts an empty codeword beside the fullest one, which keeps its place.
    private mutating func split(into empty: Int, sizes: inout [Int]) {
        var fullest = 0
        for k in 0..<ksub where sizes[k] > sizes[fullest] { fullest = k }
        for d in 0..<dsub {
            let component = codewords[fullest * dsub + d]
            codewords[empty * dsub + d] = component + component * (d % 2 == 0 ? 0x1p-10 : -0x1p-10)
        }
        sizes[empty] = sizes[fullest] / 2
        sizes[fullest] -= sizes[empty]
    }

    private func assign() {
        let matrix = Matrix<Float>(rows: ksub, columns: dsub) { out in
            for i in out.indices { out[i] = codewords[i] }
        }
        let table = CodewordTable(matrix, m: 1)
        var books = table.books
        withExtendedLifetime(table) {
            Kernels.best.codes.pq_encode?(&books, points.pointer, count, numbers.pointer)
        }
    }
}
