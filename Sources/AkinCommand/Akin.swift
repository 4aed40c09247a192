import Akin
import ArgumentParser

/// The program `akin`.
@main
struct AkinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "akin",
        abstract: "Finds images that look alike.",
        discussion: """
            Example, the whole way from images to an answer:
              akin embed photos/ --model builtin -o vectors.npy
              akin build vectors.npy --index Flat -o index.akin
              akin search index.akin vectors.npy -k 10

            `akin demo` does all of it on pictures that it draws itself.
            """,
        version: akinVersion,
        subcommands: [
            Embed.self, Build.self, Search.self, Truth.self, Eval.self, Compare.self, Classify.self, Cluster.self,
            Graph.self, Duplicates.self, Path.self, Plan.self, Info.self, Verify.self, Convert.self, Load.self,
            Serve.self, Worker.self, Router.self, EmbedderCommand.self, Demo.self,
        ]
    )

    static func main() {
        Interruption.listen()
        let arguments = Array(CommandLine.arguments.dropFirst())
        ExitStatus.leave(
            ExitStatus.of {
                if HandOver.isAboutWorkers(arguments) { try HandOver.run(arguments) }
                return try parseAsRoot(nil)
            })
    }
}
