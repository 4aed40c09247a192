import Akin
import AkinVision
import ArgumentParser

/// `akin path`: the chain of pictures from one to another.
struct Path: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the chain of pictures from one to another.",
        discussion: """
            Goes from picture to picture along nearest neighbours, so that the longest step is as short as can be, and in as \
            few steps as that allows. Where the two are not connected by the neighbours asked for, more are taken and it is \
            said how many. Pictures are named as in the records beside the vectors, or by row number.

            Example:
              akin embed photos/ -o photos.npy
              akin path photos.npy beach/1.jpg city/7.jpg -o path
              akin path photos.npy 0 99 -k 20 --json
            """)

    @Argument(help: "Vectors that `akin embed` wrote.")
    var vectors: String

    @Argument(help: "The picture to start from: its path in the records, or its row.")
    var from: String

    @Argument(help: "The picture to arrive at.")
    var to: String

    @OptionGroup var neighbors: GraphOptions

    @Option(
        help: ArgumentHelp(
            "Where the pictures are (default: where they were embedded from).", valueName: "images"))
    var images: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("A folder for index.html and path.json.", valueName: "dir"))
    var output: String?

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    /// Neighbours that are looked at, at most, before two pictures count as not connected.
    private static let mostNeighbors = 1024

    func run() throws {
        let session = Session(talk)
        let pictures = try PictureSet(vectors: vectors, images: images, session: session)
        let (start, end) = (try row(from, pictures.set), try row(to, pictures.set))
        let (graph, path) = try connect(start, end, pictures, session)
        let asked = neighbors.graph == nil ? neighbors.k : graph.degree
        let report = PathReport(path, in: graph, of: pictures.set, askedDegree: asked)
        if report.neededMore {
            session.note(
                "with \(report.askedDegree.counted("neighbour")) the two are not connected; with \(graph.degree) they are"
            )
        }
        if let output {
            try report.write(to: output, pictures: pictures.pictures(of: path.nodes, session: session))
        }
        session.progress.finish()
        if talk.json {
            try Console.printLine(report.line())
        } else {
            for stop in report.stops {
                try session.result("\(stop.path)" + (stop.score.map { " (\($0))" } ?? ""), json: .null)
            }
        }
        if let longest = report.longestStep {
            session.note("\(path.steps.count.counted("step")), the longest of \(longest)")
        }
        if let output { session.note("report: \(output)/index.html") }
    }

    /// The way, with as many neighbours as it takes.
    private func connect(
        _ start: Int, _ end: Int, _ pictures: PictureSet, _ session: Session
    ) throws -> (KNNGraph, GraphPath) {
        let most = min(max(neighbors.k, Self.mostNeighbors), max(1, pictures.set.vectors.rows - 1))
        var k = min(neighbors.k, most)
        while true {
            let graph = try neighbors.graph(of: pictures, k: k, threads: parallel.threads, session: session)
            let edges = graph.edges()
            if let path = try GraphPath(from: start, to: end, nodes: graph.count, edges: edges) { return (graph, path) }
            guard k < most, neighbors.graph == nil else {
                throw CommandError(
                    "\(from) and \(to) are not connected by \(graph.degree.counted("neighbour")) of each picture")
            }
            k = min(2 * k, most)
        }
    }

    /// The row of a picture: by path, else by number.
    private func row(_ name: String, _ set: EmbeddedSet) throws -> Int {
        if let row = set.records.firstIndex(where: { $0.path == name }) { return row }
        if let row = Int(name) {
            guard (0..<set.vectors.rows).contains(row) else {
                throw CommandError("\(vectors): row \(row) is not in 0...\(set.vectors.rows - 1)")
            }
            return row
        }
        throw CommandError(
            set.records.isEmpty
                ? "\(vectors): has no records beside it, so \(name) must be a row number"
                : "\(vectors): none of its \(set.records.count) pictures is \(name); expected a path as in the records, or a row number"
        )
    }
}
