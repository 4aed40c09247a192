import Akin
import ArgumentParser

/// `akin truth`: exact ground truth, to measure other indexes against.
struct Truth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the true nearest neighbours, to measure other searches against.",
        discussion: """
            Writes the row numbers of the base as .ivecs (or .npy), one row per query, nearest first, ties by smaller row \
            number, and their scores beside it: truth.ivecs and truth.scores.fvecs.

            Example:
              akin truth base.fvecs queries.fvecs -k 100 -o truth.ivecs
            """)

    @Argument(help: "The vectors to search.")
    var base: String

    @Argument(help: "The queries, a file of vectors.")
    var queries: String

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per query.", valueName: "k"))
    var k = 100

    @Option(help: "How nearness is measured: l2, ip or cosine.")
    var metric = Metric.l2

    @Option(name: .shortAndLong, help: "The file to write: .ivecs or .npy.")
    var output: String

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws { try checkPositive(k, "-k") }

    func run() throws {
        let session = Session(talk)
        let (stored, asked) = (try readVectors(base), try readVectors(queries))
        if let expected = stored.space, let actual = asked.space { try naming(queries) { try expected.check(actual) } }
        let index = try naming(base) { try FlatIndex(stored.vectors, metric: metric, threads: parallel.threads) }
        guard k <= index.count else {
            throw CommandError("\(base): expected at least \(k) vectors for -k \(k), the file holds \(index.count)")
        }
        let placed = try device.chosen.place(index, path: base, threads: parallel.threads)
        let (found, seconds) = try timed {
            try naming(queries) {
                try placed.search(
                    asked.vectors, k: k, options: SearchOptions(threads: parallel.threads, monitor: session.monitor))
            }
        }
        try naming(output) { try GroundTruth(found.neighbors).write(to: output) }
        let count = asked.vectors.rows
        try session.result(
            "\(output): \(count.counted("query", "queries")), k = \(k), \(seconds.text(decimals: 3)) s",
            json: [
                "output": .string(output), "count": .int(index.count), "dimension": .int(index.dimension),
                "metric": .string(metric.rawValue), "k": .int(k), "queries": .int(count),
                "threads": .int(parallel.count), "device": .string(device.chosen.name), "seconds": .seconds(seconds),
                "qps": .double((Double(count) / seconds).rounded(decimals: 1)),
            ])
    }
}
