import AkinCluster
import AkinServer
import AkinStore
import ArgumentParser
import Foundation
import Logging

/// `akin-server worker`: holds replicas of shards, and answers for them.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Holds replicas of a cluster's shards, and answers for them.",
        discussion: """
            Takes the shards that the cluster's maps give to its name, keeps them in its folder and reads what is written \
            to them from NATS. SIGTERM or Ctrl-C ends it once routers know and all questions under way are answered. A \
            worker that comes back with its folder goes on where it was; while no NATS server answers it waits.

            Example:
              akin-server worker --nats nats://127.0.0.1:4222 --name a --data data-a/
            """)

    @OptionGroup(title: "NATS") var nats: NATSOptions

    @Option(help: "What the worker is called: 1 to 64 letters, digits, '_' and '-', and no other worker's name.")
    var name: String

    @Option(help: ArgumentHelp("The folder of its replicas; made where there is none.", valueName: "folder"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "The shards that it takes where a map gives them to it: all, or names and numbers, as NAME/0,NAME/3,OTHER.",
            valueName: "list"))
    var shards = "all"

    @Option(
        help: ArgumentHelp(
            "A folder of published sets: FOLDER/SET/VERSION/shard-N.akin, which it opens as they come.",
            valueName: "folder"))
    var sets: String?

    @Option(help: "Questions under way; others are refused, and routers ask another replica.")
    var questions = 1024

    @Option(help: "Threads that search (default: one per core).")
    var threads: Int?

    @OptionGroup(title: "Status") var status: StatusOptions
    @OptionGroup(title: "Durability") var durability: DurabilityOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard ClusterNames.isName(name) else {
            throw ValidationError("--name: expected 1 to 64 letters, digits, '_' and '-', got \"\(name)\"")
        }
        guard AcceptedShards(shards) != nil else {
            throw ValidationError("--shards: expected all, or NAME/0,NAME/3,OTHER, got \"\(shards)\"")
        }
        guard (1...65_536).contains(questions) else {
            throw ValidationError("--questions: expected 1 to 65536, got \(questions)")
        }
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads: expected 1 to 4096, got \(threads)")
        }
    }

    func run() async throws {
        let logger = log.logger()
        var options = WorkerOptions(name: name, folder: data, names: try nats.names)
        options.store = try durability.settings()
        options.shards = AcceptedShards(shards) ?? .all
        options.questions = questions
        options.sets = sets
        options.threads = threads
        options.bucketReplicas = nats.natsReplicas
        try await Termination.run { [options] in
            let connection = try await nats.connect("akin-worker-\(name)", logger)
            defer { connection.close() }
            let worker = ClusterWorker(options, connection, logger)
            try await status.run(
                logger, isReady: { worker.isReady }, metrics: { worker.metrics }
            ) { try await worker.run() }
        }
    }
}
