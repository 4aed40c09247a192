public import Akin
internal import Foundation

/// The groups of duplicates of a set, and what is needed to judge the threshold that made them.
public struct DuplicateReport: Sendable {
    /// What the number of groups would be for another threshold.
    public struct Alternative: Sendable, Equatable {
        /// The threshold as a score: pictures count as near duplicates up to it.
        public var score: Float
        /// Groups, and pictures in them.
        public var groups, pictures: Int
        /// Whether it is the one that was used.
        public var isChosen: Bool
    }

    /// The headline.
    public var title: String
    /// Pictures looked at.
    public var count: Int
    /// How nearness was measured.
    public var metric: Metric
    /// The threshold as a score.
    public var threshold: Float
    /// Neighbours of each picture that were looked at, and whether they are proven to be the nearest.
    public var degree: Int
    /// Whether the neighbours are proven to be the nearest.
    public var isExact: Bool
    /// Whether files were compared too.
    public var hasContents: Bool
    /// The groups.
    public var groups: [DuplicateGroup]
    /// Scores of pictures with their nearest neighbour, from near to far: the share of pictures and the score.
    public var nearest: [(share: Double, score: Float)]
    /// Other thresholds.
    public var alternatives: [Alternative]

    /// Shares of the pictures that ``nearest`` is told for.
    private static let shares = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9]
    /// Multiples of the chosen length that are tried.
    private static let multiples: [Float] = [0, 0.0625, 0.125, 0.25, 0.5, 1, 1.5, 2, 3, 4]

    /// Groups a set.
    ///
    /// - Parameters:
    ///   - title: the headline.
    ///   - search: what groups the set.
    ///   - graph: the neighbours that it knows of.
    ///   - threshold: the score up to which pictures count as near duplicates; `nil` takes the standard.
    ///   - hasContents: whether files were compared too.
    /// - Throws: ``IndexError/notANumber(name:)`` for a threshold that is none.
    public init(
        title: String, _ search: DuplicateSearch, graph: KNNGraph, threshold: Float?, hasContents: Bool
    ) throws(IndexError) {
        let metric = graph.metric
        let limit = threshold.map(metric.length(of:)) ?? search.standardThreshold
        self.title = title
        count = graph.count
        self.metric = metric
        self.threshold = metric.score(ofLength: limit)
        degree = graph.degree
        isExact = graph.isExact
        self.hasContents = hasContents
        groups = try search.groups(within: limit)
        let lengths = search.nearestLengths
        nearest =
            lengths.isEmpty
            ? [] : Self.shares.map { ($0, metric.score(ofLength: lengths[Int($0 * Double(lengths.count - 1))])) }
        var found: [Alternative] = []
        for multiple in Self.multiples {
            let length = limit * multiple
            let (groups, pictures) = try search.count(within: length)
            found.append(
                .init(
                    score: metric.score(ofLength: length), groups: groups, pictures: pictures,
                    isChosen: multiple == 1))
        }
        alternatives = found
    }

    /// Pictures in groups.
    public var pictureCount: Int { groups.reduce(0) { $0 + $1.members.count } }
    /// Pictures that would go if one of each group were kept.
    public var spareCount: Int { pictureCount - groups.count }
    /// Bytes of the files that would go, as far as files were read.
    public var spareBytes: Int {
        groups.reduce(0) { $0 + $1.members.dropFirst().reduce(0) { $0 + ($1.bytes ?? 0) } }
    }

    /// The rows whose pictures the page shows: of large and many groups not all.
    public var shownRows: [Int] {
        Array(
            groups.prefix(DuplicatePage.mostGroups).flatMap { $0.members.prefix(DuplicatePage.mostMembers) }
                .map(\.row).prefix(DuplicatePage.mostPictures))
    }

    /// One line of JSON for each group: what `groups.jsonl` holds.
    public func lines() throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try groups.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    }

    /// Writes `groups.jsonl` and `index.html` into a folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - directory: the folder; files of these names in it are replaced.
    ///   - pictures: small pictures of ``shownRows``.
    /// - Throws: `FileError` for a folder that cannot be made or written.
    public func write(to directory: String, pictures: ReportPictures = .init()) throws {
        let lines = try lines().map { $0 + "\n" }.joined()
        let folder = try ReportFolder(directory)
        try folder.write(lines, to: "groups.jsonl")
        try folder.write(html(pictures: pictures), to: "index.html")
    }

    /// The report as one HTML page that loads nothing.
    public func html(pictures: ReportPictures = .init()) -> String {
        DuplicatePage(report: self, pictures: pictures).document.text
    }
}
