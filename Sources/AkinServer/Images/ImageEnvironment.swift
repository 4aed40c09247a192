internal import Akin
internal import AkinStore
public import AkinVision
internal import Foundation

/// What the handlers of pictures share.
public struct ImageEnvironment: Sendable {
    /// Makes vectors.
    public let embedding: any PictureEmbedding
    let thumbnails: ThumbnailCache
    let recalls = RecallBook()

    /// Puts an environment together.
    ///
    /// - Parameters:
    ///   - embedder: what makes vectors of pictures.
    ///   - limits: pixels, and how many pictures may wait.
    ///   - threads: pictures worked on at once; one per core where it is `nil`.
    ///   - thumbnailBytes: memory for small pictures that were made already.
    public init(
        _ embedder: any Embedder, limits: ServerLimits = .init(), threads: Int? = nil, thumbnailBytes: Int = 64 << 20
    ) {
        self.init(
            ImageEmbedding(
                embedder, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, limits: limits),
            thumbnailBytes: thumbnailBytes)
    }

    /// Puts an environment together.
    ///
    /// - Parameters:
    ///   - embedding: makes vectors of pictures; the caller closes it.
    ///   - thumbnailBytes: memory for small pictures that were made already.
    public init(_ embedding: any PictureEmbedding, thumbnailBytes: Int = 64 << 20) {
        self.embedding = embedding
        thumbnails = ThumbnailCache(capacity: thumbnailBytes)
    }

    /// Refuses collections whose vectors do not come from the embedder.
    func check(_ configuration: CollectionConfiguration) async throws {
        let mine = try await embedding.model().space
        guard let space = configuration.space else {
            var error = RequestError(
                .unprocessableContent, "space_unknown",
                "the collection does not say where its vectors come from, so pictures cannot be compared with them; "
                    + "create it with PUT /v1/collections/NAME")
            error.field = "space"
            error.expected = mine.name
            error.actual = "none"
            throw error
        }
        guard space.id == mine.id else {
            throw StoreError.spaceMismatch(
                expected: "\(space.name) (\(space.id.prefix(12)))", actual: "\(mine.name) (\(mine.id.prefix(12)))")
        }
    }
}
