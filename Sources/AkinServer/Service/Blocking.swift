internal import Dispatch

/// Runs what blocks beside the threads that tasks share.
package enum Blocking {
    /// Does work on a thread of its own kind, and waits without one.
    package static func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
