/// An inverted file: vectors grouped by their nearest centroid, coded, and searched a few groups at a time.
///
/// A query is compared with the centroids first, then with the codes in the `nprobe` nearest lists; where the index keeps
/// a second, finer code, the best candidates are compared again by that. Without centroids there is one list, which
/// holds everything: a compressed index that looks at every code.
///
/// The index is a value. It may be searched from many threads at once, and changed with ``add(_:ids:threads:monitor:)``,
/// ``remove(_:)`` and ``merge(_:)``; a copy shares all lists with the original until one of them changes.
///
/// ```swift
/// var index = try IVFIndex(training: sample, spec: IndexSpec(parsing: "IVF1024,PQ64x4fs,RFlat"))
/// try index.add(base)
/// let result = try index.search(queries, k: 10, options: .init(nprobe: 16))
/// ```
///
/// Jégou, Douze, Schmid: "Product quantization for nearest neighbor search" (2011), `doi:10.1109/TPAMI.2010.57`.
public struct IVFIndex: GrowingIndex {
    /// What the index is made of.
    public let specification: IndexSpec
    /// How nearness is measured.
    public let metric: Metric
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace?
    /// What a search does that says nothing else.
    public var defaults: SearchDefaults

    /// What is done to vectors, and queries, before they are coded.
    let transforms: TransformChain
    /// Centroids and how they are compared; `nil` when there is one list.
    let coarse: CoarseQuantizer?
    /// Codes are of vectors less their centroid.
    let isResidual: Bool
    let codec: any ListCodec
    /// The finer code that decides among candidates.
    let refinement: Refinement?
    var lists: InvertedLists
    /// Greater than every id.
    var nextID: Int64 = 0
    /// Whether ids are the numbers in which vectors were added.
    var idsAreRows = true

    /// Search breadth where a call does not say.
    public struct SearchDefaults: Sendable, Equatable, Codable {
        /// Lists to look at.
        public var nprobe: Int
        /// Candidates compared again for each neighbour wanted, in an index with refinement.
        public var refineFactor: Double

        /// Chooses defaults.
        public init(nprobe: Int = 16, refineFactor: Double = 10) {
            self.nprobe = nprobe
            self.refineFactor = refineFactor
        }
    }

    /// Components of each vector.
    public let dimension: Int
    /// Stored vectors.
    public var count: Int { lists.count }
    /// Inverted lists; 1 without centroids.
    public var nlist: Int { lists.nlist }
    /// Bytes of memory in use, for lists, centroids and transforms; what stays in a mapped file is not counted.
    public var byteCount: Int { lists.byteCount + transforms.byteCount + (coarse?.byteCount ?? 0) }
    /// Bytes of codes, ids and second codes, in memory or in a file.
    public var storedByteCount: Int { lists.totalByteCount }

    /// The index in Faiss's factory language.
    public var spec: String { specification.description }

    /// How codes compare: cosine is the inner product of vectors of length one.
    var codedMetric: Metric { metric == .l2 ? .l2 : .innerProduct }

    /// An index without vectors, from trained parts.
    init(
        _ specification: IndexSpec, dimension: Int, metric: Metric, transforms: TransformChain,
        coarse: CoarseQuantizer?, isResidual: Bool, codec: any ListCodec,
        refinement: Refinement?, space: EmbeddingSpace? = nil
    ) {
        self.specification = specification
        self.dimension = dimension
        self.metric = metric
        self.transforms = transforms
        self.coarse = coarse
        self.isResidual = isResidual && coarse != nil
        self.codec = codec
        self.refinement = refinement
        self.space = space
        let nlist = coarse?.nlist ?? 1
        defaults = SearchDefaults(nprobe: min(nlist, 16))
        let shape = ListShape(codec, refinedByteCount: refinement?.codec.codeByteCount ?? 0)
        lists = InvertedLists(shape: shape, nlist: nlist)
    }

    /// The most vectors an index can hold.
    static let maximumCount = Int(UInt32.max) - 4096
}

extension IVFIndex {
    /// An index of plain floats over given centroids, without vectors; with `links`, a graph of so many finds the lists.
    package static func flat(
        centroids: Matrix<Float>, metric: Metric, links: Int? = nil, threads: Int = 1
    ) throws -> IVFIndex {
        let coded: Metric = metric == .l2 ? .l2 : .innerProduct
        let graph = try links.map {
            try CoarseGraph(linking: centroids, m: $0, metric: coded, seed: 1234, threads: threads, monitor: .silent)
        }
        let coarse = try CoarseQuantizer(centroids, metric: coded, graph: graph)
        return try IVFIndex(
            IndexSpec(core: .partitioned(coarse.partition, .flat)), dimension: centroids.columns, metric: metric,
            transforms: TransformChain(inputDimension: centroids.columns), coarse: coarse, isResidual: false,
            codec: FlatCodec(dimension: centroids.columns, metric: coded), refinement: nil)
    }

    /// The list that each vector would go to; for tests.
    package func assignment(of vectors: Matrix<Float>, threads: Int = 1) throws -> [UInt32] {
        try coarse?.assign(prepared(vectors, threads: threads), threads: threads, monitor: .silent)
            ?? Array(repeating: 0, count: vectors.rows)
    }

    /// The ids of all vectors in the lists that one query looks at; for tests.
    package func rowsProbed(by query: Matrix<Float>, nprobe: Int) throws -> [Int64] {
        let prepared = try prepared(query, threads: 1)
        guard let found = try coarse?.probe(prepared, nprobe: nprobe, options: .init(threads: 1)) else { return [] }
        return (0..<nprobe).flatMap { rank in
            let view = lists.view(Int(found.numbers[rank]))
            return (0..<view.count).map { view.ids[$0] }
        }.sorted()
    }
}
