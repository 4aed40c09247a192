/// What a container says of an inverted file, beside what it says of every index: the JSON of its section `ivf`.
struct IVFManifest: Codable, Equatable, Sendable {
    static let sectionName = "ivf"

    /// Inverted lists; 1 without centroids.
    var nlist: Int
    /// Codes are of vectors less their centroid.
    var isResidual: Bool
    /// Components of what is coded.
    var codedDimension: Int
    /// `[rows, columns]` of each table of the codec, sections `codec.0` and on.
    var tables: [[Int]]
    /// The same for the codec of the refinement, sections `refinement.0` and on.
    var refinementTables: [[Int]]
    /// Transforms of the vectors before they are coded, sections `transform.0` and on.
    var transforms: [TransformRecord]
    /// Search breadth where a call does not say.
    var defaults: IVFIndex.SearchDefaults
    /// Greater than every id.
    var nextID: Int64
    /// Whether ids are the numbers in which vectors were added.
    var idsAreRows: Bool
    /// The graph over the centroids, where the spec names one.
    var graph: CoarseGraphManifest?
}
