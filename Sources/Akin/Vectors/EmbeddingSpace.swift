/// The name of the space that vectors live in; vectors of two spaces are never compared.
public struct EmbeddingSpace: Sendable, Hashable, Codable {
    /// Hexadecimal digest of weights, preprocessing and output.
    public let id: String
    /// What people call it: "vit_tiny_patch16_224, embedding, l2-normalised".
    public let name: String

    /// Names a space.
    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// Throws ``IndexError/spaceMismatch(expected:actual:)`` unless `other` is the same space.
    public func check(_ other: EmbeddingSpace) throws(IndexError) {
        if id != other.id {
            throw .spaceMismatch(
                expected: "\(name) (\(id.prefix(12)))", actual: "\(other.name) (\(other.id.prefix(12)))")
        }
    }
}
