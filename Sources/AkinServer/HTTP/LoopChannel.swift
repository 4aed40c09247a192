internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Connections whose tasks run on their own event loops.
///
/// A request then comes, is read, and is answered on one thread, and only its search on another; with Swift's own threads
/// between them every request wakes two threads more. What runs there must be short, or step aside (``aside(_:)``). They
/// end once their clients have what was written (``CloseAfterWrites``).
struct LoopChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base

    init(_ base: Base) { self.base = base }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        do { try channel.pipeline.syncOperations.addHandler(CloseAfterWrites()) } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on an event loop.
private final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs on Swift's own threads what would keep other connections waiting.
func aside<T: Sendable>(_ body: () async throws -> T) async rethrows -> T {
    try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
}
