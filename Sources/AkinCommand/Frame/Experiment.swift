import Akin
import AkinVision

/// A classification experiment as `classify` and `demo` carry it out and tell of it.
struct Experiment {
    let report: ClassificationReport
    let folder: String

    /// Indexes, searches, votes, and writes the report into `folder`.
    init(
        train: EmbeddedSet, validation: EmbeddedSet?, options: ClassificationExperiment.Options, title: String,
        embedding: [ClassificationReport.EmbeddingPhase], pictures: ClassificationExperiment.PictureReader?,
        folder: String, index spec: IndexSpec = .flat, place: WorkPlace = .cpu, session: Session
    ) throws {
        let experiment = try ClassificationExperiment(train: train, validation: validation, options: options)
        let threads = options.threads
        let outcome = try experiment.run(
            title: title, embedding: embedding, machine: .current(simd: Kernels.best.name), akinVersion: akinVersion,
            buildIndex: {
                let made = try BuiltIndex(
                    spec, $0, metric: $1, space: $2, options: .init(training: .init(threads: threads)),
                    monitor: .silent)
                return try place.place(made.index, path: "--index", threads: threads)
            }, pictures: pictures,
            monitor: session.monitor)
        try outcome.report.write(to: folder, pictures: outcome.pictures)
        report = outcome.report
        self.folder = folder
    }

    /// Prints a line per set, vote and k, with the seconds of each phase.
    func tell(_ session: Session) throws {
        for accuracy in report.accuracies {
            let embedded = report.embedding.first { $0.part == accuracy.part }
            let search = report.searches.first { $0.part == accuracy.part }
            try session.result(
                """
                \(accuracy.part.rawValue) (\(accuracy.scoring.rawValue)), \(accuracy.vote.name), k \(accuracy.k): \
                top-1 \((100 * accuracy.top1).text(decimals: 2)) %, top-5 \((100 * accuracy.top5).text(decimals: 2)) % \
                of \(accuracy.queries.grouped)
                """,
                json: [
                    "set": .string(accuracy.part.rawValue), "scoring": .string(accuracy.scoring.rawValue),
                    "vote": .string(accuracy.vote.name), "k": .int(accuracy.k), "queries": .int(accuracy.queries),
                    "top1": .double(accuracy.top1.rounded(decimals: 6)),
                    "top5": .double(accuracy.top5.rounded(decimals: 6)),
                    "embed_seconds": embedded.map { .seconds($0.seconds) } ?? .null,
                    "build_seconds": .seconds(report.build.seconds),
                    "search_seconds": search.map { .seconds($0.seconds) } ?? .null,
                    "vote_seconds": search.map { .seconds($0.voteSeconds) } ?? .null,
                ])
        }
    }

    /// The time of each phase in a few lines.
    func tellTimes(_ session: Session) {
        for phase in report.embedding {
            session.note(
                "embedded \(phase.images.counted("image")) (\(phase.part.rawValue)) in \(phase.seconds.text(decimals: 2)) s, "
                    + "\(phase.rate.text(decimals: 0)) images/s")
        }
        session.note(
            "built \(report.build.index) of \(report.build.count.counted("vector")) in "
                + "\(report.build.seconds.text(decimals: 3)) s, \(report.build.bytes.asBytes)")
        for phase in report.searches {
            session.note(
                "searched \(phase.queries.counted("query", "queries")) (\(phase.part.rawValue)) in "
                    + "\(phase.seconds.text(decimals: 3)) s, \(phase.rate.text(decimals: 0)) queries/s")
        }
    }
}
