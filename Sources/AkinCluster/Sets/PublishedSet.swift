internal import Akin
package import AkinStore
internal import Foundation

/// A set of vectors that is built elsewhere, in versions, of which one answers; kept as JSON in the bucket of maps.
///
/// Publishing a version is one change of this value: routers answer each question from the version that stands here when
/// it comes, all shards alike.
package struct PublishedSet: Sendable, Equatable, Codable {
    /// The format that this program writes; it refuses newer ones.
    package static let newestFormat = 1

    /// The format it was written in.
    package var format = Self.newestFormat
    /// The version that answers.
    package var version: Version
    /// The one that answered before, to go back to.
    package var previous: Version?

    /// What is known of a version.
    package struct Version: Sendable, Equatable, Codable {
        /// What it is called.
        package var name: String
        /// Shards it has.
        package var shards: Int
        /// Components of each vector.
        package var dimension: Int
        /// A ``Akin/Metric``.
        package var metric: String
        /// The index of the first shard.
        package var spec: String
        /// Vectors of all shards, and bytes of their files.
        package var count, byteCount: Int
        /// The embedding space: its hash and its name, where they are known.
        package var spaceID, spaceName: String?

        /// What a collection of it would be made of.
        ///
        /// - Throws: `StoreError.invalid` for a metric that this program does not know.
        package func configuration() throws -> CollectionConfiguration {
            guard let metric = Metric(rawValue: metric) else {
                throw StoreError.invalid(field: "metric", expected: "l2, ip or cosine", actual: "\"\(self.metric)\"")
            }
            let space = spaceID.map { EmbeddingSpace(id: $0, name: spaceName ?? $0) }
            return CollectionConfiguration(dimension: dimension, metric: metric, spec: spec, space: space)
        }
    }

    /// Puts a set together.
    package init(version: Version, previous: Version? = nil) {
        self.version = version
        self.previous = previous
    }

    /// Its bytes in the bucket.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    /// Reads a set, which may be anything.
    ///
    /// - Throws: `StoreError.unavailable` for a newer format, `.storage` for what is no set.
    package init(decoding bytes: [UInt8], of name: String) throws {
        struct Format: Decodable { var format: Int }
        let data = Data(bytes)
        if let known = try? JSONDecoder().decode(Format.self, from: data), known.format > Self.newestFormat {
            throw StoreError.unavailable(
                "published set \"\(name)\" has format \(known.format), this program knows \(Self.newestFormat); use the "
                    + "release of Akin that wrote it")
        }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw StoreError.storage("what is published as \"\(name)\" is damaged: \(error)")
        }
        guard
            [version, previous].compactMap(\.self).allSatisfy({ version in
                ClusterNames.isName(version.name) && (1...ShardHash.greatestCount).contains(version.shards)
            })
        else { throw StoreError.storage("what is published as \"\(name)\" is damaged: \(self)") }
    }
}
