import Akin
import AkinVision
import ArgumentParser

/// `akin build`: vectors to an index.
struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Builds an index from a file of vectors.",
        discussion: """
            Flat keeps every vector and answers exactly; docs/index-specs.md has the other kinds. Row numbers are the ids.
            With --memory the vectors are read in parts, so that they may be more than fit in memory; such a build goes on
            where it was stopped when the same command is run again. `--index auto` tries several kinds on a sample and
            takes the fastest that reaches --recall; with it, --memory limits what the finished index takes.
            With --device cuda a GPU makes the centroids, lists and product codes of inverted files (IVF…); the file is the same.

            Example:
              akin build vectors.npy --index Flat --metric cosine -o index.akin
              akin build vectors.fbin --index IVF4096,PQ64x4fs,RFlat -o index.akin
              akin build vectors.npy --index auto --recall 0.95 --memory 2GiB -o index.akin
              akin build huge.fbin --index IVF65536,PQ48x4fs,RFlat --memory 4GiB -o index.akin
            """)

    @Argument(help: "The vectors: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin or .i8bin.")
    var vectors: String

    @Option(name: .customLong("index"), help: ArgumentHelp("The kind of index.", valueName: "spec"))
    var spec = "Flat"

    @Option(help: "How nearness is measured: l2 (squared Euclidean distance), ip (inner product), cosine.")
    var metric = Metric.l2

    @Option(name: .shortAndLong, help: "The index file to write.")
    var output: String

    @Option(
        help: ArgumentHelp(
            "Builds of a part of the vectors, one shard of several; ids stay their row numbers in the whole.",
            valueName: "first..<end"))
    var rows: RowRange?

    @Option(help: ArgumentHelp("Memory to get by with, as in 500MiB or 4GiB.", valueName: "bytes"))
    var memory: ByteCount?

    @Option(help: "Recall that --index auto aims at, for 10 neighbours.")
    var recall = 0.95

    @Option(help: "Chooses what is random in training.")
    var seed: UInt64 = 1234

    @Option(help: "Iterations of k-means for the centroids.")
    var iterations = 10

    @Option(help: "Candidates kept while a graph looks for the neighbours of a vector; more link better, slower.")
    var efConstruction = HNSWIndex.Construction().efConstruction

    @Option(help: "How much nearer a detour must be to replace a link of a graph; larger keeps more links.")
    var alpha = HNSWIndex.Construction().alpha

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        let parsed = spec == "auto" ? nil : try parseSpec(spec)
        if let device = device.device, device != .cpu {
            guard case .partitioned(.some, _) = parsed?.core else {
                throw ValidationError(
                    "--device \(device): inverted files (IVF…) are built on a GPU, \(spec) is not; expected --device cpu"
                )
            }
        }
        if rows != nil, memory != nil {
            throw ValidationError("--rows builds in memory; expected no --memory beside it")
        }
        guard recall > 0, recall <= 1 else {
            throw ValidationError("--recall is \(recall); it must be above 0, at most 1")
        }
        try checkPositive(iterations, "--iterations")
        try checkPositive(efConstruction, "--ef-construction")
        guard alpha >= 1 else { throw ValidationError("--alpha is \(alpha); it must be 1 or more") }
    }

    func run() throws {
        let session = Session(talk)
        if spec == "auto" {
            if rows != nil {
                throw CommandError("--rows: expected an --index other than auto, which looks at the whole")
            }
            try buildAutomatically(session)
            return
        }
        let spec = try parseSpec(spec)
        if let memory, spec != .flat {
            guard case .partitioned = spec.core else {
                throw ValidationError("--memory builds inverted files in parts; \(spec) is built in memory, without it")
            }
            try buildInParts(spec, memory: memory.value, session)
            return
        }
        let (input, reading) = try timed { try readVectors(vectors) }
        if let rows, rows.range.upperBound > input.vectors.rows {
            throw CommandError("--rows: expected rows of the \(input.vectors.rows) in \(vectors), got \(rows)")
        }
        let made = try naming(vectors) { try make(spec, input, session) }
        let (_, saving) = try timed { try made.index.save(to: output) }
        try report(
            made.index.spec, made.index.count, made.index.dimension, made.index.byteCount,
            seconds: [
                ("train_seconds", made.training), ("add_seconds", made.adding), ("read_seconds", reading),
                ("save_seconds", saving),
            ], session)
    }

    private func buildAutomatically(_ session: Session) throws {
        let (input, reading) = try timed { try readVectors(vectors) }
        let goal = AutomaticChoice.Goal(recall: recall, memory: memory?.value)
        let (choice, choosing) = try timed {
            try naming(vectors) {
                try AutomaticChoice(
                    for: input.vectors, count: input.vectors.rows, metric: metric, goal: goal,
                    threads: parallel.threads, monitor: session.monitor)
            }
        }
        for line in choice.table { session.note(line) }
        session.note("\(choice.spec): \(choice.reason)")
        let made = try naming(vectors) { try make(choice.spec, input, session) }
        var index = made.index
        if var lists = index as? IVFIndex, let defaults = choice.defaults {
            lists.defaults = defaults
            index = lists
        }
        let (_, saving) = try timed { try index.save(to: output) }
        try report(
            index.spec, index.count, index.dimension, index.byteCount,
            seconds: [
                ("train_seconds", made.training), ("add_seconds", made.adding), ("read_seconds", reading),
                ("save_seconds", saving), ("choose_seconds", choosing),
            ], session)
    }

    private func make(_ spec: IndexSpec, _ input: EmbeddedSet, _ session: Session) throws -> BuiltIndex {
        let part = rows.map { input.vectors.rows($0.range) } ?? input.vectors
        return try BuiltIndex(
            spec, part, ids: rows.map { $0.range.map(Int64.init) }, metric: metric, space: input.space,
            options: .init(
                training: training(), construction: .init(efConstruction: efConstruction, alpha: alpha)),
            monitor: session.monitor)
    }

    private func buildInParts(_ spec: IndexSpec, memory: Int, _ session: Session) throws {
        let file = try VectorFile(path: vectors)
        let space = try EmbeddedSet.space(of: vectors)
        let summary = try naming(vectors) {
            try IVFBuilder(spec: spec, metric: metric, memory: memory, space: space, training: training())
                .build(file, to: output, monitor: session.monitor)
        }
        if summary.resumedShards > 0 {
            session.note("\(summary.resumedShards) of \(summary.shards.counted("shard")) were there already")
        }
        let index = try IVFIndex(path: output, isMapped: true, verify: false)
        try report(
            index.spec, index.count, index.dimension, index.storedByteCount,
            seconds: [
                ("train_seconds", summary.trainSeconds), ("add_seconds", summary.addSeconds),
                ("merge_seconds", summary.mergeSeconds),
            ], session)
    }

    private func training() throws -> IVFIndex.TrainingOptions {
        .init(seed: seed, iterations: iterations, threads: parallel.threads, device: try device.chosen.clustering())
    }

    private func report(
        _ spec: String, _ count: Int, _ dimension: Int, _ bytes: Int, seconds: [(String, Double)], _ session: Session
    ) throws {
        let total = seconds.reduce(0) { $0 + $1.1 }
        let fields: [JSONValue.Member] = [
            .init(key: "index", value: .string(spec)), .init(key: "count", value: .int(count)),
            .init(key: "dimension", value: .int(dimension)), .init(key: "metric", value: .string(metric.rawValue)),
            .init(key: "bytes", value: .int(bytes)), .init(key: "device", value: .string(device.chosen.name)),
            .init(key: "output", value: .string(output)),
        ]
        try session.result(
            """
            \(output): \(spec), \(count.counted("vector")) of dimension \(dimension), \
            \(metric.rawValue), \(bytes.asBytes), \(total.text(decimals: 2)) s
            """,
            json: .object(fields + seconds.map { .init(key: $0.0, value: .seconds($0.1)) }))
    }
}

extension AutomaticChoice {
    /// What was tried, a line each.
    fileprivate var table: [String] {
        candidates.map { candidate in
            let what = "  \(candidate.spec), \(candidate.bytes.asBytes): "
            guard let measured = candidate.measured else { return what + (candidate.passedOver ?? "not measured") }
            let rate = (1 / measured.secondsPerQuery).text(decimals: 0)
            return what + "recall \(measured.recall.text(decimals: 3)), about \(rate) queries/s"
        }
    }
}

/// Reads a spec of the command line; an error shows where it is wrong.
func parseSpec(_ text: String, dimension: Int? = nil) throws -> IndexSpec {
    do throws(IndexSpecError) {
        return try IndexSpec(parsing: text, dimension: dimension)
    } catch {
        throw ValidationError("--index: \(error)")
    }
}
