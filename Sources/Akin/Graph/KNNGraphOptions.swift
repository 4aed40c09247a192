/// How to build a k-nearest-neighbour graph; the defaults are good.
public struct KNNGraphOptions: Sendable {
    /// Share of the true neighbours that an approximate graph should hold, above 0 and at most 1.
    ///
    /// It is measured on a sample while the graph is built. More costs more time: the share that is missing halves
    /// with each step of effort.
    public var recall: Double
    /// An approximate graph depends on it, but not on threads or the CPU; an exact graph depends on neither.
    public var seed: UInt64
    /// Threads to use; `nil` means one per core.
    public var threads: Int?
    /// Progress and cancellation.
    public var monitor: ProgressMonitor
    /// The kernels of one SIMD level; for tests.
    package var kernels = Kernels.best
    /// Join pairs, whatever would be faster; for tests.
    package var alwaysJoins = false

    /// Chooses how to build.
    public init(
        recall: Double = 0.95, seed: UInt64 = 1234, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) {
        self.recall = recall
        self.seed = seed
        self.threads = threads
        self.monitor = monitor
    }

    /// Checks the ranges of all parameters.
    func check() throws(IndexError) {
        if let threads, !(1...4096).contains(threads) {
            throw .outOfRange(name: "threads", value: threads, allowed: 1...4096)
        }
        guard recall > 0, recall <= 1 else {
            guard !recall.isNaN else { throw .notANumber(name: "recall") }
            let thousandths = Int((min(max(recall, -1e12), 1e12) * 1000).rounded(.down))
            throw .outOfRange(name: "recall (in thousandths)", value: thousandths, allowed: 1...1000)
        }
    }
}
