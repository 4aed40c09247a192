internal import Foundation

/// Threads for work that blocks, and a bounded queue before them.
///
/// Work that waits longer than it may is refused rather than done late: whoever asked has gone by then. Its threads keep
/// a pool alive until it is closed.
public final class WorkPool: @unchecked Sendable {
    private struct Job {
        let enqueued: ContinuousClock.Instant
        /// Does the work, or says why not.
        let run: @Sendable (Overload?) -> Void
    }

    private let queueLength: Int
    private let patience: Duration
    // Guards all that follows.
    private let condition = NSCondition()
    private var jobs: [Job?] = []
    private var first = 0
    private var idle = 0
    private var running = 0
    private var isClosed = false
    private var threads: Int

    /// Starts threads.
    ///
    /// - Parameters:
    ///   - name: what the threads are called.
    ///   - threads: 1 or more.
    ///   - queueLength: jobs that may wait; others are refused at once.
    ///   - seconds: how long a job may wait.
    public init(_ name: String, threads: Int, queueLength: Int, seconds: Double) {
        precondition(threads > 0)
        self.queueLength = queueLength
        self.threads = threads
        patience = .seconds(seconds)
        for i in 0..<threads {
            let thread = Thread { [self] in work() }
            thread.name = "\(name)-\(i)"
            thread.stackSize = 8 << 20
            thread.start()
        }
        let watch = Thread { [weak self] in
            while let self, !self.expire() { Thread.sleep(forTimeInterval: 0.1) }
        }
        watch.name = "\(name)-watch"
        watch.start()
    }

    /// Does work on one of the threads.
    ///
    /// - Throws: what `body` throws, or ``Overload`` where it was not tried.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = enqueue { refusal in
                if let refusal {
                    continuation.resume(throwing: refusal)
                } else {
                    continuation.resume(with: Result(catching: body))
                }
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    /// Work under way and waiting.
    public var load: ServiceLoad {
        condition.withLock { ServiceLoad(running: running, waiting: jobs.count - first) }
    }

    /// Does what waits, takes no more, and returns when all threads have ended.
    public func close() async {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
        while condition.withLock({ threads > 0 }) { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private func enqueue(_ run: @escaping @Sendable (Overload?) -> Void) -> (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return CancellationError() }
        guard jobs.count - first < queueLength + idle else {
            return Overload("\(queueLength) calls wait already")
        }
        jobs.append(Job(enqueued: .now, run: run))
        if idle > 0 { condition.signal() }
        return nil
    }

    private func work() {
        condition.lock()
        while true {
            if let job = next() {
                running += 1
                condition.unlock()
                let isLate = ContinuousClock.now - job.enqueued > patience
                job.run(isLate ? Self.late : nil)
                condition.lock()
                running -= 1
            } else if isClosed {
                threads -= 1
                condition.unlock()
                return
            } else {
                idle += 1
                condition.wait()
                idle -= 1
            }
        }
    }

    /// Refuses what has waited too long, while all threads are busy with something else; true once the pool is closed.
    private func expire() -> Bool {
        let now = ContinuousClock.now
        var late: [Job] = []
        let isClosed = condition.withLock {
            while first < jobs.count, let job = jobs[first], now - job.enqueued > patience {
                late.append(job)
                _ = next()
            }
            return self.isClosed
        }
        for job in late { job.run(Self.late) }
        return isClosed
    }

    /// Takes the oldest job.
    private func next() -> Job? {
        guard first < jobs.count else { return nil }
        let job = jobs[first]
        jobs[first] = nil
        first += 1
        if first == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 1024 {
            jobs.removeFirst(first)
            first = 0
        }
        return job
    }

    private static let late = Overload("other calls took too long to wait for")
}
