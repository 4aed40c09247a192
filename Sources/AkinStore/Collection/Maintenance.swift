internal import Foundation
internal import Synchronization

/// The threads of a collection that work in the background: one that seals, one that indexes.
///
/// Each takes steps while there is something to do, and otherwise sleeps until it is woken or a second has passed.
final class Maintenance: @unchecked Sendable {
    /// What works in the background.
    enum Worker: Int, CaseIterable {
        case sealer, indexer
    }

    private let condition = NSCondition()
    /// Counts what may have given a worker something to do.
    private var epoch = 0
    /// The epoch at which a worker last found nothing to do; `nil` while it works.
    private var restedAt: [Int?] = Worker.allCases.map { _ in nil }
    private var running = 0
    private var isStopping = false
    private var settlers = 0
    private var lastWrite = ContinuousClock.now
    private var failures: [(any Error)?] = Worker.allCases.map { _ in nil }
    private let jobs = Atomic<Int>(0)
    private let isGivingUp = Atomic<Bool>(false)

    /// Begins to work.
    ///
    /// A step says whether there was something to do.
    func start(_ step: @escaping @Sendable (Worker) throws -> Bool) {
        for worker in Worker.allCases {
            condition.lock()
            running += 1
            condition.unlock()
            let thread = Thread { [self] in run(worker) { try step(worker) } }
            thread.name = "akin.\(worker)"
            thread.start()
        }
    }

    private func run(_ worker: Worker, _ step: () throws -> Bool) {
        let number = worker.rawValue
        while true {
            condition.lock()
            if isStopping {
                running -= 1
                restedAt[number] = epoch
                condition.broadcast()
                condition.unlock()
                return
            }
            let seen = epoch
            condition.unlock()

            var failure: (any Error)?
            var didSomething = false
            do { didSomething = try step() } catch { failure = error }

            condition.lock()
            failures[number] = failure
            if didSomething {
                epoch += 1
                restedAt[number] = nil
                condition.broadcast()
            } else {
                restedAt[number] = seen
                condition.broadcast()
                // What failed may work later, when there is space again.
                let until = Date(timeIntervalSinceNow: failure == nil ? 1 : 5)
                while !isStopping, epoch == seen, condition.wait(until: until) {}
            }
            condition.unlock()
        }
    }

    /// Says that there may be something to do.
    func wake() {
        condition.lock()
        epoch += 1
        condition.broadcast()
        condition.unlock()
    }

    /// Notes a write, which puts off what is done when nobody writes.
    func didWrite() {
        condition.lock()
        lastWrite = .now
        condition.unlock()
    }

    /// Whether nobody has written for so long, or somebody waits for all that can be done.
    func isSettled(after seconds: Double) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return settlers > 0 || ContinuousClock.now - lastWrite > .seconds(seconds)
    }

    /// Whether a worker is at work, or is about to look whether there is any.
    var isBusy: Bool {
        condition.lock()
        defer { condition.unlock() }
        return jobs.load(ordering: .relaxed) > 0 || restedAt.contains { $0 != epoch }
    }

    /// Does some work that takes time.
    func working<Result>(_ body: () throws -> Result) rethrows -> Result {
        jobs.add(1, ordering: .relaxed)
        defer { jobs.subtract(1, ordering: .relaxed) }
        return try body()
    }

    /// Why the last step of a worker failed.
    var failure: (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        return failures.compactMap(\.self).first { !($0 is CancellationError) }
    }

    /// Waits until there is nothing to do any more.
    ///
    /// - Throws: why a step failed.
    func settle() throws {
        condition.lock()
        defer { condition.unlock() }
        settlers += 1
        epoch += 1
        condition.broadcast()
        while !isStopping, !restedAt.allSatisfy({ $0 == epoch }) { condition.wait() }
        settlers -= 1
        if let failure = failures.compactMap(\.self).first { throw failure }
    }

    /// Whether work in progress should be given up.
    var shouldStop: Bool { isGivingUp.load(ordering: .relaxed) }

    /// Ends the work, giving up what is in progress, and waits until it has ended.
    func stop() {
        isGivingUp.store(true, ordering: .relaxed)
        condition.lock()
        isStopping = true
        condition.broadcast()
        while running > 0 { condition.wait() }
        condition.unlock()
    }
}
