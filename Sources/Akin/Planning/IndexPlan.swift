/// What an index will take: bytes and work, phase by phase, before anything is allocated.
///
/// Bytes follow from the layout of indexes and files. Hours are work divided by rates; ``PlanRates`` measures those on
/// the machine at hand, with the code that will do the work.
///
/// ```swift
/// let plan = try IndexSpec(parsing: "IVF4096,PQ32x4fs,RFlat").plan(count: 10_000_000, dimension: 128)
/// print(plan.byteCount(.search), plan.byteCount(.file))
/// ```
public struct IndexPlan: Sendable {
    /// The stages of an index's life.
    public enum Phase: String, Sendable, CaseIterable {
        /// Learning transforms, centroids and codebooks from a sample.
        case train
        /// Assigning, coding and writing all vectors.
        case build
        /// Searching, with the lists in memory.
        case search
        /// The file. Searched where it lies, its lists need no memory but the page cache.
        case file
    }

    /// Bytes with a name.
    public struct Part: Sendable, Equatable {
        /// What the bytes hold: "codes".
        public var name: String
        /// How many, at the phase's peak.
        public var byteCount: Int
    }

    /// Work that is done at some rate.
    public struct Task: Sendable, Equatable {
        /// When it is done.
        public var phase: Phase
        /// What is done.
        public var operation: Operation
        /// How much of it, in the operation's unit.
        public var amount: Double
    }

    /// What work consists of.
    public enum Operation: String, Sendable, CaseIterable {
        /// Training the transforms; sample vectors.
        case trainTransforms = "train transforms"
        /// k-means; vectors times centroids times passes.
        case trainCentroids = "train centroids"
        /// Learning the codes; sample vectors.
        case trainCodes = "train codes"
        /// Applying the transforms; vectors.
        case transform
        /// Finding the nearest centroid by comparing all; vectors times centroids.
        case assign
        /// Finding the nearest centroid through a graph; vectors times centroids looked at.
        case assignByGraph = "assign by graph"
        /// Coding, ids and putting into lists; vectors.
        case encode
        /// Linking vectors into a graph; vectors times vectors looked at.
        case link
        /// Reading vectors and writing shards and index; bytes.
        case copy = "copy to disk"

        /// What an amount counts.
        public var unit: String {
            switch self {
            case .trainTransforms, .trainCodes, .transform, .encode: "vectors"
            case .trainCentroids, .assign, .assignByGraph, .link: "distances"
            case .copy: "bytes"
            }
        }
    }

    /// What the plan is for.
    public let spec: IndexSpec
    /// Vectors.
    public let count: Int
    /// Components of each.
    public let dimension: Int
    /// How nearness is measured.
    public let metric: Metric
    /// Bytes that building may keep in memory, if it was limited.
    public let memory: Int?
    /// Times that k-means moves the centroids.
    public let iterations: Int
    /// Vectors that training looks at.
    public let trainingCount: Int
    /// Pieces that are coded one after the other and merged in the end; 1 when all is held in memory.
    public let shards: Int
    /// Bytes, in the order of the phases.
    public let parts: [Phase: [Part]]
    /// Work, in the order it is done.
    public let tasks: [Task]
    /// What the figures take for granted, in sentences.
    public let assumptions: [String]

    /// Bytes of a phase in all, at its peak.
    public func byteCount(_ phase: Phase) -> Int { parts[phase, default: []].reduce(0) { $0 + $1.byteCount } }

    /// Bytes of memory that searching needs when the lists stay in the file.
    public var mappedSearchByteCount: Int {
        let lists: Set<String> = ["codes", "ids", "refinement", "vectors"]
        return parts[.search, default: []].filter { !lists.contains($0.name) }.reduce(0) { $0 + $1.byteCount }
    }
}

extension IndexSpec {
    /// Says what an index of this spec takes, without allocating anything.
    ///
    /// - Parameters:
    ///   - count: vectors, 1 or more.
    ///   - dimension: components of each.
    ///   - metric: how nearness is measured.
    ///   - memory: bytes that building may keep in memory; `nil` for as many as it takes.
    ///   - iterations: of k-means.
    ///   - maxPointsPerCentroid: training vectors for each centroid, at most.
    /// - Returns: bytes and work of each phase.
    /// - Throws: ``IndexSpecError`` for a spec that cannot exist at this dimension,
    ///   ``IndexError/outOfRange(name:value:allowed:)`` for a count that cannot be.
    public func plan(
        count: Int, dimension: Int, metric: Metric = .l2, memory: Int? = nil, iterations: Int = 10,
        maxPointsPerCentroid: Int = 256
    ) throws -> IndexPlan {
        try validate(dimension: dimension)
        let most = (1 << 62) / (64 * (dimension + 64))  // all bytes can be counted
        guard (1...most).contains(count) else {
            throw IndexError.outOfRange(name: "count", value: count, allowed: 1...most)
        }
        guard (0...1_000_000).contains(iterations) else {
            throw IndexError.outOfRange(name: "iterations", value: iterations, allowed: 0...1_000_000)
        }
        guard (1...1_000_000).contains(maxPointsPerCentroid) else {
            throw IndexError.outOfRange(
                name: "vectors per centroid", value: maxPointsPerCentroid, allowed: 1...1_000_000)
        }
        if let memory, memory < 1 << 20 {
            throw IndexError.outOfRange(name: "memory", value: memory, allowed: 1 << 20...Int.max)
        }
        return IndexPlanner(
            spec: self, count: count, dimension: dimension, metric: metric, memory: memory, iterations: iterations,
            maxPointsPerCentroid: maxPointsPerCentroid
        ).plan()
    }
}
