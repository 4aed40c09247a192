import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Becomes the program `akin-server`, which lies beside this one, so that this one links no server.
enum HandOver {
    private static let name = "akin-server"
    /// What `akin cluster` means for a cluster of workers rather than for clusters of vectors.
    static let clusterCommands: Set<String> = [
        "status", "snapshot", "restore", "move", "add-replica", "remove-replica", "drop", "publish", "rollback",
    ]

    /// Becomes the program; returns only by throwing.
    ///
    /// - Parameter arguments: its sub-command and what that takes.
    /// - Throws: `CommandError` where the program is not there.
    static func run(_ arguments: [String]) throws {
        guard let own = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
            throw CommandError("cannot tell where this program is, so \(name) cannot be found beside it")
        }
        let program = own.deletingLastPathComponent().appendingPathComponent(name).path
        guard access(program, X_OK) == 0 else {
            throw CommandError("\(program): not found; build it with `swift build -c release --product \(name)`")
        }
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        execv(program, &pointers)
        throw CommandError("\(program): \(String(cString: strerror(errno)))")
    }

    /// Whether these arguments of `akin` are about a cluster of workers: `cluster status`, but not `cluster ./status`.
    static func isAboutWorkers(_ arguments: [String]) -> Bool {
        arguments.count >= 2 && arguments[0] == "cluster" && clusterCommands.contains(arguments[1])
    }
}
