/// Vectors as binary codes: the signs of their components, or of their products with random hyperplanes.
///
/// Codes are searched for those that differ from the query's in the fewest bits, exactly, by a ``BinaryIndex``; where the
/// index keeps a finer code or the vectors themselves (`RFlat`), the best candidates are compared again by that.
/// Signs say most where they split the vectors evenly and are independent: after `ITQ128`, after `Center,RR`, or of a
/// model that was trained to give them.
///
/// ```swift
/// var index = try HashIndex(training: base, spec: IndexSpec(parsing: "ITQ128,BFlat,RFlat"))
/// try index.add(base)
/// let result = try index.search(queries, k: 10)
/// ```
///
/// Without a refinement a score is the number of bits that differ, for similarities with its sign changed.
///
/// Charikar: "Similarity estimation techniques from rounding algorithms" (2002), `doi:10.1145/509907.509965`, for
/// hyperplanes; Gong, Lazebnik (2011), `doi:10.1109/CVPR.2011.5995432`, for the codes of `ITQ`.
public struct HashIndex: GrowingIndex {
    /// What the vectors are kept in, codes aside; its rows are those of `codes`.
    private(set) var vectors: IndexedVectors
    /// Directions whose products give the signs; `nil` where components do.
    let hyperplanes: LinearTransform?
    private(set) var codes: BinaryIndex

    /// What the index is made of.
    public var specification: IndexSpec { vectors.specification }
    /// The index in Faiss's factory language.
    public var spec: String { specification.description }
    /// How nearness is measured.
    public var metric: Metric { vectors.metric }
    /// Components of each vector.
    public var dimension: Int { vectors.dimension }
    /// Bits of a code.
    public var bits: Int { codes.bits }
    /// Stored vectors.
    public var count: Int { codes.count }
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
    /// Bytes of codes, finer codes, ids, tables and transforms.
    public var byteCount: Int {
        codes.byteCount + vectors.transforms.byteCount
            + (hyperplanes.map { 8 * $0.matrix.rows * $0.matrix.columns } ?? 0)
    }

    /// Learns transforms and finer codes from sample vectors, and draws hyperplanes; the index holds no vectors yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite.
    ///   - spec: such as `ITQ128,BFlat` or `LSH256,RFlat`.
    ///   - metric: how nearness is measured. Codes compare directions about the origin that the transforms leave.
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
        guard spec.codeBits(codedDimension: 1) != nil else { throw IndexError.unsupported("\(spec) of binary codes") }
        let learned = try IndexedVectors(
            training: sample, spec: spec, metric: metric, space: space, seed: seed, threads: threads, monitor: monitor,
            rowByteCount: { BinaryIndex.rowByteCount(bits: spec.codeBits(codedDimension: $0) ?? 1) })
        var hyperplanes: LinearTransform?
        if case .hyperplanes(let bits) = spec.core {
            hyperplanes = try Self.hyperplanes(bits, dimension: learned.codedDimension, seed: seed)
        }
        self.init(learned, hyperplanes: hyperplanes)
    }

    /// An index of parts that are there.
    init(_ vectors: IndexedVectors, hyperplanes: LinearTransform?) {
        let spec = vectors.specification
        self.vectors = vectors
        self.hyperplanes = hyperplanes
        var parts: Int?
        if case .signs(.multiIndex(let number)) = spec.core { parts = number }
        codes = BinaryIndex(
            bits: spec.codeBits(codedDimension: vectors.codedDimension) ?? 1, parts: parts, rows: vectors.rows)
        // From here on the rows are those of the codes.
        self.vectors.rows = OrderedRows(rowByteCount: 0, fineByteCount: 0)
    }

    /// Draws directions: orthonormal ones as long as there are dimensions for them.
    private static func hyperplanes(_ count: Int, dimension: Int, seed: UInt64) throws -> LinearTransform {
        var directions: [[Float]] = []
        while directions.count < count {
            let block = try LinearTransform.randomRotation(
                input: dimension, output: min(dimension, count - directions.count),
                seed: seed &+ UInt64(directions.count))
            for row in 0..<block.matrix.rows { directions.append(block.matrix[row]) }
        }
        return LinearTransform(matrix: Matrix(directions), isOrthonormal: false)
    }

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
    /// - Complexity: O(``count`` + n), beside the transforms.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        let threads = try self.vectors.check(vectors, threads: threads)
        try monitor.update("coding", done: 0, total: vectors.rows)
        let coded = try signs(of: vectors, threads: threads)
        try monitor.update("coding", done: vectors.rows, total: vectors.rows)
        let owner = self.vectors
        try codes.add(coded, count: vectors.rows, ids: ids) { fine in
            owner.encodeFine(vectors, into: fine, threads: threads)
        }
    }

    /// Removes the vectors of some ids; those that are not stored are passed over.
    ///
    /// - Parameter ids: of the vectors that go.
    /// - Returns: how many were removed.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>) -> Int { codes.remove(ids) }

    /// Removes the vectors whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter) -> Int { codes.remove(where: filter) }

    /// Codes of vectors in whole words.
    func signs(of vectors: Matrix<Float>, threads: Int, kernels: Kernels = .best) throws -> Buffer<UInt8> {
        var prepared = try self.vectors.prepared(vectors, threads: threads, kernels: kernels)
        if let hyperplanes, prepared.rows > 0 {
            prepared = try hyperplanes.apply(prepared, threads: threads, kernels: kernels)
        }
        return prepared.signs(threads: threads)
    }

    /// The row that a candidate has: what finer codes belong to it.
    var refining: IndexedVectors {
        var owner = vectors
        owner.rows = codes.rows
        return owner
    }
}

extension IndexSpec {
    /// Bits of a binary code; `nil` where there is none.
    func codeBits(codedDimension: Int) -> Int? {
        switch core {
        case .signs: codedDimension
        case .hyperplanes(let bits): bits
        case .partitioned, .hnsw, .kdTrees, .hashTables: nil
        }
    }
}
