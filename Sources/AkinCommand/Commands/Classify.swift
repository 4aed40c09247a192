import Akin
import AkinVision
import ArgumentParser
import Foundation

/// `akin classify`: how well nearest neighbours name the class.
struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Classifies by the nearest neighbours and writes a report.",
        discussion: """
            The training set is indexed and its vectors carry the labels; the validation set asks, and the training set asks \
            itself, leaving each image out of its own answer. Sets are images, with one sub-folder per class, or vectors that \
            `akin embed` wrote. Images are embedded into REPORT/vectors, where an interrupted run goes on. With --device cuda \
            the model runs and the neighbours are found on a GPU.

            Example:
              akin classify --train train/ --val val.tar --model vit_tiny/ -k 1,10,20 --report report
              akin classify --train train.npy --val val.npy --vote softmax --report report --json
            """)

    /// Which votes to count.
    enum Vote: String, ExpressibleByArgument, CaseIterable {
        case both, majority, softmax

        var votes: [NeighborVote] {
            switch self {
            case .both: [.majority, .softmax]
            case .majority: [.majority]
            case .softmax: [.softmax]
            }
        }
    }

    @Option(help: ArgumentHelp("The labelled set to index: images or vectors.", valueName: "set"))
    var train: String

    @Option(help: ArgumentHelp("The labelled set to ask about: images or vectors.", valueName: "set"))
    var val: String?

    @OptionGroup(title: "Model, for sets of images") var model: ModelOptions

    @Option(
        name: .customShort("k"), help: ArgumentHelp("Neighbours that vote; several, as in 1,10,20.", valueName: "k"))
    var k = WholeNumbers([10])

    @Option(name: .customLong("index"), help: ArgumentHelp("The kind of index.", valueName: "spec"))
    var spec = "Flat"

    @Option(help: "How nearness is measured: l2, ip or cosine.")
    var metric = Metric.cosine

    @Option(help: "How neighbours vote: majority, softmax (by similarity, temperature 0.07) or both.")
    var vote = Vote.both

    @Flag(help: "Also score the training set with each image among its own neighbours.")
    var includeSelf = false

    @Option(
        help: ArgumentHelp(
            "Training images with suspect labels to show, and as many outliers; 0 leaves them out.", valueName: "n"))
    var suspects = 24

    @Option(help: ArgumentHelp("The folder for report.html, report.md and report.json.", valueName: "dir"))
    var report: String

    @Option(help: "The report's headline.")
    var title = "kNN classification"

    @OptionGroup var embedding: EmbedOptions
    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        _ = try parseSpec(spec)
        if suspects < 0 { throw ValidationError("--suspects is \(suspects); it must be 0 or more") }
        for value in k.values { try checkPositive(value, "-k") }
    }

    func run() throws {
        let session = Session(talk)
        let needsModel = ([train] + (val.map { [$0] } ?? [])).contains { !isVectorFile($0) }
        let embedder = try needsModel ? model.makeEmbedder(on: model.isBuiltIn ? .cpu : device.chosen) : nil
        var phases: [ClassificationReport.EmbeddingPhase] = []
        let trainSet = try load(train, as: .train, embedder, &phases, session)
        let validationSet = try val.map { try load($0, as: .validation, embedder, &phases, session) }

        var options = ClassificationExperiment.Options()
        options.k = k.values
        options.votes = vote.votes
        options.metric = metric
        options.includesSelf = includeSelf
        options.suspects = suspects
        options.threads = parallel.threads
        let experiment = try naming(train) {
            try Experiment(
                train: trainSet, validation: validationSet, options: options, title: title, embedding: phases,
                pictures: ClassificationExperiment.pictures(
                    train: try source(train), validation: try val.flatMap(source)),
                folder: report, index: parseSpec(spec), place: device.chosen, session: session)
        }
        if !talk.json { experiment.tellTimes(session) }
        try experiment.tell(session)
        session.note("report: \(report)/report.html")
    }

    private func source(_ path: String) throws -> (any ImageSource)? {
        guard isVectorFile(path) else { return try ImageSources.open(path) }
        // Where the vectors were embedded from, if that is still there.
        return try EmbeddedSet.source(of: path).flatMap { try? ImageSources.open($0) }
    }

    /// Reads a set of vectors, or makes one of images.
    private func load(
        _ path: String, as part: ClassificationReport.Part, _ embedder: (any Embedder)?,
        _ phases: inout [ClassificationReport.EmbeddingPhase], _ session: Session
    ) throws -> EmbeddedSet {
        guard let embedder, !isVectorFile(path) else { return try readVectors(path) }
        let folder = report + "/vectors"
        let file = "\(folder)/\(part.rawValue).npy"
        _ = try ImageSources.open(path).countImages()
        try makeFolder(folder)
        let done = try TimedEmbedding(
            images: path, by: embedder, to: file, options: embedding.options(threads: parallel.threads), in: session)
        phases.append(
            .init(
                part: part, images: done.summary.embedded + done.summary.skipped - done.summary.resumed,
                seconds: done.seconds, threads: parallel.count, device: embedder.deviceName, model: embedder.space.name)
        )
        return try EmbeddedSet(path: file)
    }
}

/// Makes a folder, and those that lead to it.
func makeFolder(_ path: String) throws {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw CommandError("\(path): cannot make the folder: \(error.localizedDescription)")
    }
}
