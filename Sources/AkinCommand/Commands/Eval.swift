import Akin
import ArgumentParser

/// `akin eval`: recall and speed of an index.
struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures recall and speed of an index.",
        discussion: """
            Every setting is measured --repeat times, the fastest pass counts. Recall is the share of the k answers that are as near
            as the true k-th neighbour, so ties count as right.

            Example:
              akin truth base.npy queries.npy -k 10 -o truth.ivecs
              akin eval index.akin queries.npy --truth truth.ivecs --threads 1 --batch 0 --json
            """)

    @Argument(help: "The index file.")
    var index: String

    @Argument(help: "The queries, a file of vectors.")
    var queries: String

    @Option(help: "Row numbers of the true neighbours, as `akin truth` writes them.")
    var truth: String?

    @Option(
        help: ArgumentHelp(
            "Settings to measure, NAME=VALUE,VALUE. Flat has one: arithmetic=automatic,float32.", valueName: "sweep"))
    var sweep: Sweep?

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per query.", valueName: "k"))
    var k = 10

    @Option(help: "Queries per call: 0 all at once, 1 one at a time; several, as in 1,100,0, are measured in turn.")
    var batch = WholeNumbers([0])

    @Option(help: "Passes over the queries; the fastest counts.")
    var `repeat` = 3

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(k, "-k")
        try checkPositive(`repeat`, "--repeat")
        for value in batch.values where value < 0 {
            throw ValidationError("--batch is \(value); it must be 0 (all at once) or more")
        }
    }

    func run() throws {
        let session = Session(talk)
        let (stored, asked) = try readPair(index: index, queries: queries, threads: parallel.threads)
        let known = try truth.map { try GroundTruth(path: $0) }
        for arithmetic in sweep?.values ?? [.automatic] {
            for batch in batch.values {
                let options = SearchOptions(threads: parallel.threads, arithmetic: arithmetic, monitor: session.monitor)
                let timing = try naming(queries) {
                    try SearchTiming(of: stored, asked, k: k, batch: batch, repeats: `repeat`, options: options)
                }
                let recall = try known.map { try self.recall(of: timing.neighbors, against: $0, stored, asked) }
                try report(timing, arithmetic, batch, stored, recall, session)
            }
        }
    }

    private func recall(
        of found: Neighbors, against known: GroundTruth, _ stored: FlatIndex, _ asked: Matrix<Float>
    ) throws -> Double {
        try naming(truth ?? "") {
            try Recall.compute(
                found: found, truth: known.ids, base: stored.vectors, queries: asked, metric: stored.metric, k: k
            ).value
        }
    }

    private func report(
        _ timing: SearchTiming, _ arithmetic: SearchOptions.Arithmetic, _ batch: Int, _ stored: FlatIndex,
        _ recall: Double?, _ session: Session
    ) throws {
        let setting = "arithmetic=\(arithmetic.rawValue)"
        let (p50, p99) = (timing.percentile(50).rounded(decimals: 1), timing.percentile(99).rounded(decimals: 1))
        let rate = timing.queriesPerSecond.rounded(decimals: 1)
        let share = recall.map { $0.text(decimals: 4) } ?? "unknown"
        let calls = batch == 0 ? "all at once" : "\(batch) at a time"
        try session.result(
            """
            \(stored.spec) \(setting), k \(k), \(calls): recall \(share), \(rate) queries/s, \
            p50 \(p50) us, p99 \(p99) us, \(stored.byteCount.asBytes)
            """,
            json: [
                "index": .string(stored.spec), "setting": .string(setting), "k": .int(k),
                "threads": .int(parallel.count), "batch": .int(batch),
                "recall": recall.map { .double($0.rounded(decimals: 6)) } ?? .null,
                "qps": .double(rate),
                "p50_us": .double(p50),
                "p99_us": .double(p99), "bytes": .int(stored.byteCount),
                "count": .int(stored.count), "dimension": .int(stored.dimension),
                "metric": .string(stored.metric.rawValue),
                "queries": .int(timing.queries), "exact": .bool(timing.isExact),
            ])
    }
}

/// `arithmetic=automatic,float32`: the settings of an exact index.
struct Sweep: ExpressibleByArgument {
    var values: [SearchOptions.Arithmetic]

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0] == "arithmetic" else { return nil }
        values = parts[1].split(separator: ",").compactMap { SearchOptions.Arithmetic(rawValue: String($0)) }
        guard values.count == parts[1].split(separator: ",", omittingEmptySubsequences: false).count else { return nil }
    }
}
