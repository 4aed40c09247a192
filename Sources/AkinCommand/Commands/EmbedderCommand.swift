import ArgumentParser

/// `akin embedder`: hands over to the program `akin-server`.
struct EmbedderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embedder",
        abstract: "Makes vectors of pictures for the routers of a cluster.",
        discussion: """
            Hands over to the program akin-server, which lies beside this one; `akin embedder --help` shows its options.

            Example:
              akin embedder --nats nats://127.0.0.1:4222 --model clip/
            """)

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("What akin-server embedder takes.", valueName: "options"))
    var options: [String] = []

    func run() throws { try HandOver.run(["embedder"] + options) }
}
