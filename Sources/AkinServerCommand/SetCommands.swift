import AkinCluster
import ArgumentParser

/// `akin-server cluster publish`: switches a published set to another version.
struct PublishSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Makes a version of a read-only set the one that answers, all shards at once.",
        discussion: """
            Workers started with --sets FOLDER open FOLDER/SET/VERSION/shard-N.akin by themselves. Nothing changes unless \
            every shard of the version is open somewhere.

            Example:
              akin cluster publish catalogue v7 --shards 2 --nats nats://127.0.0.1:4222
            """)

    @Argument(help: "The set.") var set: String
    @Argument(help: "The version.") var version: String
    @OptionGroup(title: "NATS") var nats: NATSOptions
    @Option(help: "Shards of the version, numbered from 0.") var shards: Int
    @Option(help: "Workers that must have each shard open.") var copies = 1
    @Option(help: ArgumentHelp("Seconds to wait for them.", valueName: "s")) var wait = 30.0

    func validate() throws {
        guard shards >= 1, copies >= 1, wait >= 0 else {
            throw ValidationError("--shards and --copies: expected 1 or more; --wait: 0 or more")
        }
    }

    func run() async throws {
        let published = try await nats.withCluster { cluster in
            try await SetPublishing(cluster).publish(version, of: set, shards: shards, copies: copies, patience: wait)
        }
        print(published.line(of: set))
    }
}

/// `akin-server cluster rollback`: goes back to the version before.
struct RollBackSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to the version of a read-only set that answered before.")

    @Argument(help: "The set.") var set: String
    @OptionGroup(title: "NATS") var nats: NATSOptions

    func run() async throws {
        let published = try await nats.withCluster { try await SetPublishing($0).rollBack(set) }
        print(published.line(of: set))
    }
}

extension PublishedSet {
    fileprivate func line(of set: String) -> String {
        let before = previous.map { ", before it \($0.name)" } ?? ""
        return "\(set): version \(version.name) answers, \(version.count) vectors in \(version.shards) shards\(before)"
    }
}
