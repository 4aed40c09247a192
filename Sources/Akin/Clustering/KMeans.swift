internal import CAkinKernels

/// k-means clustering: centroids that are the means of the vectors nearest to them.
///
/// Lloyd's iteration with the assignment of exact search: nearly all centroids are ruled out in 8-bit or 32-bit
/// arithmetic with proven bounds, and groups of centroids that are too far by the triangle inequality are not looked at
/// at all. The assignment is the true one, so the result depends on vectors, options and seed alone, not on
/// threads or the CPU.
///
/// ```swift
/// let clustering = try KMeans.train(vectors, centroids: 4096)
/// print(clustering.objective, clustering.sizes.max() ?? 0)
/// ```
public enum KMeans {
    /// Trains centroids.
    ///
    /// A centroid that loses all its vectors takes over the farthest vector of the largest cluster. With fewer distinct
    /// vectors than centroids some centroids stay without any.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite, at least as many as centroids.
    ///   - centroids: how many to train, 1 or more.
    ///   - options: iterations, start, seed and variants.
    ///   - monitor: progress and cancellation.
    /// - Returns: centroids and what is known of their clusters.
    /// - Throws: ``IndexError/tooFewVectors(needed:given:purpose:)``, ``IndexError/notFinite(row:column:)``,
    ///   ``IndexError/outOfRange(name:value:allowed:)``; `CancellationError` when the monitor says stop.
    /// - Complexity: O(`iterations` · n · `centroids` · dimension) at most, with n limited by
    ///   ``KMeansOptions/maxPointsPerCentroid``.
    public static func train(
        _ vectors: Matrix<Float>, centroids: Int, options: KMeansOptions = .init(), monitor: ProgressMonitor = .silent
    ) throws -> Clustering {
        try options.check(centroids: centroids)
        try checkCount(vectors.rows, centroids: centroids)
        try checkFinite(vectors)
        let points = sample(vectors, centroids: centroids, options: options)
        return try trainAll(points, centroids: centroids, options: options, monitor: monitor)
    }

    static func checkCount(_ count: Int, centroids: Int) throws(IndexError) {
        guard count >= centroids else {
            throw .tooFewVectors(needed: centroids, given: count, purpose: "\(centroids) centroids")
        }
    }

    /// Trains with all of the points, from as many starts as are asked for.
    static func trainAll(
        _ points: Matrix<Float>, centroids: Int, options: KMeansOptions, monitor: ProgressMonitor
    ) throws -> Clustering {
        let shared = Lloyd.Points(points, options: options)
        let held = try options.device?.hold(
            points, centroids: centroids, metric: options.isSpherical ? .innerProduct : .l2)
        var best: Clustering?
        for restart in 0..<options.restarts {
            let start = try chooseStart(
                points, count: centroids, options: options, seed: SplitMix64(seeds: options.seed, UInt64(restart)),
                monitor: monitor)
            let found = try Lloyd(shared, held: held, centroids: start, options: options, monitor: monitor).run()
            if best.map({ found.objective < $0.objective }) ?? true { best = found }
        }
        guard let best else { fatalError("there is at least one start") }
        return best
    }

    /// The vectors to train with: all, or as many as the options allow.
    private static func sample(_ vectors: Matrix<Float>, centroids: Int, options: KMeansOptions) -> Matrix<Float> {
        let wanted = pointsWanted(of: vectors.rows, centroids: centroids, options: options)
        guard wanted < vectors.rows else { return vectors }
        var chooser = Chooser(wanted, of: vectors.rows, random: sampling(options))
        return rows(vectors, (0..<vectors.rows).filter { _ in chooser.takesNext() })
    }

    /// What draws the vectors to train with.
    static func sampling(_ options: KMeansOptions) -> SplitMix64 {
        SplitMix64(seeds: options.seed, 0x73_616d_706c65)
    }

    /// Some rows, copied.
    static func rows(_ vectors: Matrix<Float>, _ numbers: [Int]) -> Matrix<Float> {
        let columns = vectors.columns
        return vectors.withUnsafeElements { source in
            Matrix(rows: numbers.count, columns: columns) { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                for (i, number) in numbers.enumerated() {
                    (to + i * columns).update(from: from + number * columns, count: columns)
                }
            }
        }
    }

    /// Distinct numbers below `count` in ascending order, each choice equally likely.
    static func chooseSorted(_ wanted: Int, of count: Int, using random: inout SplitMix64) -> [Int] {
        var chooser = Chooser(wanted, of: count, random: random)
        let chosen = (0..<count).filter { _ in chooser.takesNext() }
        random = chooser.random
        return chosen
    }
}

/// Draws some of a known number of things that come by one after the other, each choice equally likely (selection
/// sampling, Knuth, *The Art of Computer Programming* 3.4.2).
struct Chooser {
    private(set) var random: SplitMix64
    private var wanted: Int
    private var left: Int

    init(_ wanted: Int, of count: Int, random: SplitMix64) {
        self.wanted = wanted
        left = count
        self.random = random
    }

    mutating func takesNext() -> Bool {
        defer { left -= 1 }
        guard wanted < left else {  // the rest is needed
            wanted -= 1
            return true
        }
        guard wanted > 0, Double(left) * random.unit() < Double(wanted) else { return false }
        wanted -= 1
        return true
    }
}

extension SplitMix64 {
    /// A number in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
