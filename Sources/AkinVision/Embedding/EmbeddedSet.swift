public import Akin

/// Images that have become vectors: the vectors, and beside each row the image it came from.
public struct EmbeddedSet: Sendable {
    /// One vector per embedded image, `[count, dimension]`.
    public let vectors: Matrix<Float>
    /// The image of each row of ``vectors``; empty where a file of vectors came without records.
    public let records: [ImageRecord]
    /// The images that could not be read, in source order.
    public let skipped: [ImageRecord]
    /// The space that the vectors live in, where it is known.
    public let space: EmbeddingSpace?

    /// Puts vectors and records together.
    ///
    /// - Parameters:
    ///   - vectors: `[count, dimension]`.
    ///   - records: one per row, `records[i].row == i`; or none at all.
    ///   - skipped: the images that have no row.
    ///   - space: the space of the vectors, where it is known.
    public init(
        vectors: Matrix<Float>, records: [ImageRecord], skipped: [ImageRecord] = [], space: EmbeddingSpace? = nil
    ) {
        precondition(
            records.isEmpty || records.count == vectors.rows, "\(records.count) records of \(vectors.rows) vectors")
        self.vectors = vectors
        self.records = records
        self.skipped = skipped
        self.space = space
    }

    /// The label of each row, where the set has labels for every row; `nil` otherwise.
    public var labels: [String]? {
        guard !records.isEmpty else { return nil }
        let labels = records.compactMap(\.label)
        return labels.count == records.count ? labels : nil
    }
}
