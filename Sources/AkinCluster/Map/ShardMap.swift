internal import Akin
package import AkinStore
internal import Foundation

/// How a collection is spread over workers; kept as JSON in the bucket of maps, changed by comparing and setting.
package struct ShardMap: Sendable, Equatable, Codable {
    /// The format that this program writes; it refuses newer ones.
    package static let newestFormat = 1

    /// The format it was written in.
    package var format = Self.newestFormat
    /// Tells the collection from others of its name: 16 hexadecimal digits.
    package var incarnation: String
    /// Components of each vector.
    package var dimension: Int
    /// A ``Akin/Metric``.
    package var metric: String
    /// The index of large segments.
    package var spec: String
    /// The embedding space: its hash and its name, where they are known.
    package var spaceID, spaceName: String?
    /// For each shard the names of the workers that hold a replica.
    package var replicas: [[String]]
    /// Servers that keep each shard's stream.
    package var streamReplicas: Int
    /// The shards begin with these snapshots, by the id of ``PublishedSnapshot``, of another incarnation.
    package var base: Base?

    /// Snapshots that a collection begins with.
    package struct Base: Sendable, Equatable, Codable {
        /// Whose they are.
        package var incarnation: String
        /// One for each shard, in order.
        package var snapshots: [String]

        /// Names snapshots.
        package init(incarnation: String, snapshots: [String]) {
            self.incarnation = incarnation
            self.snapshots = snapshots
        }
    }

    /// Describes a new collection.
    ///
    /// - Parameters:
    ///   - configuration: what it is made of.
    ///   - replicas: for each shard the names of workers.
    ///   - streamReplicas: servers that keep each stream, 1 to 5.
    package init(_ configuration: CollectionConfiguration, replicas: [[String]], streamReplicas: Int) {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        incarnation = String(repeating: "0", count: 16 - digits.count) + digits
        dimension = configuration.dimension
        metric = configuration.metric.rawValue
        spec = configuration.spec
        spaceID = configuration.space?.id
        spaceName = configuration.space?.name
        self.replicas = replicas
        self.streamReplicas = streamReplicas
    }

    /// Shards there are.
    package var shardCount: Int { replicas.count }

    /// The shards, in order.
    package var shards: [ShardName] {
        replicas.indices.map { ShardName(incarnation: incarnation, number: $0) }
    }

    /// What the collection is made of.
    ///
    /// - Throws: `StoreError.invalid` where the map names a metric that this program does not know.
    package func configuration() throws -> CollectionConfiguration {
        guard let metric = Metric(rawValue: metric) else {
            throw StoreError.invalid(field: "metric", expected: "l2, ip or cosine", actual: "\"\(self.metric)\"")
        }
        let space = spaceID.map { EmbeddingSpace(id: $0, name: spaceName ?? $0) }
        return CollectionConfiguration(dimension: dimension, metric: metric, spec: spec, space: space)
    }

    /// Its bytes in the bucket.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return [UInt8](try encoder.encode(self))
    }

    /// Reads a map, which may be anything.
    ///
    /// - Throws: `StoreError.unavailable` for a newer format, `.storage` for what is no map.
    package init(decoding bytes: [UInt8], of name: String) throws {
        struct Version: Decodable { var format: Int }
        let data = Data(bytes)
        if let version = try? JSONDecoder().decode(Version.self, from: data), version.format > Self.newestFormat {
            throw StoreError.unavailable(
                "the map of collection \"\(name)\" has format \(version.format), this program knows \(Self.newestFormat); "
                    + "use the release of Akin that wrote it")
        }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw StoreError.storage("the map of collection \"\(name)\" is damaged: \(error)")
        }
        guard incarnation.utf8.count == 16, incarnation.allSatisfy(\.isHexDigit),
            (1...ShardHash.greatestCount).contains(shardCount), (1...65_536).contains(dimension),
            replicas.allSatisfy({ $0.allSatisfy(ClusterNames.isName) })
        else { throw StoreError.storage("the map of collection \"\(name)\" is damaged: \(self)") }
    }
}
