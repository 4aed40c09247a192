import Akin
import AkinVision
import ArgumentParser
import Foundation

/// `akin load`: pictures or vectors into a collection of a running service.
struct Load: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loads pictures or vectors into a running service.",
        discussion: """
            Makes the collection where there is none. Pictures are embedded by the service and kept there; their folder becomes \
            the label, and path and label can be filtered by. Vectors are named by their row numbers, with path and label where \
            `akin embed` left them beside the file. What is stored already is passed over, so an interrupted load goes on when \
            it is run again; a service that is busy or restarts is waited for.

            Example:
              akin serve --data data/                                       # in another terminal
              akin load --url http://127.0.0.1:6333 --collection photos photos/
              akin load --url http://127.0.0.1:6333 --collection shop vectors.npy --payload products.jsonl --metric cosine
            """)

    @Argument(help: "A folder of pictures (sub-folders are labels), a .tar of one, a picture, or a file of vectors.")
    var data: String

    @Option(help: ArgumentHelp("Where the service is.", valueName: "address"))
    var url = "http://127.0.0.1:6333"

    @Option(name: .shortAndLong, help: ArgumentHelp("The collection to load into.", valueName: "name"))
    var collection: String

    @Option(help: ArgumentHelp("A key that may write (default: the environment's AKIN_API_KEY).", valueName: "key"))
    var apiKey: String?

    @Option(
        help: ArgumentHelp("What is known of each vector: a JSON object a line, as many as vectors.", valueName: "file")
    )
    var payload: String?

    @Option(help: "How a new collection measures nearness: l2, ip or cosine (default: cosine).")
    var metric: Metric?

    @Option(
        help: ArgumentHelp(
            "The index of a new collection's large segments (default: the service's).", valueName: "spec"))
    var index: String?

    @Option(help: ArgumentHelp("Requests on their way at once.", valueName: "n"))
    var requests = 4

    @Flag(help: "Load again what is stored already, in place of it.")
    var replace = false

    @Flag(help: "Stop at a picture that cannot be read, instead of naming and skipping it.")
    var strict = false

    @OptionGroup var talk: OutputOptions

    func validate() throws {
        guard (1...64).contains(requests) else {
            throw ValidationError("--requests is \(requests); it must be in 1...64")
        }
        if payload != nil, !isVectorFile(data) {
            throw ValidationError("--payload belongs to a file of vectors; \(data) is none")
        }
    }

    func run() throws {
        let session = Session(talk)
        let client = try ServiceClient(
            url, key: apiKey ?? ProcessInfo.processInfo.environment["AKIN_API_KEY"], note: { session.note($0) })
        do {
            let (counts, seconds) = try timed {
                isVectorFile(data) ? try loadVectors(client, session) : try loadImages(client, session)
            }
            try tell(counts, seconds, session)
        } catch let refusal as ServiceClient.Refusal {
            throw CommandError("\(url): \(refusal)")
        }
    }

    private func loadImages(_ client: ServiceClient, _ session: Session) throws -> LoadProgress.Counts {
        let source = try ImageSources.open(data)
        let total = try source.countImages()
        let collection = try ServiceCollection(
            collection, of: client, wanted: .init(metric: metric, index: index))
        guard collection.embeds else {
            throw CommandError(
                "\(self.collection): its vectors do not come from the service's model, so pictures cannot be added; "
                    + "load into another collection")
        }
        let progress = LoadProgress(total: total, session: session)
        try ImageLoader(collection: collection, progress: progress, replaces: replace, isStrict: strict)
            .load(source, threads: requests)
        return progress.counts
    }

    private func loadVectors(_ client: ServiceClient, _ session: Session) throws -> LoadProgress.Counts {
        let set = try readVectors(data)
        let payloads =
            try payload.map { try PayloadLines(file: $0, count: set.vectors.rows) }
            ?? PayloadLines(records: set.records)
        let collection = try ServiceCollection(
            collection, of: client,
            wanted: .init(
                dimension: set.vectors.columns, metric: metric, index: index, space: set.space))
        let progress = LoadProgress(total: set.vectors.rows, session: session)
        try VectorLoader(collection: collection, progress: progress, replaces: replace)
            .load(set.vectors, payloads: payloads, threads: requests)
        return progress.counts
    }

    private func tell(_ counts: LoadProgress.Counts, _ seconds: Double, _ session: Session) throws {
        let rate = seconds > 0 ? (Double(counts.loaded) / seconds).rounded(decimals: 1) : 0
        let noun = isVectorFile(data) ? "vector" : "picture"
        var words =
            "\(collection): \(counts.loaded.counted(noun)) loaded in \(seconds.text(decimals: 2)) s, \(rate) a second"
        if counts.present > 0 { words += "; \(counts.present.grouped) stored already" }
        if counts.failed > 0 { words += "; \(counts.failed.grouped) could not be loaded" }
        try session.result(
            words,
            json: [
                "collection": .string(collection), "loaded": .int(counts.loaded), "present": .int(counts.present),
                "failed": .int(counts.failed), "seconds": .seconds(seconds), "per_second": .double(rate),
            ])
        // Nothing at all came through, and not because it was there.
        if counts.loaded + counts.present == 0 { throw ExitCode.failure }
    }
}
