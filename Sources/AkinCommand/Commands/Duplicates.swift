import Akin
import AkinVision
import ArgumentParser

/// `akin duplicates`: pictures that are the same, or look it.
struct Duplicates: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds pictures that are the same, or look it.",
        discussion: """
            Pictures with the same bytes or the same pixels are found by content, others by the distance of their vectors. \
            What is connected in one or more steps is a group. Writes index.html and groups.jsonl; nothing is ever removed: \
            the first picture of a group, the largest, is the one to keep if one is kept.

            IMAGES is a folder, a .tar of one, or vectors that `akin embed` wrote. Images are embedded into DIR/vectors, \
            where an interrupted run goes on.

            Example:
              akin duplicates photos/ -o duplicates
              akin duplicates photos/ --model vit_tiny/ --similarity 0.95 -o duplicates
              akin duplicates photos.npy --json -o duplicates
            """)

    @Argument(help: "The pictures, or their vectors.")
    var images: String

    @OptionGroup(title: "Model, for images") var model: ModelOptions

    @Option(help: ArgumentHelp("Vectors of the pictures, which are not embedded then.", valueName: "file"))
    var vectors: String?

    @OptionGroup var neighbors: GraphOptions

    @Option(
        help: ArgumentHelp(
            "The greatest distance of near duplicates: squared for l2, 1 less the cosine for cosine (default: a quarter of what a typical picture has to its k-th neighbour).",
            valueName: "distance"))
    var threshold: Float?

    @Option(help: ArgumentHelp("The least similarity of near duplicates, for ip and cosine.", valueName: "similarity"))
    var similarity: Float?

    @Flag(inversion: .prefixedNo, help: "Compare files too, not only vectors.")
    var contents = true

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the report.", valueName: "dir"))
    var output: String

    @OptionGroup var embedding: EmbedOptions
    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        if threshold != nil, similarity != nil {
            throw ValidationError("--threshold and --similarity say the same; give one of them")
        }
        if let threshold, !threshold.isFinite || (neighbors.metric != .innerProduct && threshold < 0) {
            throw ValidationError("--threshold is \(threshold); it must be 0 or more")
        }
        if let similarity {
            guard neighbors.metric.isSimilarity else {
                throw ValidationError("--similarity needs --metric cosine or ip; --threshold is for l2")
            }
            guard similarity.isFinite else { throw ValidationError("--similarity is not a number") }
        }
        if vectors != nil, isVectorFile(images) {
            throw ValidationError("--vectors needs images to go with; \(images) holds vectors itself")
        }
    }

    func run() throws {
        let session = Session(talk)
        let pictures = try load(session)
        let graph = try neighbors.graph(of: pictures, k: neighbors.k, threads: parallel.threads, session: session)
        var known: [String: ImageContent] = [:]
        if contents, let source = pictures.source {
            known = try ImageContent.read(
                source, paths: Set(pictures.set.records.map(\.path)), threads: parallel.threads,
                limits: embedding.options(threads: nil).limits, monitor: session.monitor)
        }
        let search = try naming(pictures.name) { try DuplicateSearch(pictures.set, contents: known, graph: graph) }
        let score = similarity ?? threshold.map(neighbors.metric.score(ofLength:))
        let report = try DuplicateReport(
            title: "Duplicates", search, graph: graph, threshold: score, hasContents: !known.isEmpty)
        try report.write(to: output, pictures: pictures.pictures(of: report.shownRows, session: session))
        session.progress.finish()
        try tell(report, session)
    }

    private func load(_ session: Session) throws -> PictureSet {
        if isVectorFile(images) { return try PictureSet(vectors: images, images: nil, session: session) }
        if let vectors { return try PictureSet(vectors: vectors, images: images, session: session) }
        let embedder = try model.makeEmbedder()
        try makeFolder(output + "/vectors")
        return try PictureSet(
            embedding: images, by: embedder, to: output + "/vectors/images.npy",
            options: embedding.options(threads: parallel.threads), session: session)
    }

    private func tell(_ report: DuplicateReport, _ session: Session) throws {
        if talk.json {
            for line in try report.lines() { try Console.printLine(line) }
        } else {
            for group in report.groups {
                let others = group.members.dropFirst().map { member in
                    let how = member.relation == .near ? "\(member.score)" : member.relation?.rawValue ?? ""
                    return "\(member.path) (\(how))"
                }
                try session.result("\(group.kept.path): " + others.joined(separator: ", "), json: .null)
            }
        }
        let what = neighbors.metric.isSimilarity ? "similarity" : "squared distance"
        session.note(
            """
            \(report.groups.count.counted("group")) of \(report.pictureCount.counted("picture")), \
            \(report.spareCount.grouped) beside the ones to keep; near is \(what) \(report.threshold) on
            """)
        if !report.nearest.isEmpty {
            let parts = report.nearest.map { "\((100 * $0.share).text(decimals: 0)) %: \($0.score)" }
            session.note("\(what) of pictures with their nearest neighbour, by share: " + parts.joined(separator: ", "))
            let others = report.alternatives.map { "\($0.score): \($0.groups) of \($0.pictures)" }
            session.note("groups and pictures in them by \(what): " + others.joined(separator: ", "))
        }
        session.note("report: \(output)/index.html")
    }
}
