import AkinServer
import Foundation
import Testing

@Suite struct WorkPoolTests {
    @Test func workIsDoneOnSoManyThreads() async throws {
        let pool = WorkPool("test", threads: 3, queueLength: 1_000, seconds: 60)
        let now = Shared((running: 0, most: 0))
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for i in 0..<300 {
                group.addTask {
                    try await pool.run {
                        now.withLock {
                            $0.running += 1
                            $0.most = max($0.most, $0.running)
                        }
                        Thread.sleep(forTimeInterval: 0.0005)
                        now.withLock { $0.running -= 1 }
                        return i
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 300 * 299 / 2)
        #expect(now.withLock { $0.most } <= 3)
        await pool.close()
    }

    @Test func errorsComeBack() async throws {
        let pool = WorkPool("test", threads: 1, queueLength: 1, seconds: 60)
        await #expect(throws: Overload("no")) { try await pool.run { throw Overload("no") } }
        await pool.close()
        await #expect(throws: CancellationError.self) { try await pool.run {} }
    }

    @Test func aFullQueueRefusesAtOnceAndForgets() async throws {
        let pool = WorkPool("test", threads: 1, queueLength: 2, seconds: 60)
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        async let first: Void = pool.run {
            started.signal()
            gate.wait()
        }
        await Self.wait(started)
        async let second: Int = pool.run { 2 }
        async let third: Int = pool.run { 3 }
        while pool.load.waiting < 2 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(pool.load == ServiceLoad(running: 1, waiting: 2))
        await #expect(throws: Overload.self) { try await pool.run {} }
        gate.signal()
        try await first
        #expect(try await second + third == 5)
        try await pool.run {}
        #expect(pool.load.waiting == 0)
        await pool.close()
    }

    @Test func whoWaitsTooLongIsRefusedThoughEveryThreadIsBusy() async throws {
        let pool = WorkPool("test", threads: 1, queueLength: 10, seconds: 0.05)
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        async let first: Void = pool.run {
            started.signal()
            gate.wait()
        }
        await Self.wait(started)
        let wasRun = Shared(false)
        // Comes back while the only thread still waits for the gate.
        await #expect(throws: Overload.self) { try await pool.run { wasRun.withLock { $0 = true } } }
        gate.signal()
        try await first
        await pool.close()
        #expect(!wasRun.withLock { $0 })
    }

    @Test func closingDoesWhatWaitsAndTakesNoMore() async throws {
        let pool = WorkPool("test", threads: 1, queueLength: 100, seconds: 60)
        let gate = DispatchSemaphore(value: 0)
        let done = Shared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await pool.run {
                        gate.wait()
                        done.withLock { $0 += 1 }
                    }
                }
            }
            while pool.load != ServiceLoad(running: 1, waiting: 19) { try await Task.sleep(for: .milliseconds(1)) }
            group.addTask { await pool.close() }
            for _ in 0..<20 { gate.signal() }
            try await group.waitForAll()
        }
        #expect(done.withLock { $0 } == 20)
        #expect(pool.load == ServiceLoad())
        await #expect(throws: CancellationError.self) { try await pool.run {} }
    }

    private static func wait(_ semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                semaphore.wait()
                continuation.resume()
            }
        }
    }
}
