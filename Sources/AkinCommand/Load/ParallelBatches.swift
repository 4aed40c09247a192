import Foundation
import Synchronization

/// Works on batches on several threads; batches are made one at a time, in order.
enum ParallelBatches {
    /// Runs until there are no more batches; the first error stops all threads.
    ///
    /// - Parameters:
    ///   - threads: batches that are worked on at once.
    ///   - next: makes the next batch, `nil` at the end; never called twice at once.
    ///   - work: called on several threads.
    /// - Throws: the first error of either.
    static func run<Batch: Sendable>(
        threads: Int, next: () throws -> Batch?, work: @escaping @Sendable (Batch) throws -> Void
    ) throws {
        let state = State<Batch>()
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                while let batch = state.take() {
                    do { try work(batch) } catch { state.fail(error) }
                }
            }
        }
        defer {
            state.close()
            group.wait()
        }
        do {
            while state.goesOn, let batch = try next() { state.offer(batch, ahead: threads) }
        } catch {
            state.fail(error)
        }
        state.close()
        group.wait()
        if let failure = state.failure { throw failure }
    }

    /// What the threads share.
    private final class State<Batch: Sendable>: @unchecked Sendable {
        private let condition = NSCondition()
        private var batches: [Batch] = []
        private var isClosed = false
        private var error: (any Error)?

        var failure: (any Error)? { condition.withLock { error } }
        var goesOn: Bool { condition.withLock { error == nil } }

        /// Adds a batch, once fewer than `ahead` wait.
        func offer(_ batch: Batch, ahead: Int) {
            condition.withLock {
                while batches.count >= ahead && error == nil { condition.wait() }
                batches.append(batch)
                condition.broadcast()
            }
        }

        func take() -> Batch? {
            condition.withLock {
                while batches.isEmpty && !isClosed && error == nil { condition.wait() }
                guard error == nil, !batches.isEmpty else { return nil }
                condition.broadcast()
                return batches.removeFirst()
            }
        }

        func fail(_ failure: any Error) {
            condition.withLock {
                error = error ?? failure
                condition.broadcast()
            }
        }

        func close() {
            condition.withLock {
                isClosed = true
                condition.broadcast()
            }
        }
    }
}
