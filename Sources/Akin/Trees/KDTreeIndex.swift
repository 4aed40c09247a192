/// Vectors in k-d trees: one that answers exactly, or a forest of randomized ones that are searched together.
///
/// A tree splits the vectors at the median of the component that varies most, and again, down to leaves of 32. A search
/// looks at the leaves nearest to the query first, and stops when no other can hold a nearer vector: that is exact, and
/// quick in few dimensions. In many, nearly every leaf may hold one; then ``SearchOptions/leaves`` limits how many are
/// looked at, and several trees that split by different components make up for it.
///
/// ```swift
/// let spec = try IndexSpec(parsing: "KDTree8")
/// var index = try KDTreeIndex(training: base, spec: spec)
/// try index.add(base)
/// let result = try index.search(queries, k: 10, options: .init(leaves: 128))
/// ```
///
/// The index is a value. It may be searched from many threads at once; what changes it builds the trees again.
///
/// Friedman, Bentley, Finkel: "An algorithm for finding best matches in logarithmic expected time" (1977),
/// `doi:10.1145/355744.355745`; Silpa-Anan, Hartley: "Optimised KD-trees for fast image descriptor matching" (2008),
/// `doi:10.1109/CVPR.2008.4587638`; Muja, Lowe (2014), `doi:10.1109/TPAMI.2014.2321376`.
public struct KDTreeIndex: GrowingIndex {
    private(set) var vectors: IndexedVectors
    private(set) var trees: [KDTree] = []
    private(set) var treeSpace: TreeSpace
    let seed: UInt64
    /// Leaves to look at where a search does not say; `nil` for as many as it takes.
    public var leaves: Int?

    /// What the index is made of.
    public var specification: IndexSpec { vectors.specification }
    /// The index in Faiss's factory language, with a part that Faiss has not.
    public var spec: String { specification.description }
    /// How nearness is measured.
    public var metric: Metric { vectors.metric }
    /// Components of each vector.
    public var dimension: Int { vectors.dimension }
    /// Trees of the forest; 1 for the exact tree.
    public var treeCount: Int { Self.trees(specification) ?? 1 }
    /// Leaves of one tree.
    public var leafCount: Int { trees.first?.leafCount ?? 0 }
    /// Stored vectors.
    public var count: Int { vectors.count }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? {
        get { vectors.space }
        set { vectors.space = newValue }
    }
    /// Candidates compared again for each neighbour wanted where a search does not say, in an index with refinement.
    public var refineFactor: Double {
        get { vectors.refineFactor }
        set { vectors.refineFactor = newValue }
    }
    /// Bytes of vectors, finer codes, ids, trees and transforms.
    public var byteCount: Int { vectors.byteCount + trees.reduce(0) { $0 + $1.byteCount } }

    /// Leaves that a forest looks at where nothing else is said.
    private static let standardLeaves = 64

    /// Learns transforms and finer codes from sample vectors; the index holds no vectors yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite.
    ///   - spec: such as `KDTree`, `KDTree8` or `PCA16,KDTree,RFlat`.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - seed: chooses what is random, the splits of a forest among it.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad vectors or too few of them, ``IndexSpecError`` for a spec that cannot exist at
    ///   this dimension; `CancellationError` when the monitor says stop.
    public init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        seed: UInt64 = 1234, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        guard let count = Self.trees(spec) else { throw IndexError.unsupported("\(spec) as trees") }
        vectors = try IndexedVectors(
            training: sample, spec: spec, metric: metric, space: space, seed: seed, threads: threads, monitor: monitor,
            rowByteCount: { 4 * $0 })
        treeSpace = TreeSpace(metric: vectors.rankedMetric, largestSquare: 0)
        leaves = count == 1 ? nil : Self.standardLeaves
        self.seed = seed
    }

    /// An index of parts that are there.
    init(_ vectors: IndexedVectors, trees: [KDTree], largestSquare: Double, leaves: Int?, seed: UInt64) {
        self.vectors = vectors
        self.trees = trees
        self.leaves = leaves
        treeSpace = TreeSpace(metric: vectors.rankedMetric, largestSquare: largestSquare)
        self.seed = seed
    }

    /// The trees that a spec asks for; `nil` for another kind.
    static func trees(_ spec: IndexSpec) -> Int? {
        if case .kdTrees(let count) = spec.core { count } else { nil }
    }

    // MARK: - Changing

    /// Adds vectors, and builds the trees again.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other and from those stored; the numbers that follow the
    ///     greatest stored id when `nil`.
    ///   - threads: threads to use, one for each tree at most; `nil` means one per core. The result is the same for any
    ///     number.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`; the index is then as it was.
    /// - Complexity: O(t · (``count`` + n) · log) for t trees.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        let threads = try self.vectors.check(vectors, threads: threads)
        try monitor.update("coding", done: 0, total: vectors.rows)
        var changed = self
        let owner = self.vectors
        let coded = try owner.ranked(vectors, threads: threads)
        try changed.vectors.rows.add(vectors.rows, ids: ids) { target, fine in
            coded.withUnsafeElements { source in
                guard let start = source.baseAddress else { return }
                target.copyMemory(from: start, byteCount: 4 * source.count)
            }
            owner.encodeFine(vectors, into: fine, threads: threads)
        }
        try changed.plant(threads: threads, monitor: monitor)
        self = changed
    }

    /// Removes the vectors of some ids, and builds the trees again; ids that are not stored are passed over.
    ///
    /// - Parameter ids: of the vectors that go.
    /// - Returns: how many were removed.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>) -> Int { remove(where: .members(of: Set(ids))) }

    /// Removes the vectors whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter) -> Int {
        let removed = vectors.rows.remove { filter.allows($0) }
        if removed > 0 {
            do {
                try plant(threads: availableCores(), monitor: .silent)
            } catch {
                preconditionFailure("nothing stops this: \(error)")
            }
        }
        return removed
    }

    private mutating func plant(threads: Int, monitor: ProgressMonitor) throws {
        let rows = vectors.rows, dimension = vectors.codedDimension
        let stored = Matrix<Float>(rows: rows.count, columns: dimension) { target in
            UnsafeMutableRawBufferPointer(target).copyMemory(
                from: UnsafeRawBufferPointer(start: rows.primary.base, count: rows.primary.byteCount))
        }
        let points = treeSpace.points(stored, threads: threads)
        let count = treeCount, seed = seed
        let slots = TreeSlots(count: count)
        try parallelFor(threads: threads, count: count) { tree in
            try monitor.update("trees", done: tree, total: count)
            slots.set(KDTreeBuilder.build(points, seed: count == 1 ? nil : seed &+ UInt64(tree)), at: tree)
        }
        trees = slots.trees
    }
}

/// Trees that are built side by side; each slot is written by one thread.
private final class TreeSlots: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<KDTree?>

    init(count: Int) {
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil)
    }

    deinit { slots.deinitialize().deallocate() }

    func set(_ tree: KDTree, at place: Int) { slots[place] = tree }
    var trees: [KDTree] { slots.compactMap { $0 } }
}
