internal import CAkinKernels

extension KMeans {
    /// The work in float operations beyond which k-means++ makes way for its scalable form.
    private static let exactStartWork = 1 << 32
    /// Rounds of k-means||.
    private static let rounds = 5

    /// The first centroids, `[count, dimension]`.
    static func chooseStart(
        _ points: Matrix<Float>, count: Int, options: KMeansOptions, seed: SplitMix64, monitor: ProgressMonitor
    ) throws -> Matrix<Float> {
        var random = seed
        switch options.start {
        case .random:
            return rows(points, chooseSorted(count, of: points.rows, using: &random))
        case .plusPlus:
            let work = points.rows.multipliedReportingOverflow(by: count * max(1, points.columns))
            if !work.overflow, work.partialValue <= exactStartWork {
                return rows(
                    points,
                    try spread(points, weights: nil, count: count, options: options, random: &random, monitor: monitor))
            }
            return try oversample(points, count: count, options: options, random: &random, monitor: monitor)
        }
    }

    /// k-means++: each next row is drawn with a chance in proportion to its weight times its squared distance to those
    /// already drawn.
    private static func spread(
        _ points: Matrix<Float>, weights: [Double]?, count: Int, options: KMeansOptions, random: inout SplitMix64,
        monitor: ProgressMonitor
    ) throws -> [Int] {
        let n = points.rows, dimension = points.columns, chunk = 4_096
        let threads = n * dimension > 1 << 20 ? options.threads ?? availableCores() : 1
        let distances = Buffer<Double>(repeating: .infinity, count: n)
        let chunks = (n + chunk - 1) / chunk
        let sums = Buffer<Double>(repeating: 0, count: chunks)
        var chosen: [Int] = []
        for step in 0..<count {
            try monitor.update("choosing centroids", done: step, total: count)
            if let last = chosen.last {
                points.withUnsafeElements { elements in
                    guard let base = elements.baseAddress else { return }
                    nonisolated(unsafe) let x = base
                    nonisolated(unsafe) let distance = options.kernels.table.pointee.distance
                    inParallel(threads: threads, count: chunks) { c in
                        var sum = 0.0
                        for i in c * chunk..<min(n, (c + 1) * chunk) {
                            let d = distance?(x + i * dimension, x + last * dimension, dimension) ?? 0
                            if d < distances[i] { distances[i] = d }
                            sum += distances[i] * (weights?[i] ?? 1)
                        }
                        sums[c] = sum
                    }
                }
            } else {
                for c in 0..<chunks {
                    sums[c] = (c * chunk..<min(n, (c + 1) * chunk)).reduce(0.0) { $0 + (weights?[$1] ?? 1) }
                }
            }
            let total = (0..<chunks).reduce(0.0) { $0 + sums[$1] }
            chosen.append(
                draw(random.unit() * total, sums: sums, chunk: chunk, count: n) { i in
                    (chosen.isEmpty ? 1 : distances[i]) * (weights?[i] ?? 1)
                } ?? firstLeft(n, chosen: chosen))
        }
        return chosen
    }

    /// The row at which the running sum of the values passes `target`.
    private static func draw(
        _ target: Double, sums: Buffer<Double>, chunk: Int, count: Int, value: (Int) -> Double
    ) -> Int? {
        var left = target, last: Int?
        for c in 0..<sums.count {
            if left >= sums[c] {
                left -= sums[c]
                continue
            }
            for i in c * chunk..<min(count, (c + 1) * chunk) {
                let v = value(i)
                if v > 0 { last = i }
                if left < v { return i }
                left -= v
            }
        }
        return last
    }

    /// A row for when all that are left coincide with drawn ones.
    private static func firstLeft(_ count: Int, chosen: [Int]) -> Int {
        let taken = Set(chosen)
        return (0..<count).first { !taken.contains($0) } ?? 0
    }

    /// k-means||: rounds that draw many rows at a time, then k-means++ among these, weighted by the rows they stand for.
    private static func oversample(
        _ points: Matrix<Float>, count: Int, options: KMeansOptions, random: inout SplitMix64,
        monitor: ProgressMonitor
    ) throws -> Matrix<Float> {
        let n = points.rows, threads = options.threads ?? availableCores()
        let numbers = Buffer<UInt32>(repeating: 0, count: n)
        let keys = Buffer<Double>(repeating: .infinity, count: n)
        var candidates: [Int] = []
        var fresh = [Int(random.next() % UInt64(n))]
        let wanted = Double(max(1, count / 2))
        for round in 0...rounds {
            let assigner = try CentroidAssigner(
                rows(points, fresh), metric: .l2, kernels: options.kernels, arithmetic: options.arithmetic)
            try assigner.run(
                points, threads: threads, numbers: numbers, keys: keys, knowing: round == 0 ? .nothing : .keys,
                first: UInt32(candidates.count),
                progress: { done in
                    try monitor.update("choosing centroids", done: round * n + done, total: (rounds + 1) * n)
                })
            candidates += fresh
            if round == rounds { break }
            let total = (0..<n).reduce(0.0) { $0 + keys[$1] }
            guard total > 0 else { break }
            fresh = (0..<n).filter { random.unit() * total < wanted * keys[$0] }
            if fresh.isEmpty { break }
        }
        if candidates.count < count {  // few distinct points: the rest is drawn at random
            let taken = Set(candidates)
            let left = (0..<n).filter { !taken.contains($0) }
            candidates += chooseSorted(count - candidates.count, of: left.count, using: &random).map { left[$0] }
            return rows(points, Array(candidates.prefix(count)))
        }
        var weights = [Double](repeating: 0, count: candidates.count)
        for i in 0..<n { weights[Int(numbers[i])] += 1 }
        let some = rows(points, candidates)
        return rows(
            some,
            try spread(some, weights: weights, count: count, options: options, random: &random, monitor: monitor))
    }

    private static func inParallel(threads: Int, count: Int, _ body: @Sendable (Int) -> Void) {
        do { try parallelFor(threads: threads, count: count, body) } catch {
            fatalError("sums cannot fail: \(error)")
        }
    }
}
