import ArgumentParser

/// `akin worker`: hands over to the program `akin-server`.
struct Worker: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Holds replicas of a cluster's shards, and answers for them.",
        discussion: """
            Hands over to the program akin-server, which lies beside this one; `akin worker --help` shows its options.

            Example:
              akin worker --nats nats://127.0.0.1:4222 --name a --data data-a/
            """)

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("What akin-server worker takes.", valueName: "options"))
    var options: [String] = []

    func run() throws { try HandOver.run(["worker"] + options) }
}
