import Dispatch
import Foundation

/// Ends work when SIGTERM or SIGINT comes, in its own time.
enum Termination {
    /// Does work, and cancels it when a signal comes; returns once it has ended.
    ///
    /// - Throws: what the work throws, unless it is `CancellationError`.
    static func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await body() }
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { task.cancel() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do { try await task.value } catch is CancellationError {}
    }
}
