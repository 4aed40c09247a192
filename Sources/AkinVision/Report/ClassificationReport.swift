public import Akin

/// What a kNN classification experiment measured: how long each phase took and how often the vote was right.
///
/// The value is what `report.json` holds; ``write(to:pictures:)`` makes the files that people read from it.
public struct ClassificationReport: Codable, Sendable, Equatable {
    /// The version of the form of `report.json`.
    public static let currentVersion = 1

    /// ``currentVersion`` when the report was made.
    public var version = ClassificationReport.currentVersion
    /// The headline, such as "Tiny ImageNet with ViT-Tiny".
    public var title: String
    /// What was done.
    public var settings: Settings
    /// Where it was done, if that is to be told.
    public var machine: MachineDescription?
    /// First table: the time to embed; no row for vectors that were read from a file.
    public var embedding: [EmbeddingPhase]
    /// Second table, first part: the time to build the index.
    public var build: BuildPhase
    /// Second table, second part: the time to search.
    public var searches: [SearchPhase]
    /// Third table: accuracy of each vote and k on each set.
    public var accuracies: [Accuracy]
    /// The names of the classes; every class in this report is an index into them.
    public var classes: [String]
    /// Scores by class and confusions, for one vote and k on each set.
    public var details: [Detail]
    /// Some queries with their neighbours.
    public var samples: [Sample]
    /// Training images whose label may be wrong, and those that lie apart; `nil` where nobody looked.
    public var review: Review?
    /// Images that could not be read.
    public var skipped: [Skipped]
}

extension ClassificationReport {
    /// The two sets of an experiment.
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// The labelled vectors in the index.
        case train
        /// The vectors that are only asked about.
        case validation
    }

    /// Which stored vectors a query may find.
    public enum Scoring: String, Codable, Sendable, CaseIterable {
        /// All, the query not being one of them.
        case heldOut = "held-out"
        /// All but the query itself.
        case leaveOneOut = "leave-one-out"
        /// All and the query itself among them, which makes the set look easier than it is.
        case selfIncluded = "self-included"
    }

    /// What was done.
    public struct Settings: Codable, Sendable, Equatable {
        /// The embedding space; `nil` for vectors of unknown origin.
        public var space: EmbeddingSpace?
        /// Components of each vector.
        public var dimension: Int
        /// How nearness was measured.
        public var metric: Metric
        /// The index in Faiss's factory language.
        public var index: String
        /// How many neighbours voted.
        public var k: [Int]
        /// How they voted.
        public var votes: [NeighborVote]
        /// Threads that searched; `nil` means one per core.
        public var threads: Int?
        /// What the choice of samples derives from.
        public var seed: UInt64
        /// Akin's version.
        public var akinVersion: String
    }

    /// The time that one set took to embed.
    public struct EmbeddingPhase: Codable, Sendable, Equatable {
        /// The set.
        public var part: Part
        /// Images embedded.
        public var images: Int
        /// Seconds from the first byte read to the last vector, one-time loading of the model excepted.
        public var seconds: Double
        /// Threads that worked.
        public var threads: Int
        /// What ran the model: "CPU".
        public var device: String
        /// The model.
        public var model: String

        /// Describes a finished embedding.
        public init(part: Part, images: Int, seconds: Double, threads: Int, device: String, model: String) {
            self.part = part
            self.images = images
            self.seconds = seconds
            self.threads = threads
            self.device = device
            self.model = model
        }

        /// Images per second.
        public var rate: Double { seconds > 0 ? Double(images) / seconds : 0 }
    }

    /// The time that the index took to build.
    public struct BuildPhase: Codable, Sendable, Equatable {
        /// The index in Faiss's factory language.
        public var index: String
        /// Vectors stored.
        public var count: Int
        /// Seconds to train and to add.
        public var seconds: Double
        /// Bytes that searching needs resident.
        public var bytes: Int
    }

    /// The time that one set took to search.
    public struct SearchPhase: Codable, Sendable, Equatable {
        /// The set whose vectors were the queries.
        public var part: Part
        /// Queries asked.
        public var queries: Int
        /// Neighbours asked for each: the largest k, and one more where a query is left out of its own answer.
        public var k: Int
        /// Seconds to search.
        public var seconds: Double
        /// Seconds to vote, all rules and k together.
        public var voteSeconds: Double
        /// Whether the neighbours are proven to be the true nearest.
        public var isExact: Bool

        /// Queries per second.
        public var rate: Double { seconds > 0 ? Double(queries) / seconds : 0 }
    }

    /// How often one vote with one k was right on one set.
    public struct Accuracy: Codable, Sendable, Equatable {
        /// The set whose vectors were the queries.
        public var part: Part
        /// Which stored vectors a query could find.
        public var scoring: Scoring
        /// How the neighbours voted.
        public var vote: NeighborVote
        /// How many neighbours voted.
        public var k: Int
        /// Queries asked.
        public var queries: Int
        /// Share of queries whose best class is the true one.
        public var top1: Double
        /// Share of queries whose true class is among the best five.
        public var top5: Double
        /// Queries that could not be right, because no vector they could find has their class.
        public var unseen: Int
    }

    /// Scores by class and confusions of one vote and k on one set.
    public struct Detail: Codable, Sendable, Equatable {
        /// The set whose vectors were the queries.
        public var part: Part
        /// Which stored vectors a query could find.
        public var scoring: Scoring
        /// How the neighbours voted.
        public var vote: NeighborVote
        /// How many neighbours voted.
        public var k: Int
        /// Everything that was counted.
        public var scores: ClassificationScores
        /// The pairs of classes with most mistakes.
        public var mostConfused: [ConfusionMatrix.Pair]
    }

    /// One query with its neighbours.
    public struct Sample: Codable, Sendable, Equatable {
        /// The set that the query is from.
        public var part: Part
        /// Its row in that set.
        public var row: Int
        /// Where its image is, relative to its source.
        public var path: String
        /// Its true class.
        public var truth: Int
        /// The class that the vote gave it.
        public var predicted: Int
        /// How many neighbours voted.
        public var voters: Int
        /// Voters of the true class.
        public var votersForTruth: Int
        /// Voters of the predicted class.
        public var votersForPredicted: Int
        /// The nearest, in order; the first ``voters`` of them voted.
        public var neighbors: [SampleNeighbor]

        /// Whether the vote was right.
        public var isCorrect: Bool { truth == predicted }
    }

    /// One neighbour of a sample, from the training set.
    public struct SampleNeighbor: Codable, Sendable, Equatable {
        /// Its row in the training set.
        public var row: Int
        /// Where its image is, relative to its source.
        public var path: String
        /// Its class.
        public var label: Int
        /// Squared distance or similarity, as the metric says.
        public var score: Float
    }

    /// An image that could not be read.
    public struct Skipped: Codable, Sendable, Equatable {
        /// The set it belongs to.
        public var part: Part
        /// Where it is, relative to its source.
        public var path: String
        /// Why it could not be read.
        public var reason: String
    }
}
