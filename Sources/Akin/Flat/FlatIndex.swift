/// Exact search: every query is compared with every stored vector, at the speed of the machine's matrix arithmetic.
///
/// Vectors are nominated by bounds computed in 8-bit integers (where the CPU has instructions for them) or 32-bit
/// floats, and decided in double precision; `docs/exact-search.md` proves that nothing is missed.
///
/// ```swift
/// let index = try FlatIndex(base, metric: .cosine)
/// let result = try index.search(queries, k: 10)
/// for neighbor in result.neighbors[0] { print(neighbor.id, neighbor.score) }
/// ```
public struct FlatIndex: VectorIndex {
    /// The stored vectors, `[count, dimension]`, as they were given.
    public var vectors: Matrix<Float> { stored.vectors }
    /// The caller's ids, one per row of ``vectors``; `nil` when they are the row numbers.
    public let ids: [Int64]?
    /// How nearness is measured.
    public var metric: Metric { stored.metric }
    /// The embedding space of the stored vectors, where it is known.
    public let space: EmbeddingSpace?

    let stored: StoredRows
    let idsAscend: Bool

    /// "Flat".
    public var spec: String { "Flat" }
    /// Components of each vector.
    public var dimension: Int { vectors.columns }
    /// Stored vectors.
    public var count: Int { vectors.rows }
    /// Bytes of memory that searching needs resident: vectors, their 8-bit copy and what is known of each row.
    public var byteCount: Int {
        count * dimension * 4 + stored.panels * panelRows * 28 + (stored.codes?.byteCount ?? 0)
            + (ids?.count ?? 0) * 8
    }
    /// Whether searching may use the 8-bit copy.
    public var hasEightBitCodes: Bool { stored.codes != nil }

    /// Stores vectors without copying them.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, all different; row numbers when `nil`.
    ///   - metric: how nearness is measured. Scores that a float cannot hold come out infinite and tie.
    ///   - space: the embedding space the vectors come from, if it is known.
    ///   - eightBit: keep an 8-bit copy (a quarter more memory) where the CPU searches faster with it.
    ///   - threads: threads to measure rows with; `nil` means one per core.
    /// - Throws: ``IndexError`` for NaN, infinity, a wrong number of ids or an id given twice.
    /// - Complexity: O(n · dimension), a few passes over the vectors.
    public init(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        eightBit: Bool = true, threads: Int? = nil
    ) throws(IndexError) {
        try self.init(
            vectors, ids: ids, metric: metric, space: space, eightBit: eightBit, threads: threads, kernels: .best)
    }

    /// Stores vectors and searches them with the kernels of one SIMD level.
    package init(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, metric: Metric = .l2, space: EmbeddingSpace? = nil,
        eightBit: Bool = true, threads: Int? = nil, kernels: Kernels
    ) throws(IndexError) {
        guard vectors.rows <= Int(UInt32.max) - panelRows else {
            throw .outOfRange(name: "vectors", value: vectors.rows, allowed: 0...Int(UInt32.max) - panelRows)
        }
        if let ids {
            guard ids.count == vectors.rows else { throw .idCountMismatch(vectors: vectors.rows, ids: ids.count) }
            idsAscend = zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }
            if !idsAscend {
                let sorted = ids.sorted()
                for (a, b) in zip(sorted, sorted.dropFirst()) where a == b { throw .duplicateID(a) }
            }
        } else {
            idsAscend = true
        }
        self.ids = ids
        self.space = space
        stored = try StoredRows(
            vectors, metric: metric, kernels: kernels, eightBit: eightBit, threads: threads ?? availableCores())
    }
}
