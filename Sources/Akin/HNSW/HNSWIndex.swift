/// A hierarchical navigable small world graph: every vector is linked to near ones, and a search walks the links.
///
/// A search starts at the top of a stack of ever smaller graphs, walks to the member nearest to the query, goes one level
/// down, and on the lowest level, which holds every vector, keeps the best `efSearch` it has met. It compares codes; where
/// the index keeps the vectors beside (`RFlat`) the best candidates are compared again by those.
///
/// The index is a value. It may be searched from many threads at once, and changed with
/// ``add(_:ids:threads:monitor:)``, ``remove(_:threads:)`` and ``update(_:ids:threads:monitor:)``; a copy shares all memory with the original until one of them changes. The same
/// vectors and seed give the same graph on any number of threads.
///
/// ```swift
/// var index = try HNSWIndex(training: base, spec: IndexSpec(parsing: "HNSW16,SQ8,RFlat"))
/// try index.add(base)
/// let result = try index.search(queries, k: 10, options: .init(efSearch: 64))
/// ```
///
/// Malkov, Yashunin: "Efficient and robust approximate nearest neighbor search using hierarchical navigable small world
/// graphs" (2018), `doi:10.1109/TPAMI.2018.2889473`. Vectors join in batches, each searched for in the graph before it,
/// as in Manohar et al.: "ParlayANN" (2024), `doi:10.1145/3627535.3638475`.
public struct HNSWIndex: GrowingIndex {
    /// What the index is made of.
    public let specification: IndexSpec
    /// How nearness is measured.
    public let metric: Metric
    /// Components of each vector.
    public let dimension: Int
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace?
    /// What a search does that says nothing else.
    public var defaults: SearchDefaults
    /// How vectors that are added are linked.
    public let construction: Construction

    let points: GraphSpace
    let codec: any GraphCodec
    /// The finer code that decides among candidates.
    let refinement: GraphRefinement?
    /// Level 0 first; one level at least.
    var layers: [GraphLayer]
    /// The member of the top level where a search begins.
    var entry: UInt32 = 0
    /// `[count][codec.rowByteCount]`.
    var codes: RowStore
    /// `[count][refinement.codec.rowByteCount]`; empty without refinement.
    var refined: RowStore
    /// `[count]` 64-bit ids.
    var ids: RowStore
    /// Greater than every id.
    var nextID: Int64 = 0
    /// Whether ids are the numbers in which vectors were added.
    var idsAreRows = true
    /// Vectors linked since it was last seen that all can be reached.
    var linkedSinceCheck = 0

    /// Search breadth where a call does not say.
    public struct SearchDefaults: Sendable, Equatable, Codable {
        /// Candidates kept while walking.
        public var efSearch: Int
        /// Candidates compared again for each neighbour wanted, in an index with refinement.
        public var refineFactor: Double

        /// Chooses defaults.
        public init(efSearch: Int = 64, refineFactor: Double = 4) {
            self.efSearch = efSearch
            self.refineFactor = refineFactor
        }
    }

    /// How a graph is built.
    public struct Construction: Sendable, Equatable, Codable {
        /// Candidates kept while looking for a new vector's neighbours, 1 or more: more make a better graph, slower.
        public var efConstruction: Int
        /// A link is left out where another leads nearer to its end by this factor of the squared distance, 1 or more:
        /// larger keeps more links.
        public var alpha: Float
        /// Chooses the levels of vectors, and what training draws.
        public var seed: UInt64

        /// Chooses how to build.
        public init(efConstruction: Int = 128, alpha: Float = 1, seed: UInt64 = 1234) {
            self.efConstruction = efConstruction
            self.alpha = alpha
            self.seed = seed
        }
    }

    /// The index in Faiss's factory language.
    public var spec: String { specification.description }
    /// Stored vectors.
    public var count: Int { codes.count }
    /// Links of a vector on the levels above the lowest, which has twice as many.
    public var m: Int { layers[0].degree / 2 }
    /// Levels of the graph.
    public var levelCount: Int { layers.count }
    /// Bytes of links, codes, second codes, ids and transforms.
    public var byteCount: Int {
        linkByteCount + codes.byteCount + refined.byteCount + ids.byteCount + points.transforms.byteCount
    }
    /// Bytes of links alone.
    public var linkByteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

    /// The most vectors an index can hold.
    static let maximumCount = Int(UInt32.max) >> 1

    /// An index without vectors, from trained parts.
    init(
        _ specification: IndexSpec, m: Int, metric: Metric, points: GraphSpace, codec: any GraphCodec,
        refinement: GraphRefinement?, construction: Construction, space: EmbeddingSpace? = nil
    ) {
        self.specification = specification
        self.metric = metric
        self.points = points
        self.codec = codec
        self.refinement = refinement
        self.construction = construction
        self.space = space
        dimension = points.transforms.inputDimension
        defaults = SearchDefaults()
        layers = [GraphLayer(degree: 2 * m)]
        codes = RowStore(rowByteCount: codec.rowByteCount)
        refined = RowStore(rowByteCount: refinement?.codec.rowByteCount ?? 0)
        ids = RowStore(rowByteCount: 8)
    }
}
