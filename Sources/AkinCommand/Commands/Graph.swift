import Akin
import ArgumentParser

/// `akin graph`: vectors to their k-nearest-neighbour graph.
struct Graph: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the nearest neighbours of every vector among the others: the k-NN graph.",
        discussion: """
            Writes row numbers, one row per vector, nearest first, ties by smaller number, and their scores beside them: \
            graph.ivecs and graph.scores.fvecs. A vector is not its own neighbour.

            Without --recall the graph is exact. With it the graph is approximate and much faster to build for many vectors; \
            the share of true neighbours in it is measured on a sample and reported.

            Example:
              akin graph vectors.npy -k 10 -o graph.ivecs
              akin graph vectors.npy -k 10 --recall 0.95 --metric cosine -o graph.ivecs --json
            """)

    @Argument(help: "The vectors: .npy, .fvecs, .bvecs, .ivecs, .fbin, .u8bin or .i8bin.")
    var vectors: String

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per vector.", valueName: "k"))
    var k = 10

    @Option(help: "How nearness is measured: l2, ip or cosine.")
    var metric = Metric.l2

    @Option(
        help: ArgumentHelp("Share of true neighbours to reach: 0.95 (default: the exact graph).", valueName: "share"))
    var recall: Double?

    @Option(help: "An approximate graph depends on it and on nothing else.")
    var seed: UInt64 = 1234

    @Option(name: .shortAndLong, help: "The file to write: .ivecs or .npy.")
    var output: String

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(k, "-k")
        if let recall, !(recall > 0 && recall <= 1) {
            throw ValidationError("--recall is \(recall); it must be above 0 and at most 1")
        }
    }

    func run() throws {
        let session = Session(talk)
        let set = try readVectors(vectors)
        guard set.vectors.rows > 1 else {
            throw CommandError("\(vectors): expected at least two vectors for a graph, the file holds one")
        }
        let options = KNNGraphOptions(
            recall: recall ?? 1, seed: seed, threads: parallel.threads, monitor: session.monitor)
        let (graph, seconds) = try timed {
            try naming(vectors) {
                recall == nil
                    ? try KNNGraph.exact(set.vectors, k: k, metric: metric, options: options)
                    : try KNNGraph.approximate(set.vectors, k: k, metric: metric, options: options)
            }
        }
        try graph.write(to: output)
        let method = graph.isExact ? "exact" : "approximate"
        let found = graph.measuredRecall ?? 1
        try session.result(
            """
            \(output): \(graph.count.counted("vector")), k = \(graph.degree), \(method)\
            \(graph.isExact ? "" : ", recall \(found.text(decimals: 4)) on a sample"), \(seconds.text(decimals: 3)) s
            """,
            json: [
                "output": .string(output), "count": .int(graph.count), "dimension": .int(set.vectors.columns),
                "metric": .string(metric.rawValue), "k": .int(graph.degree), "method": .string(method),
                "recall": .double(found.rounded(decimals: 5)), "threads": .int(parallel.count),
                "seconds": .seconds(seconds),
            ])
    }
}
