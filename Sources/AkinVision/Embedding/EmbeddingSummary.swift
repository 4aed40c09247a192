public import Akin

/// What embedding a source into files came to.
public struct EmbeddingSummary: Sendable, Equatable {
    /// The file of vectors.
    public var path: String
    /// Images that have a vector.
    public var embedded: Int
    /// Images that could not be read.
    public var skipped: Int
    /// Images among both that an interrupted run had already dealt with.
    public var resumed: Int
    /// Components of each vector.
    public var dimension: Int
    /// The space of the vectors.
    public var space: EmbeddingSpace
}
