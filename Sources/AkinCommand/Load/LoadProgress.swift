import Akin
import Synchronization

/// How far a load is, counted by several threads.
final class LoadProgress: Sendable {
    /// What became of what was to be loaded.
    struct Counts: Sendable {
        var loaded = 0
        /// Stored already.
        var present = 0
        /// Refused by the service, or not to be read here.
        var failed = 0
        var done: Int { loaded + present + failed }
    }

    private let counted = Mutex(Counts())
    private let total: Int
    private let monitor: ProgressMonitor
    private let note: @Sendable (String) -> Void
    /// Failures that are told one by one.
    private static let mostNotes = 20

    init(total: Int, session: Session) {
        self.total = total
        monitor = session.monitor
        note = { session.note($0) }
    }

    var counts: Counts { counted.withLock { $0 } }

    /// Counts, and throws after Ctrl-C.
    func add(loaded: Int = 0, present: Int = 0) throws {
        let done = counted.withLock {
            $0.loaded += loaded
            $0.present += present
            return $0.done
        }
        try monitor.update("loading", done: done, total: total)
    }

    /// Counts something that cannot be loaded, and says so unless there are very many.
    func fail(_ what: String, _ reason: String) {
        let failed = counted.withLock {
            $0.failed += 1
            return $0.failed
        }
        if failed <= Self.mostNotes { note("\(what): \(reason)") }
        if failed == Self.mostNotes { note("more that cannot be loaded is counted, not named") }
    }
}
