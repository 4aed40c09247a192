public import Akin
internal import Foundation

/// Several indexes of the same vectors side by side: recall against speed, build time, memory, accuracy.
///
/// ``write(to:)`` makes the files that people read of it: a page, a Markdown table, a drawing, and JSON lines.
public struct ComparisonReport: Sendable, Codable, Equatable {
    /// What was compared, and how.
    public struct Settings: Sendable, Codable, Equatable {
        /// Stored vectors, and components of each.
        public var count, dimension: Int
        /// How nearness was measured.
        public var metric: Metric
        /// Queries, and whether they were taken out of the vectors.
        public var queries: Int
        /// Whether the queries were taken out of the vectors.
        public var areHeldOut: Bool
        /// Threads that searched and threads that built; `nil` means one per core.
        public var threads, buildThreads: Int?
        /// Queries for each call; 0 sends all at once.
        public var batch: Int
        /// Passes of which the median counts.
        public var repeats: Int
        /// The embedding space; `nil` for vectors of unknown origin.
        public var space: EmbeddingSpace?
        /// How neighbours voted; `nil` where there were no labels.
        public var vote: NeighborVote?
        /// Akin's version.
        public var akinVersion: String

        /// Describes a comparison.
        public init(
            count: Int, dimension: Int, metric: Metric, queries: Int, areHeldOut: Bool, threads: Int?,
            buildThreads: Int?, batch: Int, repeats: Int, space: EmbeddingSpace?, vote: NeighborVote?,
            akinVersion: String
        ) {
            self.count = count
            self.dimension = dimension
            self.metric = metric
            self.queries = queries
            self.areHeldOut = areHeldOut
            self.threads = threads
            self.buildThreads = buildThreads
            self.batch = batch
            self.repeats = repeats
            self.space = space
            self.vote = vote
            self.akinVersion = akinVersion
        }
    }

    /// The headline, such as "fashion".
    public var title: String
    /// What was compared, and how.
    public var settings: Settings
    /// Where it was done, if that is to be told.
    public var machine: MachineDescription?
    /// The measurements.
    public var comparison: IndexComparison

    /// Puts a report together.
    public init(title: String, settings: Settings, machine: MachineDescription?, comparison: IndexComparison) {
        self.title = title
        self.settings = settings
        self.machine = machine
        self.comparison = comparison
    }

    /// Recalls that the summary gives the speed at.
    static let goals = [0.9, 0.95, 0.99]

    /// Queries per second of exact search, where it was among the indexes.
    var exactSpeed: Double? {
        comparison.entries.first { $0.name == "Flat" }?.points.first?.queriesPerSecond
    }
}

extension ComparisonReport {
    /// One line of JSON for each setting: what `compare.jsonl` holds.
    ///
    /// The keys are those of `akin eval`, and of building.
    public func lines() throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try comparison.entries.flatMap { entry in
            try entry.points.map { point in
                let line = Line(
                    index: entry.name, setting: point.setting, k: comparison.k, threads: settings.threads,
                    batch: settings.batch, recall: point.recall, qps: (10 * point.queriesPerSecond).rounded() / 10,
                    visited: point.visited, accuracy: point.accuracy, exact_accuracy: comparison.exactAccuracy,
                    is_best: point.isBest, train_seconds: entry.trainSeconds, add_seconds: entry.addSeconds,
                    bytes: entry.bytes, file_bytes: entry.fileBytes, count: settings.count,
                    dimension: settings.dimension, metric: settings.metric, queries: settings.queries)
                return String(decoding: try encoder.encode(line), as: UTF8.self)
            }
        }
    }

    // The names of the keys, as they are written.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Line: Encodable {
        var index, setting: String
        var k: Int
        var threads: Int?
        var batch: Int
        var recall, qps, visited: Double
        var accuracy, exact_accuracy: Double?
        var is_best: Bool
        var train_seconds, add_seconds: Double
        var bytes, file_bytes, count, dimension: Int
        var metric: Metric
        var queries: Int
    }
}
