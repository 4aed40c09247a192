public import Akin

/// Turns pictures into vectors.
///
/// The work is split so that a pipeline can overlap it: ``prepare(_:)`` runs on many threads, one picture each;
/// ``embed(_:)`` takes a batch of what it gave.
public protocol Embedder: Sendable {
    /// Names the space that the vectors live in: equal only for equal weights, preprocessing and output.
    var space: EmbeddingSpace { get }

    /// Where the weights come from, a path; `nil` where there are none.
    var model: String? { get }

    /// Components of each vector.
    var dimension: Int { get }

    /// Pictures that ``embed(_:)`` likes to get at once.
    var preferredBatch: Int { get }

    /// What runs the model, for reports: "CPU".
    var deviceName: String { get }

    /// Makes one picture into this embedder's input, a flat array of fixed length.
    func prepare(_ image: RGBImage) throws -> [Float]

    /// Embeds a batch of prepared pictures: `[inputs.count, dimension]`, in the same order.
    func embed(_ inputs: [[Float]]) throws -> Matrix<Float>
}

extension Embedder {
    /// No weights.
    public var model: String? { nil }
    /// The processor.
    public var deviceName: String { "CPU" }
}
