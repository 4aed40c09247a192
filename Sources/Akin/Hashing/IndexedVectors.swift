internal import CAkinKernels

/// What indexes of trees and hashes have in common: transforms, rows in the order of their ids, and the finer code that
/// decides among candidates.
struct IndexedVectors: Sendable {
    let specification: IndexSpec
    /// Components of each vector.
    let dimension: Int
    let metric: Metric
    let transforms: TransformChain
    let refinement: Refinement?
    var space: EmbeddingSpace?
    var rows: OrderedRows
    /// Candidates compared again for each neighbour wanted, in an index with refinement.
    var refineFactor = 10.0

    var count: Int { rows.count }
    /// Components of what is coded.
    var codedDimension: Int { transforms.outputDimension }
    var byteCount: Int { rows.byteCount + transforms.byteCount }

    /// Puts parts together.
    init(
        specification: IndexSpec, dimension: Int, metric: Metric, transforms: TransformChain, refinement: Refinement?,
        space: EmbeddingSpace?, rows: OrderedRows, refineFactor: Double
    ) {
        self.specification = specification
        self.dimension = dimension
        self.metric = metric
        self.transforms = transforms
        self.refinement = refinement
        self.space = space
        self.rows = rows
        self.refineFactor = refineFactor
    }

    /// Learns transforms and finer codes from a sample; there are no rows yet.
    ///
    /// - Parameters:
    ///   - sample: `[n, dimension]`, finite.
    ///   - spec: what the index is made of.
    ///   - metric: how nearness is measured.
    ///   - space: the embedding space of the vectors.
    ///   - seed: chooses what is random.
    ///   - threads: `nil` means one per core.
    ///   - monitor: progress and cancellation.
    ///   - rowByteCount: bytes of a row, given the dimension of what is coded.
    /// - Throws: ``IndexError``, ``IndexSpecError``, `CancellationError`.
    init(
        training sample: Matrix<Float>, spec: IndexSpec, metric: Metric, space: EmbeddingSpace?, seed: UInt64,
        threads: Int?, monitor: ProgressMonitor, rowByteCount: (Int) -> Int
    ) throws {
        try spec.validate(dimension: sample.columns)
        guard sample.rows > 0 else { throw IndexError.empty }
        try VectorCheck.finite(sample)
        let threads = threads ?? availableCores()
        guard threads >= 1 else { throw IndexError.outOfRange(name: "threads", value: threads, allowed: 1...4096) }
        let original = TransformChain.evenlySpaced(sample, atMost: max(1 << 16, 64 * sample.columns))
        let comparable = metric == .cosine ? UnitVectors.make(original, threads: threads) : original
        transforms = try TransformChain.train(
            spec.transforms, on: comparable, seed: seed, threads: threads, monitor: monitor)
        refinement = try spec.refinement.map { refinement in
            let kind: IndexSpec.Codec = if case .codec(let codec) = refinement { codec } else { .flat }
            return Refinement(
                codec: try ListCodecs.train(
                    kind, on: TransformChain.evenlySpaced(original, atMost: 1 << 16), metric: .l2, seed: seed,
                    threads: threads, monitor: monitor))
        }
        specification = spec
        dimension = sample.columns
        self.metric = metric
        self.space = space
        rows = OrderedRows(
            rowByteCount: rowByteCount(transforms.outputDimension),
            fineByteCount: refinement?.codec.codeByteCount ?? 0)
    }

    /// Sees that vectors can be added or asked for; gives the threads to use.
    func check(_ vectors: Matrix<Float>, threads: Int?) throws(IndexError) -> Int {
        try VectorCheck.usable(vectors, dimension: dimension, threads: threads)
    }

    /// Vectors or queries as they are coded: of length one for the cosine, and transformed.
    func prepared(_ vectors: Matrix<Float>, threads: Int, kernels: Kernels = .best) throws -> Matrix<Float> {
        guard vectors.rows > 0 else { return Matrix(rows: 0, columns: codedDimension) { _ in } }
        let comparable = metric == .cosine ? UnitVectors.make(vectors, threads: threads) : vectors
        return try transforms.apply(comparable, threads: threads, kernels: kernels)
    }

