import Akin
import AkinVision
import ArgumentParser

/// `akin compare`: several indexes of the same vectors side by side.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures several indexes of the same vectors side by side.",
        discussion: """
            Builds each index, sweeps the settings that it has, and writes recall against queries per second, build time, \
            memory and file size into a folder: index.html, compare.md, compare.svg and compare.jsonl. All indexes are in \
            memory together, since they are timed in turn. Without --queries some vectors are taken out to serve as queries. \
            With labels it also says what share of queries the neighbours give the right class.

            Example:
              akin compare vectors.npy --indexes 'Flat;IVF1024,Flat;IVF1024,PQ64x4fs,RFlat' -o comparison
              akin compare train.npy --queries val.npy --indexes 'Flat;IVF256,Flat' --metric cosine -o comparison --json
            """)

    @Argument(help: "The vectors to store.")
    var vectors: String

    @Option(
        help: ArgumentHelp(
            "Specs of the indexes, with ; between them; may be given more than once. Flat is always among them.",
            valueName: "specs"))
    var indexes: [String]

    @Option(help: "The queries, a file of vectors (default: some are taken out of the vectors).")
    var queries: String?

    @Option(help: ArgumentHelp("Queries to take out of the vectors, at most a tenth of them.", valueName: "n"))
    var heldOut = 1000

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per query.", valueName: "k"))
    var k = 10

    @Option(help: "How nearness is measured: l2, ip or cosine.")
    var metric = Metric.l2

    @Option(
        help: ArgumentHelp(
            "The class of each vector: whole numbers (.npy, .ivecs) or a text file with a line for each (default: the records beside the vectors, where they have labels).",
            valueName: "file"))
    var labels: String?

    @Option(help: ArgumentHelp("The class of each query, like --labels.", valueName: "file"))
    var queryLabels: String?

    @Option(help: "How neighbours vote for a class: majority or softmax.")
    var vote = Classify.Vote.majority

    @Option(name: .shortAndLong, help: ArgumentHelp("Threads to search with.", valueName: "n"))
    var threads = 1

    @Option(help: ArgumentHelp("Threads to build with (default: one per core).", valueName: "n"))
    var buildThreads: Int?

    @Option(help: "Queries per call: 0 all at once, 1 one at a time.")
    var batch = 0

    @Option(help: "Passes over the queries for each setting; the median counts.")
    var `repeat` = 3

    @Option(help: "What training derives from.")
    var seed: UInt64 = 1

    @Option(help: "The headline (default: the name of the file).")
    var title: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder for the report.", valueName: "dir"))
    var output: String

    @OptionGroup var talk: OutputOptions

    private var specs: [String] {
        indexes.flatMap { $0.split(separator: ";") }.map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }

    func validate() throws {
        try checkPositive(k, "-k")
        try checkPositive(heldOut, "--held-out")
        try checkPositive(threads, "--threads")
        try checkPositive(`repeat`, "--repeat")
        if let buildThreads { try checkPositive(buildThreads, "--build-threads") }
        if batch < 0 { throw ValidationError("--batch is \(batch); it must be 0 (all at once) or more") }
        if vote == .both { throw ValidationError("--vote is both; compare takes majority or softmax") }
        if queryLabels != nil, queries == nil { throw ValidationError("--query-labels needs --queries") }
        for spec in specs { _ = try Self.parse(spec) }
        if specs.isEmpty { throw ValidationError("--indexes names no index") }
    }

    func run() throws {
        let session = Session(talk)
        let data = try ComparisonData(
            vectors: vectors, queries: queries, heldOut: heldOut, labels: labels, queryLabels: queryLabels)
        guard k <= data.base.rows else {
            throw CommandError("\(vectors): expected at least \(k) vectors for -k \(k), got \(data.base.rows)")
        }
        try makeFolder(output)
        var candidates: [IndexComparison.Candidate] = []
        // Exact search comes first: it gives the truth, and the line to beat.
        let names = ["Flat"] + specs.filter { $0 != "Flat" }
        for (i, name) in names.enumerated() {
            try session.monitor.update("building \(name)", done: i, total: names.count)
            candidates.append(try build(name, data, session))
        }
        session.progress.finish()
        let exact = candidates[0].index
        var quick = SearchOptions(threads: availableCores())
        quick.monitor = session.monitor
        let truth = try naming(queries ?? vectors) {
            try exact.search(data.queries, k: k, options: quick).neighbors
        }
        var options = IndexComparison.Options()
        options.k = k
        options.threads = threads
        options.batch = batch
        options.repeats = `repeat`
        let pass = try SearchPass(
            exact, data.queries, k: k, batch: batch, options: SearchOptions(threads: threads, monitor: session.monitor))
        // What is four times as slow as looking at everything need not be tried with more effort.
        options.longestPass = max(0.2, 4 * pass.seconds)
        let voting = vote.votes[0]
        let comparison = try IndexComparison(
            candidates, queries: data.queries, truth: truth, base: data.base, labels: data.labels(vote: voting),
            options: options, monitor: session.monitor)
        let report = ComparisonReport(
            title: title ?? data.name,
            settings: .init(
                count: data.base.rows, dimension: data.base.columns, metric: metric, queries: data.queries.rows,
                areHeldOut: queries == nil, threads: threads, buildThreads: buildThreads, batch: batch,
                repeats: `repeat`, space: data.space, vote: data.hasLabels ? voting : nil, akinVersion: akinVersion),
            machine: .current(simd: Kernels.best.name), comparison: comparison)
        try report.write(to: output)
        session.progress.finish()
        try tell(report, session)
        session.note("report: \(output)/index.html")
    }

    private static func parse(_ text: String) throws -> IndexSpec {
        do throws(IndexSpecError) {
            return try IndexSpec(parsing: text)
        } catch {
            throw ValidationError("--indexes: \(error)")
        }
    }

    /// Builds an index and weighs it, in memory and as a file.
    private func build(_ name: String, _ data: ComparisonData, _ session: Session) throws -> IndexComparison.Candidate {
        let built = try naming("\(vectors), \(name)") {
            try BuiltIndex(
                Self.parse(name), data.base, metric: metric, space: data.space,
                options: .init(training: .init(seed: seed, threads: buildThreads)), monitor: session.monitor.quiet)
        }
        let file = "\(output)/.index.akin"
        defer { removeFile(file) }
        try built.index.save(to: file)
        return IndexComparison.Candidate(
            built.index, trainSeconds: built.training, addSeconds: built.adding, fileBytes: fileSize(file))
    }

    private func tell(_ report: ComparisonReport, _ session: Session) throws {
        if talk.json {
            for line in try report.lines() { try Console.printLine(line) }
            return
        }
        for entry in report.comparison.entries {
            let goals = [0.9, 0.95, 0.99].compactMap { goal in
                entry.fastest(reaching: goal).map {
                    "\($0.queriesPerSecond.text(decimals: 0)) queries/s at recall \(goal) (\($0.setting.isEmpty ? "exact" : $0.setting))"
                }
            }
            let best = entry.points.max { $0.recall < $1.recall }
            let accuracy = best?.accuracy.map { ", accuracy \((100 * $0).text(decimals: 2)) %" } ?? ""
            try session.result(
                """
                \(entry.name): built in \((entry.trainSeconds + entry.addSeconds).text(decimals: 2)) s, \
                \(entry.bytes.asBytes); best recall \((best?.recall ?? 0).text(decimals: 4))\(accuracy)\
                \(goals.isEmpty ? "" : "; " + goals.joined(separator: ", "))
                """, json: .null)
        }
    }
}
