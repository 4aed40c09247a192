internal import Foundation
internal import Synchronization

/// How many questions a worker answers at the same time.
final class QuestionBudget: Sendable {
    let limit: Int
    private let running = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = limit }

    /// Questions under way.
    var runningCount: Int { running.load(ordering: .relaxed) }
    /// Questions that were refused.
    var refusedCount: Int { refused.load(ordering: .relaxed) }

    /// Begins a question; false where there are too many.
    func take() -> Bool {
        guard running.add(1, ordering: .relaxed).newValue <= limit else {
            running.subtract(1, ordering: .relaxed)
            refused.add(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Ends a question.
    func giveBack() { running.subtract(1, ordering: .releasing) }

    /// Waits until none is under way; false where that takes longer.
    ///
    /// Blocks.
    func drain(within seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while running.load(ordering: .acquiring) > 0 {
            guard ContinuousClock.now < end else { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }
}
