internal import Synchronization

/// Up to where a replica has come, and who waits until it has come further.
final class PositionGate: Sendable {
    private struct Waiter {
        var position: UInt64
        var continuation: CheckedContinuation<Bool, Never>
        var clock: Task<Void, any Error>?

        func resume(_ isThere: Bool) {
            clock?.cancel()
            continuation.resume(returning: isThere)
        }
    }

    private struct State {
        var position: UInt64
        var waiters: [UInt64: Waiter] = [:]
        var lastNumber: UInt64 = 0
        var isClosed = false
    }
    private let state: Mutex<State>

    /// Begins somewhere.
    init(_ position: UInt64 = 0) { state = Mutex(State(position: position)) }

    /// Up to where it has come.
    var position: UInt64 { state.withLock { $0.position } }

    /// Says how far it has come, which may be back as well.
    func move(to position: UInt64) {
        let done = state.withLock { state in
            state.position = position
            let done = state.waiters.filter { $0.value.position <= position }
            for number in done.keys { state.waiters[number] = nil }
            return done
        }
        for waiter in done.values { waiter.resume(true) }
    }

    /// Waits, without a thread, until it has come to a position.
    ///
    /// - Returns: whether it has, within this time.
    func wait(for position: UInt64, milliseconds: UInt32) async -> Bool {
        if self.position >= position { return true }
        guard milliseconds > 0 else { return false }
        return await withCheckedContinuation { continuation in
            let (answer, number): (Bool?, UInt64) = state.withLock { state in
                if state.position >= position { return (true, 0) }
                if state.isClosed { return (false, 0) }
                state.lastNumber += 1
                state.waiters[state.lastNumber] = Waiter(position: position, continuation: continuation)
                return (nil, state.lastNumber)
            }
            if let answer { return continuation.resume(returning: answer) }
            let clock = Task { [self] in
                try await Task.sleep(for: .milliseconds(milliseconds))
                end(number)
            }
            let isOver = state.withLock { state in
                state.waiters[number]?.clock = clock
                return state.waiters[number] == nil
            }
            if isOver { clock.cancel() }
        }
    }

    /// Sends all away who wait, and who will.
    func close() {
        let left = state.withLock { state in
            defer { state.waiters = [:] }
            state.isClosed = true
            return state.waiters
        }
        for waiter in left.values { waiter.resume(false) }
    }

    private func end(_ number: UInt64) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.resume(false)
    }
}
