import ArgumentParser
import Foundation

/// The program `akin-cluster-check`: whether a cluster answers rightly while its parts fail, and how fast it is.
@main
struct AkinClusterCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin-cluster-check",
        abstract: "Starts a cluster on this machine, breaks it in many ways, and looks at every answer.",
        subcommands: [Prove.self, Tour.self, Break.self, Switch.self, Measuring.self, TimeShard.self])

    static func main() async {
        Cleanup.watch()
        await main(nil)
    }
}

/// What all checks need.
struct LaboratoryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The program akin-server.", valueName: "path"))
    var server: String = {
        let own = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return own.deletingLastPathComponent().appendingPathComponent("akin-server").path
    }()

    @Option(help: ArgumentHelp("The program nats-server.", valueName: "path"))
    var natsServer: String = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin"]).map { $0 + "/nats-server" }
            .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "nats-server"
    }()

    @Option(help: "Workers.")
    var workers = 4

    func validate() throws {
        for program in [server, natsServer] where !FileManager.default.isExecutableFile(atPath: program) {
            throw ValidationError("\(program): not found; build or install it, or say where it is")
        }
    }

    var plan: Laboratory.Plan { Laboratory.Plan(server: server, natsServer: natsServer, workers: workers) }
}

extension AkinClusterCheck {
    /// `akin-cluster-check prove`: whether the check sees what is wrong.
    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Plants lies in a cluster's answers and replicas, and sees that each is reported.")

        @OptionGroup var options: LaboratoryOptions

        func run() async throws { try await Proving(plan: options.plan).run() }
    }

    /// `akin-cluster-check break`: faults under load.
    struct Break: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Kills, stops and cuts off parts of a cluster while it is written to and searched.",
            discussion: """
                kill, stop, restart: a worker; nats: one of three servers; router: one of two; cut: the network between two \
                groups of workers (Linux, as root). After each round all replicas must hold the same, and what was \
                acknowledged.
                """)

        @Argument(help: "Rounds of each fault.")
        var rounds: Int

        @Option(help: "Which faults: \(Fault.allCases.map(\.rawValue).joined(separator: ", ")), separated by commas.")
        var faults = "kill,stop,restart,nats,router"

        @OptionGroup var options: LaboratoryOptions

        func run() async throws {
            let faults = try faults.split(separator: ",").map { name in
                guard let fault = Fault(rawValue: String(name)) else {
                    throw ValidationError(
                        "--faults: expected \(Fault.allCases.map(\.rawValue).joined(separator: ", ")), got \(name)")
                }
                return fault
            }
            guard rounds >= 1, !faults.isEmpty else { throw ValidationError("expected 1 round or more of some fault") }
            try await Rounds(plan: options.plan, faults: faults, rounds: rounds).run()
        }
    }
}

extension AkinClusterCheck {
    /// `akin-cluster-check switch`: versions of a published set under load.
    struct Switch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switches a published set between two versions while it is searched; no answer may mix them.")

        @Argument(help: "How often it is switched.") var rounds: Int
        @OptionGroup var options: LaboratoryOptions

        func run() async throws {
            guard rounds >= 2 else { throw ValidationError("expected 2 switches or more, got \(rounds)") }
            try await Switching(plan: options.plan, rounds: rounds).run()
        }
    }

    /// `akin-cluster-check measure`: answers beside one index's, and what the way through NATS costs.
    struct Measuring: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "measure",
            abstract: "Compares a collection of 4 shards with one index over the same points, and times it.")

        @Option(help: "Vectors.")
        var count = 1_000_000

        @Option(help: "Components of each.")
        var dimension = 128

        @Option(help: "Exact queries that are compared.")
        var queries = 10_000

        @Option(name: .customLong("index"), help: "The index of large segments.")
        var spec = "HNSW16"

        @OptionGroup var options: LaboratoryOptions

        func run() async throws {
            guard count >= 1, (1...65_536).contains(dimension), queries >= 1 else {
                throw ValidationError("--count, --dimension and --queries: expected 1 or more")
            }
            var plan = options.plan
            plan.routers = 1
            try await Measure(plan: plan, count: count, dimension: dimension, queries: queries, spec: spec).run()
        }
    }

    /// `akin-cluster-check time-shard`: how long one shard's file takes for each question.
    struct TimeShard: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Times the questions to one index file, one at a time: JSON for scripts/scale.py.")

        @Argument(help: "The .akin file.") var index: String
        @Argument(help: "The queries.") var queries: String
        @Option(help: "Inverted lists to look at.") var nprobe: Int?
        @Option(help: "Candidates kept while walking a graph.") var ef: Int?

        func run() throws { try ShardTimes(index: index, queries: queries, nprobe: nprobe, ef: ef).run() }
    }
}
