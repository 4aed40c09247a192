/// What a container says of a graph, beside what it says of every index: the JSON of its section `hnsw`.
struct HNSWManifest: Codable, Equatable, Sendable {
    static let sectionName = "hnsw"

    /// Members of each level, level 0 first.
    var members: [Int]
    /// Member of the top level where searching begins.
    var entry: Int
    /// Components of what is coded.
    var codedDimension: Int
    /// Bytes from one code to the next.
    var rowByteCount: Int
    /// The square of the greatest length seen in training, for the inner product.
    var largestSquare: Float
    /// `[rows, columns]` of each table of the codec, sections `codec.0` and on.
    var tables: [[Int]]
    /// The same for the codec of the refinement, sections `refinement.0` and on.
    var refinementTables: [[Int]]
    /// Transforms of the vectors before they are coded, sections `transform.0` and on.
    var transforms: [TransformRecord]
    /// How vectors that are added are linked.
    var construction: HNSWIndex.Construction
    /// Search breadth where a call does not say.
    var defaults: HNSWIndex.SearchDefaults
    /// Greater than every id.
    var nextID: Int64
    /// Whether ids are the numbers in which vectors were added.
    var idsAreRows: Bool
}
