import ArgumentParser
import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `akin serve`: hands over to the program `akin-server`, so that this one links no server.
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

    func run() throws {
        let name = "akin-server"
        guard let own = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
            throw CommandError("cannot tell where this program is, so \(name) cannot be found beside it")
        }
        let program = own.deletingLastPathComponent().appendingPathComponent(name).path
        guard access(program, X_OK) == 0 else {
            throw CommandError("\(program): not found; build it with `swift build -c release --product \(name)`")
        }
        var arguments = ([program, "serve"] + options).map { strdup($0) } + [nil]
        execv(program, &arguments)
        throw CommandError("\(program): \(String(cString: strerror(errno)))")
    }
}
