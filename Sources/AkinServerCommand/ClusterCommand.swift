import AkinCluster
import AkinServer
import AkinStore
import ArgumentParser
import Foundation
import Logging

/// `akin-server cluster`: shows and changes where replicas are.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Shows and changes how collections are spread over workers.",
        subcommands: [
            Status.self, AddReplica.self, RemoveReplica.self, Move.self, Snapshot.self, Restore.self, Drop.self,
            PublishSet.self, RollBackSet.self,
        ],
        defaultSubcommand: Status.self)
}

/// A shard on the command line: `NAME/NUMBER`.
struct ShardArgument: ExpressibleByArgument {
    var collection: String
    var number: Int

    init?(argument: String) {
        guard let slash = argument.lastIndex(of: "/"), let number = Int(argument[argument.index(after: slash)...]),
            number >= 0, slash > argument.startIndex
        else { return nil }
        collection = String(argument[..<slash])
        self.number = number
    }
}

extension NATSOptions {
    /// Lends a cluster whose maps and heartbeats have been heard.
    func withCluster<T>(_ body: (ClusterAdministration) async throws -> T) async throws -> T {
        var logger = Logger(label: "akin-server") { _ in LineLog(isJSON: false) }
        logger.logLevel = .error
        let names = try names, settings = settings("akin-cluster")
        do {
            let session = try await Blocking.run { [logger] in
                try ClusterLink.connect(settings, names, streamReplicas: 1, patience: 5, logger)
            }
            let directory = ClusterDirectory()
            try directory.attach(session, names)
            let service = ClusterService(ClusterLink(session, names), directory, ClusterSettings())
            let cluster = ClusterAdministration(service)
            try await cluster.listen()
            let result = try await body(cluster)
            await service.close()
            return result
        } catch let error as RequestError {
            // It describes itself for programs.
            throw StoreError.unavailable(error.message)
        }
    }
}

/// Says how far something has come, where people see it and programs do not.
private func tell(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

extension ClusterCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows every replica: its worker, its state and how far it has read.",
            discussion: "Exits with 1 where a replica does not answer.")

        @OptionGroup(title: "NATS") var nats: NATSOptions
        @Flag(help: "Prints one JSON object instead of a table.") var json = false

        func run() async throws {
            let status = try await nats.withCluster { try await $0.status() }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                print(String(decoding: try encoder.encode(status), as: UTF8.self))
            } else {
                print(status.table, terminator: "")
            }
            if !status.isWell { throw ExitCode(1) }
        }
    }

    struct AddReplica: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a replica of a shard, and waits until it answers.")

        @Argument(help: "The shard: COLLECTION/NUMBER.") var shard: ShardArgument
        @Argument(help: "The worker that gets it.") var worker: String
        @OptionGroup(title: "NATS") var nats: NATSOptions
        @Option(help: ArgumentHelp("Seconds to wait until it answers; 0 not to wait.", valueName: "s")) var wait = 600.0

        func run() async throws {
            try await nats.withCluster { cluster in
                try await cluster.addReplica(shard.collection, shard.number, on: worker)
                guard wait > 0, let map = try cluster.service.knownMap(of: shard.collection) else { return }
                try await cluster.waitUntilReady(map.shards[shard.number], worker, within: wait, tell)
            }
        }
    }

    struct RemoveReplica: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a replica of a shard away, where another answers.")

        @Argument(help: "The shard: COLLECTION/NUMBER.") var shard: ShardArgument
        @Argument(help: "The worker that has it.") var worker: String
        @OptionGroup(title: "NATS") var nats: NATSOptions

        func run() async throws {
            try await nats.withCluster { try await $0.removeReplica(shard.collection, shard.number, from: worker) }
        }
    }

    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves a replica of a shard to another worker.",
            discussion:
                "The old one goes once the new one answers. A move that was broken off goes on when it is repeated.")

        @Argument(help: "The shard: COLLECTION/NUMBER.") var shard: ShardArgument
        @Argument(help: "The worker that has it.") var from: String
        @Argument(help: "The worker that gets it.") var to: String
        @OptionGroup(title: "NATS") var nats: NATSOptions
        @Option(help: ArgumentHelp("Seconds to wait until the new one answers.", valueName: "s")) var wait = 600.0

        func run() async throws {
            try await nats.withCluster {
                try await $0.move(shard.collection, shard.number, from: from, to: to, within: wait, progress: tell)
            }
        }
    }

    struct Snapshot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publishes a snapshot of every shard, and prints its name.",
            discussion: "Two are kept. New replicas begin with the newest.")

        @Argument(help: "The collection.") var collection: String
        @OptionGroup(title: "NATS") var nats: NATSOptions
        @Flag(help: "Let the shards' streams forget what the older of the two snapshots has.") var purge = false

        func run() async throws {
            let made = try await nats.withCluster {
                try await $0.service.createSnapshot(of: collection, isPurging: purge)
            }
            print(made.name)
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a published snapshot in the place of a collection.",
            discussion: "What was written since is gone.")

        @Argument(help: "The collection.") var collection: String
        @Argument(help: "The snapshot, or one for each shard (default: the newest that all shards have).")
        var snapshots: [String] = []
        @OptionGroup(title: "NATS") var nats: NATSOptions

        func run() async throws {
            let names = try await nats.withCluster { try await $0.restore(collection, from: snapshots) }
            print(Set(names).count == 1 ? names[0] : names.joined(separator: " "))
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a collection with its snapshots.")

        @Argument(help: "The collection.") var collection: String
        @OptionGroup(title: "NATS") var nats: NATSOptions

        func run() async throws {
            guard try await nats.withCluster({ try await $0.service.drop(collection) }) else {
                throw StoreError.noCollection(collection)
            }
        }
    }
}
