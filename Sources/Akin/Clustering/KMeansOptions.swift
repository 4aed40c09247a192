/// How to train centroids; the defaults suit inverted files.
public struct KMeansOptions: Sendable {
    /// How the first centroids are chosen.
    public enum Start: String, Sendable, CaseIterable {
        /// Distinct vectors, drawn at random.
        case random
        /// Vectors far from each other: k-means++ ([Arthur & Vassilvitskii 2007]), and for many centroids its
        /// scalable form k-means|| ([Bahmani et al. 2012]), which draws half as many candidates as there are
        /// centroids in each of five rounds and picks the centroids from them. Costs about as much as three
        /// iterations.
        ///
        /// [Arthur & Vassilvitskii 2007]: https://dl.acm.org/doi/10.5555/1283383.1283494
        /// [Bahmani et al. 2012]: https://doi.org/10.14778/2180912.2180915
        case plusPlus = "plusplus"
    }

    /// Times that centroids are moved, 0 or more; fewer when nothing changes any more.
    public var iterations: Int
    /// The result depends on it and on nothing else: not on threads, not on the CPU.
    public var seed: UInt64
    /// How the first centroids are chosen.
    public var start: Start
    /// Trainings from different starts, 1 or more; the one with the least objective is the result.
    public var restarts: Int
    /// Stop when an iteration lowers the objective by no more than this share of it: 0.001 is a tenth of a percent.
    public var tolerance: Double
    /// Centroids of length 1, assignment by the inner product: for vectors that are compared by their angle.
    ///
    /// Vectors are taken as they are: a longer one weighs more.
    public var isSpherical: Bool
    /// The largest cluster that is wanted, as a multiple of the mean one, 1 or more; `nil` for no bound.
    ///
    /// k-means under bounds on cluster sizes ([Bradley et al. 2000]) by Lagrangian relaxation: the squared distance to
    /// a centroid is raised by a multiplier that grows while its cluster is too large. The bound is met
    /// nearly, not strictly; 1.2 with 20 or more iterations works well.
    ///
    /// [Bradley et al. 2000]: https://www.microsoft.com/en-us/research/publication/constrained-k-means-clustering/
    public var balance: Double?
    /// Train with at most this many vectors for each centroid, drawn at random; `nil` for all vectors.
    public var maxPointsPerCentroid: Int?
    /// For a file that does not fit into the memory allowed: how often all of its vectors pass through, 1 or more.
    public var passes: Int
    /// Threads to use; `nil` means one per core.
    public var threads: Int?
    /// Arithmetic that nominates centroids; the result is the same for each.
    public var arithmetic: SearchOptions.Arithmetic
    /// Where points are assigned and centroids moved; the processor where it is `nil`.
    ///
    /// The result is the same. A bound on cluster sizes (``balance``) is for the processor alone.
    public var device: (any ClusteringDevice)?
    /// The SIMD level; the result is the same for each.
    package var kernels = Kernels.best

    /// Chooses how to train.
    public init(
        iterations: Int = 10, seed: UInt64 = 1234, start: Start = .random, restarts: Int = 1, tolerance: Double = 0,
        isSpherical: Bool = false, balance: Double? = nil, maxPointsPerCentroid: Int? = 256, passes: Int = 1,
        threads: Int? = nil, arithmetic: SearchOptions.Arithmetic = .automatic, device: (any ClusteringDevice)? = nil
    ) {
        self.iterations = iterations
        self.seed = seed
        self.start = start
        self.restarts = restarts
        self.tolerance = tolerance
        self.isSpherical = isSpherical
        self.balance = balance
        self.maxPointsPerCentroid = maxPointsPerCentroid
        self.passes = passes
        self.threads = threads
        self.arithmetic = arithmetic
        self.device = device
    }

    /// Checks the ranges of all parameters.
    func check(centroids: Int) throws(IndexError) {
        func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(IndexError) {
            guard allowed.contains(value) else { throw .outOfRange(name: name, value: value, allowed: allowed) }
        }
        try check("centroids", centroids, 1...Int(Int32.max))
        try check("iterations", iterations, 0...1_000_000)
        try check("restarts", restarts, 1...1_000_000)
        if let most = maxPointsPerCentroid { try check("maxPointsPerCentroid", most, 1...Int(Int32.max)) }
        try check("passes", passes, 1...1_000_000)
        if let threads { try check("threads", threads, 1...4096) }
        if device != nil, balance != nil { throw .unsupported("balanced clusters on a device; expected the processor") }
        // Reported in thousandths, which is what a whole number can say of a share.
        guard tolerance >= 0, tolerance < 1 else {
            throw .outOfRange(name: "tolerance (in thousandths)", value: thousandths(tolerance), allowed: 0...999)
        }
        if let balance, !(balance >= 1 && balance <= 1000) {
            throw .outOfRange(name: "balance (in thousandths)", value: thousandths(balance), allowed: 1000...1_000_000)
        }
    }

    private func thousandths(_ value: Double) -> Int {
        value.isFinite ? Int((value * 1000).rounded(.down).clamped(to: -1e15...1e15)) : -1
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
