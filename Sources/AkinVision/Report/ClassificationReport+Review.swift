public import Akin

extension ClassificationReport {
    /// What the neighbours of training images say of their labels, as a `LabelReview` finds it.
    public struct Review: Codable, Sendable, Equatable {
        /// Neighbours that were asked.
        public var k: Int
        /// Images whose label is suspect, in all.
        public var suspectCount: Int
        /// The most suspect of them.
        public var suspects: [Suspect]
        /// Images that lie apart from their class, in all.
        public var outlierCount: Int
        /// From how many deviations on an image counts as an outlier.
        public var deviation: Double
        /// Those that lie farthest apart.
        public var outliers: [Outlier]

        /// The samples whose pictures a page shows.
        var shown: [Sample] { suspects.map(\.sample) + outliers.map(\.sample) }
    }

    /// An image whose neighbours disagree with its label.
    public struct Suspect: Codable, Sendable, Equatable {
        /// The share of its neighbours by which the suggested class leads.
        public var disagreement: Double
        /// The image, with its label as truth and the suggested class as prediction, and its neighbours.
        public var sample: Sample
    }

    /// An image that lies apart from those of its class.
    public struct Outlier: Codable, Sendable, Equatable {
        /// How far beyond the median of its class, in deviations.
        public var deviation: Double
        /// The mean score with its neighbours.
        public var meanScore: Float
        /// The image and its neighbours.
        public var sample: Sample
    }
}
