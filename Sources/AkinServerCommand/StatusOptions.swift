import AkinServer
import ArgumentParser
import Logging

/// Where a process that serves no HTTP otherwise tells how it is.
struct StatusOptions: ParsableArguments {
    @Option(
        name: .customLong("port"),
        help: "The port of /healthz, /readyz and /metrics; 0 is any that is free (default: none).")
    var port: Int?

    @Option(
        name: .customLong("host"), help: "The address of /healthz, /readyz and /metrics; 0.0.0.0 is every one.")
    var host = "127.0.0.1"

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port: expected 0 to 65535, got \(port)")
        }
    }

    /// Does work, and tells meanwhile how it is.
    func run(
        _ logger: Logger, isReady: @escaping @Sendable () -> Bool, metrics: @escaping @Sendable () -> String,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let port else { return try await body() }
        let server = StatusServer(host: host, port: port, isReady: isReady, metrics: metrics)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return true
            }
            group.addTask { [host] in
                try await server.run(logger) { logger.info("status at http://\(host):\($0)/metrics") }
                return false
            }
            while let isOver = try await group.next() {
                if isOver { group.cancelAll() }
            }
        }
    }
}
