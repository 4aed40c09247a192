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

            With --memory the vectors may be more than fit in memory: the work goes through blocks of them, its tables lie in             work files in the folder of the output, and the graph is the same to the last bit. Interrupted, it leaves nothing             and begins anew when the command is run again.

            With --device cuda vectors are searched for on GPUs: the exact graph is the same; an approximate one comes from \
            the lists of an inverted file, as many of them as a sample needs.

            Example:
              akin graph vectors.npy -k 10 -o graph.ivecs
              akin graph vectors.npy -k 10 --recall 0.95 --metric cosine -o graph.ivecs --json
              akin graph huge.fbin -k 10 --recall 0.95 --memory 4GiB -o graph.ivecs
              akin graph vectors.npy -k 10 --device cuda -o graph.ivecs
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

    @Option(help: ArgumentHelp("Memory to get by with, as in 500MiB or 4GiB (default: no limit).", valueName: "size"))
    var memory: ByteCount?

    @Option(help: "An approximate graph depends on it and on nothing else.")
    var seed: UInt64 = 1234

    @Option(name: .shortAndLong, help: "The file to write: .ivecs or .npy.")
    var output: String

    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws {
        try checkPositive(k, "-k")
        if let recall, !(recall > 0 && recall <= 1) {
            throw ValidationError("--recall is \(recall); it must be above 0 and at most 1")
        }
        if memory != nil, let device = device.device, device != .cpu {
            throw ValidationError("--memory is for the processor; expected --device cpu, got \(device)")
        }
    }

    func run() throws {
        let session = Session(talk)
        let options = KNNGraphOptions(
            recall: recall ?? 1, seed: seed, threads: parallel.threads, monitor: session.monitor)
        if let memory {
            try buildByBlocks(options, memory: memory.value, session)
            return
        }
        let set = try readVectors(vectors)
        try checkCount(set.vectors.rows)
        let gpus = try device.chosen.graphs()
        let (graph, seconds) = try timed {
            try naming(vectors) {
                if let gpus {
                    return recall == nil
                        ? try gpus.exact(set.vectors, k: k, metric: metric, options: options)
                        : try gpus.approximate(set.vectors, k: k, metric: metric, options: options)
                }
                return recall == nil
                    ? try KNNGraph.exact(set.vectors, k: k, metric: metric, options: options)
                    : try KNNGraph.approximate(set.vectors, k: k, metric: metric, options: options)
            }
        }
        try graph.write(to: output)
        try report(
            count: graph.count, dimension: set.vectors.columns, degree: graph.degree,
            recall: graph.isExact ? nil : graph.measuredRecall, seconds: seconds, session)
    }

    private func buildByBlocks(_ options: KNNGraphOptions, memory: Int, _ session: Session) throws {
        let file = try VectorFile(path: vectors)
        try checkCount(file.count)
        let builder = KNNGraphBuilder(k: k, metric: metric, memory: memory, isExact: recall == nil, options: options)
        let least = builder.leastMemory(for: file)
        guard memory >= least else {
            throw CommandError(
                "\(vectors): --memory is \(memory.asBytes); a graph of \(file.count.counted("vector")) of dimension "
                    + "\(file.dimension) takes \(least >> 20)MiB or more")
        }
        let plan = builder.plan(for: file)
        session.note(
            """
            \(file.count.counted("vector")) of dimension \(file.dimension) in \(plan.blocks.counted("block")), \
            \(plan.passes.counted("pass", "passes")) over the file, about \(plan.bytesRead.asBytes) read with the work files, \
            which take about \(plan.workBytes.asBytes) beside \(output); interrupted, it begins anew
            """)
        let (summary, seconds) = try timed { try naming(vectors) { try builder.build(file, to: output) } }
        try report(
            count: summary.count, dimension: file.dimension, degree: summary.degree, recall: summary.measuredRecall,
            seconds: seconds, session)
    }

    private func checkCount(_ count: Int) throws {
        guard count > 1 else {
            throw CommandError(
                "\(vectors): expected at least two vectors for a graph, the file holds \(count == 0 ? "none" : "one")")
        }
    }

    /// Says how it went; without a recall the graph is exact.
    private func report(
        count: Int, dimension: Int, degree: Int, recall: Double?, seconds: Double, _ session: Session
    ) throws {
        let method = recall == nil ? "exact" : "approximate"
        let found = recall.map { ", recall \($0.text(decimals: 4)) on a sample" } ?? ""
        try session.result(
            "\(output): \(count.counted("vector")), k = \(degree), \(method)\(found), \(seconds.text(decimals: 3)) s",
            json: [
                "output": .string(output), "count": .int(count), "dimension": .int(dimension),
                "metric": .string(metric.rawValue), "k": .int(degree), "method": .string(method),
                "recall": .double((recall ?? 1).rounded(decimals: 5)), "threads": .int(parallel.count),
                "device": .string(device.chosen.name),
                "seconds": .seconds(seconds),
            ])
    }
}
