import ArgumentParser
import Foundation

/// The program `akin-cluster-check`: whether a cluster answers rightly while its parts fail, and how fast it is.
@main
struct AkinClusterCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin-cluster-check",
        abstract: "Starts a cluster on this machine, breaks it in many ways, and looks at every answer.",
        subcommands: [Break.self])
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
