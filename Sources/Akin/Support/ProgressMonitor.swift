/// How a long operation tells how far it is, and learns that it should stop.
///
/// Every long operation takes one; ``silent`` neither tells nor stops.
public struct ProgressMonitor: Sendable {
    /// One reading of a running operation.
    public struct Update: Sendable, Equatable {
        /// What is being done, in a word or two: "embedding".
        public var phase: String
        /// Units finished.
        public var done: Int
        /// Units in all, where they can be known.
        public var total: Int?

        /// Describes how far a phase is.
        public init(phase: String, done: Int, total: Int?) {
            self.phase = phase
            self.done = done
            self.total = total
        }
    }

    private let onUpdate: @Sendable (Update) -> Void
    private let shouldStop: @Sendable () -> Bool

    /// Tells nobody and never stops.
    public static let silent = ProgressMonitor()

    /// Calls `onUpdate` from time to time, from any thread, and asks `shouldStop` as often.
    public init(
        onUpdate: @escaping @Sendable (Update) -> Void = { _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) {
        self.onUpdate = onUpdate
        self.shouldStop = shouldStop
    }

    /// Reports progress; throws `CancellationError` when the operation should stop.
    public func update(_ phase: String, done: Int, total: Int?) throws(CancellationError) {
        onUpdate(Update(phase: phase, done: done, total: total))
        if shouldStop() { throw CancellationError() }
    }

    /// A monitor that tells nothing and stops when this one does: for a part of a longer operation.
    package var quiet: ProgressMonitor { ProgressMonitor(shouldStop: shouldStop) }
}
