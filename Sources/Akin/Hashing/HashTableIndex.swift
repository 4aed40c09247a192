/// Vectors in hash tables: a query looks into the buckets it falls in, and compares what it finds exactly.
///
/// Each table sorts the vectors by some random hashes that near vectors are likely to share: the sides of hyperplanes
/// (`LSH8x16`, for angles), or slices between parallel ones (`E2LSH8x16`, for distances). Buckets next to the query's are
/// looked at too, the most promising first, so that a few tables do what many would (multi-probe): see
/// ``SearchOptions/probes``.
///
/// ```swift
/// let spec = try IndexSpec(parsing: "E2LSH8x12")
/// var index = try HashTableIndex(training: base, spec: spec)
/// try index.add(base)
/// let result = try index.search(queries, k: 10, options: .init(probes: 32))
/// ```
///
/// The index is a value; it may be searched from many threads at once.
///
/// Datar, Immorlica, Indyk, Mirrokni: "Locality-sensitive hashing scheme based on p-stable distributions" (2004),
/// `doi:10.1145/997817.997857`; Lv, Josephson, Wang, Charikar, Li: "Multi-probe LSH" (2007).
public struct HashTableIndex: GrowingIndex {
    private(set) var vectors: IndexedVectors
    let functions: HashFunctions
    private(set) var tables: [HashTable] = []
    /// Buckets of each table to look at where a search does not say.
    public var probes: Int

    /// What the index is made of.
    public var specification: IndexSpec { vectors.specification }
    /// The index in Faiss's factory language, with a part that Faiss has not.
    public var spec: String { specification.description }
    /// How nearness is measured.
    public var metric: Metric { vectors.metric }
    /// Components of each vector.
    public var dimension: Int { vectors.dimension }
    /// Hash tables.
    public var tableCount: Int { functions.tables }
    /// Hashes of a table.
    public var hashCount: Int { functions.hashes }
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
    /// Bytes of vectors, finer codes, ids, tables, hashes and transforms.
    public var byteCount: Int { vectors.byteCount + functions.byteCount + tables.reduce(0) { $0 + $1.byteCount } }

    static let standardProbes = 16

    /// Learns transforms and finer codes from sample vectors, and draws hashes; the index holds no vectors yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite; as many as there will be, since the width of slices depends on it.
    ///   - spec: such as `LSH8x16`, `E2LSH8x12` or `Center,LSH8x16`.
    ///   - metric: how nearness is measured. Hyperplanes go through the origin that the transforms leave.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - seed: chooses what is random.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad vectors or too few of them, ``IndexSpecError`` for a spec that cannot exist at
    ///   this dimension; `CancellationError` when the monitor says stop.
    public init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        seed: UInt64 = 1234, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        guard case .hashTables(let family, let tables, let hashes) = spec.core else {
            throw IndexError.unsupported("\(spec) as hash tables")
        }
        vectors = try IndexedVectors(
            training: sample, spec: spec, metric: metric, space: space, seed: seed, threads: threads, monitor: monitor,
            rowByteCount: { Self.rowByteCount(dimension: $0, tables: tables) })
        let threads = threads ?? availableCores()
        functions = try .draw(
            family, tables: tables, hashes: hashes, for: vectors.prepared(sample, threads: threads), seed: seed,
            threads: threads)
        probes = Self.standardProbes
        arrange()
    }

    /// An index of parts that are there.
    init(_ vectors: IndexedVectors, functions: HashFunctions, probes: Int) {
        self.vectors = vectors
        self.functions = functions
        self.probes = probes
        arrange()
    }

    /// A vector, and its key in each table.
    static func rowByteCount(dimension: Int, tables: Int) -> Int { 4 * (dimension + tables) }

    // MARK: - Changing

    /// Adds vectors.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other and from those stored; the numbers that follow the
    ///     greatest stored id when `nil`.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`; the index is then as it was.
    /// - Complexity: O(n · dimension) for each hash, and O(``count`` + n) for each table, which is sorted again.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        let threads = try self.vectors.check(vectors, threads: threads)
        try monitor.update("hashing", done: 0, total: vectors.rows)
        let owner = self.vectors
        let stored = try owner.ranked(vectors, threads: threads)
        let keys = try keys(of: vectors, threads: threads)
        let (d, t) = (stored.columns, functions.tables)
        try self.vectors.rows.add(vectors.rows, ids: ids) { target, fine in
            let rows = target.assumingMemoryBound(to: UInt32.self)
            stored.withUnsafeElements { source in
                guard let source = UnsafeRawPointer(source.baseAddress) else { return }
                for row in 0..<vectors.rows {
                    let place = UnsafeMutableRawPointer(rows + row * (d + t))
                    place.copyMemory(from: source + 4 * row * d, byteCount: 4 * d)
                    (place + 4 * d).copyMemory(from: keys.pointer + row * t, byteCount: 4 * t)
                }
            }
            owner.encodeFine(vectors, into: fine, threads: threads)
        }
        arrange()
    }

    /// Removes the vectors of some ids; those that are not stored are passed over.
    ///
    /// - Parameter ids: of the vectors that go.
    /// - Returns: how many were removed.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>) -> Int { remove(where: .members(of: Set(ids))) }

    /// Removes the vectors whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter) -> Int {
        let removed = vectors.rows.remove { filter.allows($0) }
        if removed > 0 { arrange() }
        return removed
    }

    /// Products of vectors with all directions.
    func products(of vectors: Matrix<Float>, threads: Int, kernels: Kernels = .best) throws -> Matrix<Float> {
        let prepared = try self.vectors.prepared(vectors, threads: threads, kernels: kernels)
        guard vectors.rows > 0 else { return Matrix(rows: 0, columns: functions.projection.outputDimension) { _ in } }
        return try functions.projection.apply(prepared, threads: threads, kernels: kernels)
    }

    /// The key of each vector in each table, `[n, tables]`.
    private func keys(of vectors: Matrix<Float>, threads: Int) throws -> Buffer<UInt32> {
        let keys = Buffer<UInt32>(uninitialized: vectors.rows * functions.tables)
        let step = 8192, functions = functions
        for first in stride(from: 0, to: vectors.rows, by: step) {
            let some = vectors.rows(first..<min(first + step, vectors.rows))
            try products(of: some, threads: threads).withUnsafeElements { products in
                guard let products = products.baseAddress else { return }
                for place in 0..<some.rows * functions.tables {
                    keys[first * functions.tables + place] = functions.key(products + place * functions.hashes)
                }
            }
        }
        return keys
    }

    private mutating func arrange() {
        let rows = vectors.rows, d = vectors.codedDimension, t = functions.tables
        let words = rows.primary.base.assumingMemoryBound(to: UInt32.self)
        tables = (0..<t).map { table in HashTable(count: rows.count) { words[$0 * (d + t) + d + table] } }
    }
}
