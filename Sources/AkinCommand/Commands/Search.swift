import Akin
import ArgumentParser

/// `akin search`: the nearest stored vectors of each query.
struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the nearest stored vectors of each query.",
        discussion: """
            Without -o every query gives a line: its row number, then ids with their scores, nearest first. Scores are squared
            distances for l2, similarities for ip and cosine.

            Example:
              akin search index.akin queries.npy -k 10 -o result.ivecs --scores result.fvecs
              akin search index.akin queries.npy -k 3 --json
            """)

    @Argument(help: "The index file.")
    var index: String

    @Argument(help: "The queries, a file of vectors.")
    var queries: String

    @Option(name: .customShort("k"), help: ArgumentHelp("Neighbours per query.", valueName: "k"))
    var k = 10

    @Option(name: .shortAndLong, help: "Write the ids to this file instead: .ivecs or .npy.")
    var output: String?

    @Option(help: "Write the scores to this file: .fvecs, .fbin or .npy.")
    var scores: String?

    @OptionGroup var breadth: SearchBreadth
    @OptionGroup var parallel: ThreadOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var talk: OutputOptions

    func validate() throws { try checkPositive(k, "-k") }

    func run() throws {
        let session = Session(talk)
        let (opened, asked) = try readPair(
            index: index, queries: queries, isMapped: breadth.mapped, threads: parallel.threads,
            monitor: session.monitor)
        let stored = try device.chosen.place(opened, path: index, threads: parallel.threads)
        let (found, seconds) = try timed {
            try naming(queries) {
                try stored.search(
                    asked, k: k,
                    options: SearchOptions(
                        threads: parallel.threads, nprobe: breadth.nprobe, efSearch: breadth.ef,
                        refineFactor: breadth.refine, leaves: breadth.leaves, probes: breadth.probes,
                        monitor: session.monitor))
            }
        }
        if let output { try NeighborTable.write(ids: found.neighbors, to: output) }
        if let scores { try NeighborTable.write(scores: found.neighbors, to: scores) }
        guard output != nil || scores != nil else { return try printRows(found.neighbors, session) }
        let rate = Double(asked.rows) / seconds
        try session.result(
            """
            \([output, scores].compactMap { $0 }.joined(separator: ", ")): \(asked.rows.counted("query", "queries")), \
            k = \(k), \(seconds.text(decimals: 3)) s, \(rate.text(decimals: 0)) queries/s, \
            \(found.isExact ? "exact" : "approximate")
            """,
            json: [
                "index": .string(stored.spec), "k": .int(k), "threads": .int(parallel.count),
                "device": .string(device.chosen.name),
                "queries": .int(asked.rows), "seconds": .seconds(seconds), "qps": .double(rate.rounded(decimals: 1)),
                "exact": .bool(found.isExact), "visited": .int(found.visited), "output": JSONValue(output),
                "scores": JSONValue(scores),
            ])
    }

    private func printRows(_ neighbors: Neighbors, _ session: Session) throws {
        for query in 0..<neighbors.count {
            let row = neighbors[query]
            try session.result(
                "\(query): " + row.map { "\($0.id) (\($0.score))" }.joined(separator: ", "),
                json: [
                    "query": .int(query), "ids": .array(row.map { .int(Int($0.id)) }),
                    "scores": .array(row.map { .float($0.score) }),
                ])
        }
    }
}
