internal import AkinServer
internal import Dispatch
internal import Synchronization

extension Blocking {
    /// Does asynchronous work from a thread that has nothing else to do, and waits for it; `stop` cancels the work.
    static func wait<T: Sendable>(
        until stop: StopSignal, _ body: @escaping @Sendable () async throws -> T
    ) throws -> T {
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox<T>()
        let task = Task {
            let result: Result<T, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            box.result.withLock { $0 = result }
            done.signal()
        }
        while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if stop.isStopping { task.cancel() }
        }
        guard let result = box.result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

private final class ResultBox<T: Sendable>: Sendable {
    let result = Mutex<Result<T, any Error>?>(nil)
}
