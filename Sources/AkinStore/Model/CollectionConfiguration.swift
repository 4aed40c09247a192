public import Akin

/// What a collection is made of; fixed when it is created.
public struct CollectionConfiguration: Sendable, Equatable {
    /// Components of each vector, 1 to 65,536.
    public var dimension: Int
    /// How nearness is measured.
    public var metric: Metric
    /// The index of large segments, in Faiss's factory language.
    public var spec: String
    /// Where the vectors come from, `nil` where that is not known; vectors of another space are refused.
    public var space: EmbeddingSpace?

    /// The index of collections that do not ask for another: a graph over the vectors as they are.
    public static let defaultSpec = "HNSW16"

    /// Describes a collection.
    public init(
        dimension: Int, metric: Metric, spec: String = Self.defaultSpec, space: EmbeddingSpace? = nil
    ) {
        self.dimension = dimension
        self.metric = metric
        self.spec = spec
        self.space = space
    }
}

/// What payload values are indexed as.
public enum PayloadIndexKind: String, Sendable, Codable, CaseIterable {
    case keyword, integer, float, bool, datetime
}

/// A collection as it is now.
public struct CollectionDescription: Sendable, Equatable {
    /// What it is made of.
    public var configuration: CollectionConfiguration
    /// Points that searches see.
    public var pointCount: Int
    /// Of them, those that are in an index rather than compared one by one.
    public var indexedCount: Int
    /// Its parts, oldest first.
    public var segments: [Segment]
    /// Indexed members of payloads.
    public var payloadIndexes: [FieldPath: PayloadIndexKind]
    /// Whether segments are being indexed or merged, or points wait that will be once nobody writes for a while.
    public var isIndexing: Bool
    /// Bytes on disk.
    public var byteCount: Int
    /// What had to be set aside: the names of damaged segments and what is wrong with them.
    public var damage: [String]
    /// Another for a collection that was dropped and made again; empty where that is not known.
    public var identity: String

    /// A part of a collection.
    public struct Segment: Sendable, Equatable {
        /// The name of its files.
        public var name: String
        /// The index in Faiss's factory language; "Flat" where vectors are compared one by one.
        public var spec: String
        /// Points that were put there, and those that have been deleted or replaced since.
        public var count, deletedCount: Int

        /// Describes a part.
        public init(name: String, spec: String, count: Int, deletedCount: Int) {
            self.name = name
            self.spec = spec
            self.count = count
            self.deletedCount = deletedCount
        }
    }

    /// Puts a description together.
    public init(
        configuration: CollectionConfiguration, pointCount: Int, indexedCount: Int, segments: [Segment],
        payloadIndexes: [FieldPath: PayloadIndexKind], isIndexing: Bool, byteCount: Int, damage: [String],
        identity: String = ""
    ) {
        self.configuration = configuration
        self.pointCount = pointCount
        self.indexedCount = indexedCount
        self.segments = segments
        self.payloadIndexes = payloadIndexes
        self.isIndexing = isIndexing
        self.byteCount = byteCount
        self.damage = damage
        self.identity = identity
    }
}

/// A change of what is known about points.
public enum PayloadChange: Sendable, Equatable {
    /// Sets members, at a path inside the payload where one is given, and keeps the others; `null` forgets a member.
    case set(Payload, at: FieldPath?)
    /// Replaces everything that is known.
    case replace(Payload)
    /// Forgets the members at these paths.
    case delete([FieldPath])
    /// Forgets everything.
    case clear
}
