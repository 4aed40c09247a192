internal import Dispatch
internal import Synchronization

/// Lets work at a catalogue in until the catalogue is closed, which waits for all that is in.
///
/// The pool of connections that the catalogue is read through must not be closed under a reader: SQLite then works with
/// memory that is gone.
final class CatalogGate: Sendable {
    private struct State {
        var inside = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let isEmpty = DispatchSemaphore(value: 0)

    /// Does work, unless the catalogue is closed.
    ///
    /// - Throws: what `body` throws; `StoreError.unavailable`.
    func enter<Value>(_ body: () throws -> Value) throws -> Value {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.inside += 1 }
            return !state.isClosed
        }
        guard isOpen else { throw StoreError.unavailable("the collection is closed") }
        defer {
            let isLast = state.withLock { state in
                state.inside -= 1
                return state.isClosed && state.inside == 0
            }
            if isLast { isEmpty.signal() }
        }
        return try body()
    }

    /// Lets nothing in any more, and waits until all is out.
    func close() {
        let mustWait = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed && state.inside > 0
        }
        if mustWait { isEmpty.wait() }
    }
}
