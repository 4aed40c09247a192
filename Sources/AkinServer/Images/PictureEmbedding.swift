public import Akin
public import AkinVision

/// What must be known of a model before pictures are embedded with it.
public struct EmbeddingModel: Sendable, Equatable {
    /// The space that its vectors live in.
    public var space: EmbeddingSpace
    /// Components of each vector.
    public var dimension: Int

    /// Describes a model.
    public init(space: EmbeddingSpace, dimension: Int) {
        self.space = space
        self.dimension = dimension
    }
}

/// Turns image files into vectors, in this process or elsewhere.
public protocol PictureEmbedding: Sendable {
    /// What makes the vectors.
    ///
    /// - Throws: ``RequestError`` where that cannot be learnt now.
    func model() async throws -> EmbeddingModel

    /// Pictures of one request that are worked on at once, 1 or more.
    var threads: Int { get }

    /// Larger pictures are refused before anything is decoded.
    var limits: ImageLimits { get }

    /// The vector of an image file.
    ///
    /// - Throws: ``RequestError`` for a file that is no picture, is damaged or too large, and where nobody is there to
    ///   embed it; ``Overload``.
    func vector(of file: [UInt8]) async throws -> [Float]

    /// Does other work with pictures, in this process, on few threads.
    func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T

    /// Takes no more work, and returns when what waits is done.
    func close() async
}
