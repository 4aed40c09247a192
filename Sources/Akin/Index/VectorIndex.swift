/// A set of stored vectors that can be asked for the nearest to a query.
///
/// An index does not change; it may be searched from many threads at once.
public protocol VectorIndex: Sendable {
    /// The index in Faiss's factory language: "Flat".
    var spec: String { get }
    /// How nearness is measured.
    var metric: Metric { get }
    /// Components of each vector.
    var dimension: Int { get }
    /// Stored vectors.
    var count: Int { get }
    /// The embedding space of the stored vectors, where it is known.
    var space: EmbeddingSpace? { get }
    /// Bytes of memory that searching needs resident.
    var byteCount: Int { get }

    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more; rows are shorter where fewer are stored.
    ///   - options: threads, cancellation and what the index offers beside.
    /// - Returns: one row per query, nearest first, ties by smaller id, and how the search went.
    /// - Throws: ``IndexError`` for bad input, `CancellationError` when the monitor says stop.
    func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult

    /// Writes the index to an `.akin` file, which appears complete or not at all.
    ///
    /// - Throws: ``FileError`` for a place that cannot be written and a full disk.
    func save(to path: String) throws
}

/// How to run a search; the defaults are good.
public struct SearchOptions: Sendable {
    /// Threads to use; `nil` means one per core.
    public var threads: Int?
    /// Arithmetic of the exact search; for measurements.
    public var arithmetic: Arithmetic
    /// Inverted lists to look at, 1 or more; the index's own default where it is `nil`.
    ///
    /// An index without lists ignores it.
    public var nprobe: Int?
    /// Candidates kept while walking a graph, 1 or more; the index's own default where it is `nil`.
    ///
    /// At least as many as neighbours are wanted are kept in any case; where the graph finds the lists to look at, at
    /// least as many as those. An index without a graph ignores it.
    public var efSearch: Int?
    /// Candidates compared again by the finer code for each neighbour wanted, 1 or more; the index's own default where
    /// it is `nil`.
    ///
    /// An index without refinement ignores it.
    public var refineFactor: Double?
    /// Leaves of trees to look at, 1 or more; the index's own default where it is `nil`.
    ///
    /// One tree answers exactly when it is not limited. An index without trees ignores it.
    public var leaves: Int?
    /// Buckets to look at in each hash table, 1 or more; the index's own default where it is `nil`.
    ///
    /// An index without hash tables ignores it.
    public var probes: Int?
    /// Ids that may be returned; all when `nil`.
    public var filter: IDFilter?
    /// Progress and cancellation.
    public var monitor: ProgressMonitor
    /// The kernels of one SIMD level, whatever the CPU has; for tests.
    package var kernels: Kernels?
    /// One way of nominating, whatever would be chosen; for tests.
    package var nomination: Nomination?
    /// One way of searching graphs under a filter, whatever would be chosen; for tests.
    package var filtering: SearchResult.Filtering?

    /// What nominates candidates in an exact search; the answer is the same for each.
    public enum Arithmetic: String, Sendable, CaseIterable {
        /// The fastest that this machine and these data allow.
        case automatic
        /// 32-bit floats.
        case float32
    }

    /// Chooses how to search.
    public init(
        threads: Int? = nil, nprobe: Int? = nil, efSearch: Int? = nil, refineFactor: Double? = nil,
        leaves: Int? = nil, probes: Int? = nil, filter: IDFilter? = nil,
        arithmetic: Arithmetic = .automatic, monitor: ProgressMonitor = .silent
    ) {
        self.threads = threads
        self.nprobe = nprobe
        self.efSearch = efSearch
        self.refineFactor = refineFactor
        self.leaves = leaves
        self.probes = probes
        self.filter = filter
        self.arithmetic = arithmetic
        self.monitor = monitor
    }
}
