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
              akin eval index.akin queries.npy --truth truth.ivecs --sweep nprobe=1,4,16 --sweep refine=4,10
              akin eval index.akin queries.npy --truth truth.ivecs --goal 0.95
            """)

    @Argument(help: "The index file.")
    var index: String

    @Argument(help: "The queries, a file of vectors.")
    var queries: String

    @Option(help: "Row numbers of the true neighbours, as `akin truth` writes them.")
    var truth: String?

    @Option(help: "The stored vectors, so that answers as near as the truth count as right (known for Flat).")
    var base: String?

    @Option(
        help: ArgumentHelp(
            "Settings to measure, NAME=VALUE,VALUE; given twice, every pair. "
                + SearchKnob.Name.allCases.map(\.rawValue).joined(separator: ", ") + ", arithmetic.",
            valueName: "sweep"))
    var sweep: [Sweep] = []

    @Option(help: ArgumentHelp("Find the fastest setting that reaches this recall.", valueName: "recall"))
    var goal: Double?

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per query.", valueName: "k"))
    var k = 10

    @Option(help: "Queries per call: 0 all at once, 1 one at a time; several, as in 1,100,0, are measured in turn.")
    var batch = WholeNumbers([0])

    @Option(help: "Passes over the queries; the fastest counts.")
    var `repeat` = 3

    @Flag(help: "Leave inverted lists in the file and read only those that are probed; checksums are not compared.")
    var mapped = false

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(k, "-k")
        try checkPositive(`repeat`, "--repeat")
        for value in batch.values where value < 0 {
            throw ValidationError("--batch is \(value); it must be 0 (all at once) or more")
        }
        if let goal {
            guard (0...1).contains(goal) else { throw ValidationError("--goal is \(goal); it must be in 0...1") }
            guard truth != nil else { throw ValidationError("--goal needs --truth to measure recall with") }
        }
    }

    func run() throws {
        let session = Session(talk)
        let (opened, asked) = try readPair(
            index: index, queries: queries, isMapped: mapped, threads: parallel.threads, monitor: session.monitor)
        let known = try truth.map { try GroundTruth(path: $0) }
        let vectors = try base.map { try readVectors($0).vectors } ?? (opened as? FlatIndex)?.vectors
        let stored = try device.chosen.place(opened, path: index, threads: parallel.threads)
        var settings = try sweep.reduce([SearchOptions()]) { settings, sweep in
            try settings.flatMap { try sweep.apply(to: $0) }
        }
        for i in settings.indices {
            settings[i].threads = parallel.threads
            settings[i].monitor = session.monitor
        }
        if let goal, let known {
            let best = try naming(queries) {
                try SearchTuning(stored, asked, truth: known.ids, base: vectors, k: k, options: settings[0])
                    .cheapest(reaching: goal, monitor: session.monitor)
            }
            guard let best else {
                throw CommandError("no setting of \(stored.spec) reaches recall \(goal); the index loses too much")
            }
            settings = [best]
        }
        for options in settings {
            for batch in batch.values {
                let timing = try naming(queries) {
                    try SearchTiming(of: stored, asked, k: k, batch: batch, repeats: `repeat`, options: options)
                }
                let recall = try known.map {
                    try self.recall(of: timing.neighbors, against: $0, stored.metric, vectors, asked)
                }
                try report(timing, setting(options, stored), batch, stored, recall, session)
            }
        }
    }

    private func setting(_ options: SearchOptions, _ stored: any VectorIndex) -> String {
        let text = options.settingText(of: stored)
        return text.isEmpty ? "arithmetic=\(options.arithmetic.rawValue)" : text
    }

    private func recall(
        of found: Neighbors, against known: GroundTruth, _ metric: Metric, _ vectors: Matrix<Float>?,
        _ asked: Matrix<Float>
    ) throws -> Double {
        try naming(truth ?? "") {
            if let vectors {
                return try Recall.compute(
                    found: found, truth: known.ids, base: vectors, queries: asked, metric: metric, k: k
                ).value
            }
            return try Recall.compute(found: found, truth: known.ids, metric: metric, k: k).value
        }
    }

    private func report(
        _ timing: SearchTiming, _ setting: String, _ batch: Int, _ stored: any VectorIndex,
        _ recall: Double?, _ session: Session
    ) throws {
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
                "threads": .int(parallel.count), "device": .string(device.chosen.name), "batch": .int(batch),
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

/// `nprobe=1,2,4`, `refine=4,10`, `arithmetic=automatic,float32`: values of one setting.
struct Sweep: ExpressibleByArgument {
    private enum Values {
        case knob(SearchKnob.Name, [Double])
        case arithmetic([SearchOptions.Arithmetic])
    }

    private var values: Values

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let texts = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        func all<Value>(_ read: (String) -> Value?) -> [Value]? {
            let values = texts.compactMap(read)
            return values.count == texts.count ? values : nil
        }
        if let knob = SearchKnob.Name(rawValue: String(parts[0])) {
            let read: (String) -> Double? = { knob.isWhole ? Int($0).map(Double.init) : Double($0) }
            guard let all = all({ read($0).flatMap { knob.isPossible($0) ? $0 : nil } }) else { return nil }
            values = .knob(knob, all)
        } else if parts[0] == "arithmetic" {
            guard let all = all({ SearchOptions.Arithmetic(rawValue: $0) }) else { return nil }
            values = .arithmetic(all)
        } else {
            return nil
        }
    }

    /// The options with each value in turn.
    func apply(to options: SearchOptions) throws -> [SearchOptions] {
        func each<Value>(_ values: [Value], _ set: (inout SearchOptions, Value) -> Void) -> [SearchOptions] {
            values.map { value in
                var options = options
                set(&options, value)
                return options
            }
        }
        switch values {
        case .knob(let knob, let values): return each(values) { $0[knob] = $1 }
        case .arithmetic(let values): return each(values) { $0.arithmetic = $1 }
        }
    }
}
