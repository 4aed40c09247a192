public import Akin
internal import Foundation

/// The chain of pictures between two, each near to the next.
public struct PathReport: Sendable, Equatable, Codable {
    /// One picture of the chain.
    public struct Stop: Sendable, Equatable, Codable {
        /// Its row in the set.
        public var row: Int
        /// Where it is, relative to its source; "row 5" where that is not known.
        public var path: String
        /// The class it belongs to, where the source tells.
        public var label: String?
        /// The score with the picture before; `nil` for the first.
        public var score: Float?
    }

    /// The pictures in order, both ends included.
    public var stops: [Stop]
    /// The score of the longest step; `nil` where both ends are the same picture.
    public var longestStep: Float?
    /// How nearness is measured.
    public var metric: Metric
    /// Neighbours of each picture that the graph has, and those that were asked for.
    public var degree, askedDegree: Int
    /// Vectors of the set.
    public var count: Int

    /// Names what is on a way.
    ///
    /// - Parameters:
    ///   - path: the way through the graph.
    ///   - graph: the graph of the set.
    ///   - set: the pictures.
    ///   - askedDegree: neighbours that were asked for; the graph has more where fewer did not connect the two.
    public init(_ path: GraphPath, in graph: KNNGraph, of set: EmbeddedSet, askedDegree: Int) {
        let metric = graph.metric
        stops = path.nodes.enumerated().map { i, row in
            let record = set.records.isEmpty ? nil : set.records[row]
            return Stop(
                row: row, path: record?.path ?? "row \(row)", label: record?.label,
                score: i == 0 ? nil : metric.score(ofLength: path.steps[i - 1]))
        }
        longestStep = path.longestStep.map(metric.score(ofLength:))
        self.metric = metric
        degree = graph.degree
        self.askedDegree = min(askedDegree, max(0, graph.count - 1))
        count = graph.count
    }

    /// Whether more neighbours were needed than were asked for.
    public var neededMore: Bool { degree > askedDegree }

    /// The chain as one line of JSON: what `path.json` holds.
    public func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Writes `path.json` and `index.html` into a folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - directory: the folder; files of these names in it are replaced.
    ///   - pictures: small pictures of the stops.
    /// - Throws: `FileError` for a folder that cannot be made or written.
    public func write(to directory: String, pictures: ReportPictures = .init()) throws {
        let line = try line() + "\n"
        let folder = try ReportFolder(directory)
        try folder.write(line, to: "path.json")
        try folder.write(html(pictures: pictures), to: "index.html")
    }

    /// The chain as one HTML page that loads nothing.
    public func html(pictures: ReportPictures = .init()) -> String {
        let ends = "\(stops.first?.path ?? "") → \(stops.last?.path ?? "")"
        let figures = stops.map { stop -> HTML in
            let isLongest = stop.score != nil && stop.score == longestStep
            let step: HTML =
                stop.score.map { score in
                    """
                    <li class="step\(isLongest ? " longest" : "")">→<br>\(ReportFormat.score(score))\
                    \(isLongest ? "<br>longest" as HTML : "")</li>
                    """
                } ?? ""
            let label: HTML = stop.label.map { "<br><bdi>\($0)</bdi>" } ?? ""
            let picture = pictures.image(.init(row: stop.row), alt: stop.path)
            return """
                \(step)<li><figure>\(picture)<figcaption><bdi>\(stop.path)</bdi>\(label)</figcaption></figure></li>

                """
        }
        let steps = max(0, stops.count - 1)
        let longest: HTML = longestStep.map { ", the longest of \(ReportFormat.score($0))" } ?? ""
        let more: HTML =
            neededMore
            ? " With \(askedDegree) neighbours the two are not connected, so \(degree) were taken." : ""
        return ReportShell.page(
            title: "From one picture to another",
            subtitle: """
                <bdi>\(ends)</bdi> · \(ReportFormat.count(count)) pictures · \(degree) neighbours of each · \
                \(ReportFormat.score(metric))
                """,
            body: """
                <section><p>\(steps) \(steps == 1 ? "step" : "steps")\(longest). Of all ways along neighbours this one has \
                the smallest longest step, and of those the fewest steps. The number on an arrow is the \
                \(ReportFormat.score(metric)) of the two pictures.\(more)</p>
                <ol class="chain">\(figures.joined())</ol></section>
                """,
            footer: "Made by Akin \(akinVersion).", style: Self.style
        ).text
    }

    private static let style: HTML = """

        .chain { list-style: none; display: flex; flex-wrap: wrap; gap: .8rem .6rem; padding: 0; }
        .chain figure { margin: 0; width: 8rem; font-size: .75rem; line-height: 1.3; overflow-wrap: anywhere; }
        .chain img, .chain .none { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain;
          background: var(--head); border: 1px solid var(--line); border-radius: .35rem; margin-bottom: .25rem; }
        .chain .none { display: grid; place-items: center; color: var(--dim); }
        .chain .step { padding-top: 2.6rem; text-align: center; color: var(--dim); font-size: .8rem; font-variant-numeric: tabular-nums; }
        .chain .longest { color: var(--wrong); font-weight: 600; }
        """
}
