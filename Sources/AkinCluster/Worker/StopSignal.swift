internal import Foundation

/// Tells a thread to end, also while it waits.
final class StopSignal: @unchecked Sendable {
    private let condition = NSCondition()
    private var isSet = false

    /// Whether it is time to end.
    var isStopping: Bool { condition.withLock { isSet } }

    /// Says that it is time to end.
    func stop() {
        condition.withLock {
            isSet = true
            condition.broadcast()
        }
    }

    /// Waits so long, or until it is time to end; says whether it is.
    @discardableResult
    func wait(_ seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while !isSet, condition.wait(until: end) {}
            return isSet
        }
    }
}
