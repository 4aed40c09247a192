import Akin
import ArgumentParser

/// The program `akin-server`.
@main
struct AkinServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin-server",
        abstract: "Serves collections of vectors over HTTP.",
        discussion: """
            Example:
              akin-server serve --data my-collections
              curl localhost:6333/collections
            """,
        version: akinVersion,
        subcommands: [
            Serve.self, WorkerCommand.self, RouterCommand.self, EmbedderCommand.self, ClusterCommand.self,
        ]
    )
}
