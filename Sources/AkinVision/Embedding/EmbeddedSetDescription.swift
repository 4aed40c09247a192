public import Akin
import Foundation

/// What `vectors.json` says of an embedded set as a whole.
public struct EmbeddedSetDescription: Codable, Sendable, Equatable {
    /// Always ``currentFormat``.
    public var format: String
    /// Version of the layout of the three files, from 1.
    public var version: Int
    /// Version of Akin that wrote it.
    public var akin: String
    /// Rows of vectors; `nil` while the set is being written.
    public var count: Int?
    /// Images that could not be read; `nil` while the set is being written.
    public var skipped: Int?
    /// Components of each vector.
    public var dimension: Int
    /// The space of the vectors.
    public var space: EmbeddingSpace
    /// Where the images came from, an absolute path.
    public var source: String
    /// Where the embedder's weights came from; `nil` where it has none.
    public var model: String?

    /// What ``format`` says.
    public static let currentFormat = "akin embedded set"
    /// The version that is written and read.
    public static let currentVersion = 1

    /// Describes a set that is going to be written.
    init(source: String, embedder: any Embedder) {
        format = Self.currentFormat
        version = Self.currentVersion
        akin = akinVersion
        dimension = embedder.dimension
        space = embedder.space
        self.source = URL(fileURLWithPath: source).standardizedFileURL.resolvingSymlinksInPath().path
        model = embedder.model
    }

    /// Reads a description.
    init(file: String) throws {
        let expected = "the description of an embedded set, version \(Self.currentVersion)"
        let data = try withMappedFile(file) { Data($0) }
        guard let read = try? JSONDecoder().decode(EmbeddedSetDescription.self, from: data) else {
            throw EmbeddingError.damagedSet(file: file, expected: expected, actual: "something else")
        }
        guard read.format == Self.currentFormat, read.version == Self.currentVersion else {
            throw EmbeddingError.damagedSet(
                file: file, expected: expected, actual: "\(read.format), version \(read.version)")
        }
        self = read
    }

    /// The bytes of `vectors.json`.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(self)) + Array("\n".utf8)
    }
}
