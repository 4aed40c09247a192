import Akin
import ArgumentParser

/// `akin build`: vectors to an index.
struct Build: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Builds an index from a file of vectors.",
        discussion: """
            Flat keeps every vector and answers exactly. Row numbers are the ids.

            Example:
              akin build vectors.npy --index Flat --metric cosine -o index.akin
            """)

    @Argument(help: "The vectors: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin or .i8bin.")
    var vectors: String

    @Option(name: .customLong("index"), help: ArgumentHelp("The kind of index.", valueName: "spec"))
    var spec = "Flat"

    @Option(help: "How nearness is measured: l2 (squared Euclidean distance), ip (inner product), cosine.")
    var metric = Metric.l2

    @Option(name: .shortAndLong, help: "The index file to write.")
    var output: String

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws { try checkSpec(spec) }

    func run() throws {
        let session = Session(talk)
        let (input, reading) = try timed { try readVectors(vectors) }
        let (index, adding) = try timed {
            try naming(vectors) {
                try FlatIndex(input.vectors, metric: metric, space: input.space, threads: parallel.threads)
            }
        }
        let (_, saving) = try timed { try index.save(to: output) }
        try session.result(
            """
            \(output): \(index.spec), \(index.count.counted("vector")) of dimension \(index.dimension), \
            \(metric.rawValue), \(index.byteCount.asBytes), \((reading + adding + saving).text(decimals: 2)) s
            """,
            json: [
                "index": .string(index.spec), "count": .int(index.count), "dimension": .int(index.dimension),
                "metric": .string(metric.rawValue), "train_seconds": 0, "add_seconds": .seconds(adding),
                "read_seconds": .seconds(reading), "save_seconds": .seconds(saving), "bytes": .int(index.byteCount),
                "output": .string(output),
            ])
    }
}

/// Checks the name of a kind of index; shows where it is wrong.
func checkSpec(_ spec: String) throws {
    guard spec != "Flat" else { return }
    let common = zip(spec, "Flat").prefix { $0 == $1 }.count
    throw ValidationError(
        "--index: expected Flat, which is the one kind of index there is so far\n  \(spec)\n  "
            + String(repeating: " ", count: common) + "^")
}
