import Foundation

/// Runs tasks on several threads and hands their results over in the order of the tasks.
///
/// The caller's thread lists tasks and takes results; at most `window` tasks are listed and not yet taken, which bounds the
/// memory whatever their number. Of the `threads` workers any may wait, for a disk or a network, while `cores` of them
/// compute: a task asks for a core with ``Worker/computing(_:)``.
struct OrderedWork {
    /// Threads that work on tasks.
    let threads: Int
    /// Threads that may compute at a time.
    let cores: Int
    /// Tasks listed and not yet taken, at most.
    let window: Int

    /// What a task sees of the machinery around it.
    struct Worker: Sendable {
        fileprivate let slots: DispatchSemaphore
        fileprivate let queue: any StopFlag

        /// Whether the work is being given up; what a task has by then is still taken, if all before it is there.
        var isStopped: Bool { queue.isStopped }

        /// Runs `body` when one of the cores is free.
        func computing<Result>(_ body: () -> Result) -> Result {
            slots.wait()
            defer { slots.signal() }
            return body()
        }
    }

    /// Runs all tasks.
    ///
    /// An error of `next` is thrown after the results of the tasks before it have been taken. When `tick` throws, the
    /// results that are there without a gap are taken first. An error of `take` ends the work at once.
    ///
    /// - Parameters:
    ///   - next: lists the next task; `nil` after the last. On the caller's thread.
    ///   - work: does one task. On many threads at once.
    ///   - take: receives the results in order; false says that nothing after this one is wanted. On the caller's thread.
    ///   - tick: called on the caller's thread several times a second.
    /// - Throws: what `next`, `take` and `tick` throw.
    func run<Task: Sendable, Result: Sendable>(
        next: () throws -> Task?, work: @escaping @Sendable (Task, Worker) -> Result,
        take: (Result) throws -> Bool, tick: () throws -> Void
    ) throws {
        let queue = WorkQueue<Task, Result>()
        let worker = Worker(slots: DispatchSemaphore(value: cores), queue: queue)
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            let thread = Thread {
                while let (index, task) = queue.takeTask() { queue.finish(index, work(task, worker)) }
                group.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        func end() {
            queue.stop()
            group.wait()
        }

        var isListed = false
        var listingError: (any Error)?
        var taken = 0
        do {
            while true {
                while !isListed && queue.listed - taken < window {
                    do {
                        guard let task = try next() else { isListed = true; break }
                        queue.add(task)
                    } catch {
                        listingError = error
                        isListed = true
                    }
                }
                if isListed && taken == queue.listed { break }
                if let result = queue.takeResult(taken, within: 0.1) {
                    taken += 1
                    guard try take(result) else { break }
                }
                do {
                    try tick()
                } catch {
                    end()
                    while let result = queue.takeResult(taken, within: 0) {
                        taken += 1
                        guard try take(result) else { break }
                    }
                    throw error
                }
            }
        } catch {
            end()
            throw error
        }
        end()
        if let listingError { throw listingError }
    }
}

private protocol StopFlag: Sendable {
    var isStopped: Bool { get }
}

/// Tasks waiting for a thread and results waiting for their turn; every member is guarded by `condition`.
private final class WorkQueue<Task: Sendable, Result: Sendable>: StopFlag, @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [Task] = []
    private var started = 0
    private var results: [Int: Result] = [:]
    private var stopped = false

    /// Tasks added so far.
    var listed: Int { locked { started + waiting.count } }

    var isStopped: Bool { locked { stopped } }

    func add(_ task: Task) {
        locked {
            waiting.append(task)
            condition.broadcast()
        }
    }

    /// The next task and its number; `nil` when the work has ended.
    func takeTask() -> (Int, Task)? {
        locked {
            while waiting.isEmpty && !stopped { condition.wait() }
            guard !stopped else { return nil }
            started += 1
            return (started - 1, waiting.removeFirst())
        }
    }

    func finish(_ index: Int, _ result: Result) {
        locked {
            results[index] = result
            condition.broadcast()
        }
    }

    /// The result of task `index`, if it comes within so many seconds.
    func takeResult(_ index: Int, within seconds: Double) -> Result? {
        locked {
            let end = Date(timeIntervalSinceNow: seconds)
            while results[index] == nil {
                guard seconds > 0, condition.wait(until: end) else { break }
            }
            return results.removeValue(forKey: index)
        }
    }

    func stop() {
        locked {
            stopped = true
            condition.broadcast()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }
}