    /// How what is kept compares: vectors that are transformed were of length one for the cosine.
    var rankedMetric: Metric { transforms.isEmpty || metric == .l2 ? metric : .innerProduct }

    /// Vectors or queries as indexes that keep vectors keep them: as they are where there is no transform.
    func ranked(_ vectors: Matrix<Float>, threads: Int) throws -> Matrix<Float> {
        transforms.isEmpty ? vectors : try prepared(vectors, threads: threads)
    }

    /// Writes the finer codes of vectors.
    func encodeFine(_ vectors: Matrix<Float>, into target: UnsafeMutableRawPointer, threads: Int) {
        guard let codec = refinement?.codec else { return }
        nonisolated(unsafe) let codes = target.assumingMemoryBound(to: UInt8.self)
        forEachChunk(of: vectors.rows, threads: threads) { range in
            vectors.withUnsafeElements { elements in
                guard let x = elements.baseAddress else { return }
                codec.encode(
                    x + range.lowerBound * dimension, count: range.count,
                    into: codes + range.lowerBound * codec.codeByteCount)
            }
        }
    }

    // MARK: - Searching

    /// Candidates to find of each query.
    func wanted(k: Int, _ options: SearchOptions) throws(IndexError) -> Int {
        guard k >= 1 else { throw .outOfRange(name: "k", value: k, allowed: 1...max(1, count)) }
        guard refinement != nil else { return min(k, max(count, 1)) }
        let factor = options.refineFactor ?? refineFactor
        guard factor >= 1 else { throw .belowOne(name: "refine factor", value: factor) }
        return max(min(k, max(count, 1)), Int(min((Double(k) * factor).rounded(.up), Double(max(count, 1)))))
    }

    /// Compares candidates by their finer codes: all of them, nearest first.
    func refined(
        _ candidates: some Collection<UInt32>, of query: UnsafePointer<Float>, kernels: Kernels
    ) -> [Contender] {
        guard let refinement, !candidates.isEmpty else { return [] }
        let base = rows.fine.base.assumingMemoryBound(to: UInt8.self), size = rows.fine.rowByteCount
        let ids = rows.idPointer
        let codes = candidates.map { base + Int($0) * size }
        var keys = [Double](repeating: 0, count: codes.count)
        refinement.keys(of: query, codes, count: codes.count, metric: metric, kernels: kernels, into: &keys)
        return zip(keys, candidates).map { key, row in
            Contender(key: akin_ordered(Float(key)), id: ids[Int(row)], row: row)
        }.sorted()
    }

    /// What a caller is told of a row and its key.
    func neighbor(_ contender: Contender) -> Neighbor {
        let key = akin_unordered(contender.key)
        return Neighbor(id: contender.id, score: metric.isSimilarity ? 0 - key : key)
    }
}

/// The answers to a batch of queries; each slot is written by one thread.
final class AnswerRows: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<[Neighbor]>
    private let sum = SharedCount(), cut = SharedCount()

    init(queries: Int) {
        slots = .allocate(capacity: queries)
        slots.initialize(repeating: [])
    }

    deinit { slots.deinitialize().deallocate() }

    func set(_ row: [Neighbor], query: Int) { slots[query] = row }
    func add(visited: Int) { sum.add(visited) }
    /// Remembers that some answers are not proven.
    func addUnproven(_ count: Int) { cut.add(count) }

    var isProven: Bool { cut.value == 0 }

    func result(k: Int, count: Int, isExact: Bool) -> SearchResult {
        SearchResult(
            neighbors: Neighbors(Array(slots)), isExact: isExact, visited: sum.value,
            isLimited: slots.contains { $0.count < min(k, count) })
    }
}
