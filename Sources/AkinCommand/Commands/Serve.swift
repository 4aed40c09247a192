import ArgumentParser

/// `akin serve`: hands over to the program `akin-server`.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves collections over HTTP, with a page for browsers.",
        discussion: """
            Hands over to the program akin-server, which lies beside this one; `akin serve --help` shows its options.

            Example:
              akin serve --data data/
              akin serve --demo                  # pictures that it draws itself, to try the page with
            """)

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("What akin-server serve takes.", valueName: "options"))
    var options: [String] = []

    func run() throws { try HandOver.run(["serve"] + options) }
}
