import Akin
import AkinVision
import ArgumentParser

/// `akin demo`: the whole way, on pictures that it draws itself.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the whole way on pictures that it draws itself.",
        discussion: """
            Draws a labelled picture set, embeds it, builds an index, searches it, classifies by nearest neighbours and writes a \
            report. It needs no data, no weights and no network.

            Example:
              akin demo
              akin demo --output /tmp/demo --model vit_tiny/
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write.", valueName: "dir"))
    var output = "akin-demo"

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("Pictures of each class to store.", valueName: "n"))
    var train = 60

    @Option(help: ArgumentHelp("Pictures of each class to ask about.", valueName: "n"))
    var val = 20

    @Option(help: ArgumentHelp("Another seed draws other pictures.", valueName: "n"))
    var seed: UInt64 = 1

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(train, "--train")
        try checkPositive(val, "--val")
    }

    func run() throws {
        let session = Session(talk)
        let embedder = try model.makeEmbedder()
        let images = DemoImages(seed: seed, trainPerClass: train, validationPerClass: val)
        let classes = DemoImages.labels.count
        session.note("drawing \((classes * (train + val)).counted("picture")) of \(classes) classes")
        let folders = try images.write(to: output + "/images", monitor: session.monitor)

        session.note("embedding them with \(embedder.space.name)")
        var phases: [ClassificationReport.EmbeddingPhase] = []
        let trainSet = try embed(folders.train, as: .train, embedder, &phases, session)
        let validationSet = try embed(folders.validation, as: .validation, embedder, &phases, session)

        session.note("building an index and searching it")
        let index = try FlatIndex(
            trainSet.vectors, metric: .cosine, space: trainSet.space, threads: parallel.threads)
        try index.save(to: output + "/train.akin")
        session.progress.finish()
        try showNeighbors(index, trainSet, validationSet, session)

        try showPath(trainSet, folders.train, session)

        session.note("classifying by the nearest neighbours")
        var options = ClassificationExperiment.Options()
        options.k = [1, 5, 10]
        options.threads = parallel.threads
        let experiment = try Experiment(
            train: trainSet, validation: validationSet, options: options, title: "Akin demo", embedding: phases,
            pictures: ClassificationExperiment.pictures(
                train: try ImageSources.open(folders.train), validation: try ImageSources.open(folders.validation)),
            folder: output, session: session)
        session.progress.finish()
        if !talk.json { experiment.tellTimes(session) }
        try experiment.tell(session)
        session.note(
            """

            Done. Open \(output)/report.html in a browser: time, accuracy, confusions, and what the neighbours look like.
            What to do next:
              akin search \(output)/train.akin \(output)/val.npy -k 5 --json
              akin path \(output)/train.npy 0 \(trainSet.vectors.rows / 2) -o \(output)/another-path
              akin duplicates \(output)/train.npy -o \(output)/duplicates
              akin classify --train \(output)/images/train --val \(output)/images/val --report \(output)/again
              akin embed YOUR/PHOTOS --model \(model.model) -o photos.npy
            """)
    }

    private func embed(
        _ folder: String, as part: ClassificationReport.Part, _ embedder: any Embedder,
        _ phases: inout [ClassificationReport.EmbeddingPhase], _ session: Session
    ) throws -> EmbeddedSet {
        let file = "\(output)/\(part == .train ? "train" : "val").npy"
        let done = try TimedEmbedding(
            images: folder, by: embedder, to: file,
            options: EmbeddingOptions(threads: parallel.threads, restart: true), in: session)
        phases.append(
            .init(
                part: part, images: done.summary.embedded, seconds: done.seconds, threads: parallel.count,
                device: "CPU",
                model: embedder.space.name))
        return try EmbeddedSet(path: file)
    }

    /// The chain of pictures between two of the first and last class.
    private func showPath(_ stored: EmbeddedSet, _ folder: String, _ session: Session) throws {
        let graph = try KNNGraph.exact(
            stored.vectors, k: 10, metric: .cosine,
            options: KNNGraphOptions(threads: parallel.threads, monitor: session.monitor))
        let last = graph.count - 1
        guard let path = try GraphPath(from: 0, to: last, nodes: graph.count, edges: graph.edges()) else { return }
        let report = PathReport(path, in: graph, of: stored, askedDegree: 10)
        let pictures = try ReportPictures(
            rows: path.nodes, of: stored, from: ImageSources.open(folder), monitor: session.monitor)
        try report.write(to: output + "/path", pictures: pictures)
        session.progress.finish()
        session.note(
            "  from \(report.stops[0].path) to \(report.stops[report.stops.count - 1].path) it is "
                + "\(path.steps.count.counted("step")) along neighbours: \(output)/path/index.html")
    }

    /// A few queries with the pictures found for them.
    private func showNeighbors(
        _ index: FlatIndex, _ stored: EmbeddedSet, _ asked: EmbeddedSet, _ session: Session
    ) throws {
        let step = max(1, asked.vectors.rows / 4)
        for row in stride(from: step / 2, to: asked.vectors.rows, by: step).prefix(4) {
            let found = try index.search(
                asked.vectors.rows(row..<row + 1), k: 3,
                options: SearchOptions(threads: parallel.threads, monitor: session.monitor))
            let names = found.neighbors[0].map {
                "\(stored.records[Int($0.id)].path) (\($0.score.rounded(decimals: 3)))"
            }
            session.note("  \(asked.records[row].path) is most like " + names.joined(separator: ", "))
        }
    }
}

extension Float {
    fileprivate func rounded(decimals: Int) -> String { Double(self).text(decimals: decimals) }
}
