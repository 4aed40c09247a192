import ArgumentParser

/// `akin router`: hands over to the program `akin-server`.
struct Router: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the collections of a cluster over HTTP, with a page for browsers.",
        discussion: """
            Hands over to the program akin-server, which lies beside this one; `akin router --help` shows its options.

            Example:
              akin router --nats nats://127.0.0.1:4222 --port 6333
            """)

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("What akin-server router takes.", valueName: "options"))
    var options: [String] = []

    func run() throws { try HandOver.run(["router"] + options) }
}
