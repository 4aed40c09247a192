import Akin
import Synchronization

/// Draws how far a long operation is, on standard error.
///
/// On a terminal one line is redrawn, at most ten times a second. Anywhere else a phase that takes long says so in a line now
/// and then, so that a log stays readable. Updates may come from any thread.
final class ProgressRenderer: Sendable {
    /// How to show progress.
    enum Style: Sendable {
        /// Not at all.
        case silent
        /// A bar that is redrawn in place.
        case bar
        /// Lines, some seconds apart.
        case lines

        /// The least time between two drawings.
        var interval: Duration {
            switch self {
            case .silent: .seconds(86_400)
            case .bar: .milliseconds(100)
            case .lines: .seconds(10)
            }
        }
    }

    private struct State {
        var phase: ProgressPhase?
        var lastDrawn: ContinuousClock.Instant?
        var isLineOpen = false
    }

    private let style: Style
    private let state = Mutex(State())

    init(style: Style) { self.style = style }

    /// Takes a reading and draws it when it is time to.
    func update(_ reading: ProgressMonitor.Update) {
        guard style != .silent else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            if state.phase?.isSame(as: reading) != true {
                Self.finish(&state, style: style, at: now)
                state.phase = ProgressPhase(name: reading.phase, started: now, doneAtStart: reading.done)
                state.lastDrawn = style == .lines ? now : nil
            }
            state.phase?.take(done: reading.done, total: reading.total)
            if let last = state.lastDrawn, now - last < style.interval { return }
            state.lastDrawn = now
            Self.draw(&state, style: style, at: now)
        }
    }

    /// Writes a line of its own; a bar that is on the screen comes back with the next reading.
    func note(_ line: String) {
        state.withLock { state in
            if state.isLineOpen {
                Console.printError("\r\u{1B}[2K")
                state.isLineOpen = false
                state.lastDrawn = nil
            }
            Console.printError(line + "\n")
        }
    }

    /// Leaves the last reading on the screen and starts a fresh line.
    func finish() {
        state.withLock { state in
            Self.finish(&state, style: style, at: .now)
            state.phase = nil
        }
    }

    private static func draw(_ state: inout State, style: Style, at now: ContinuousClock.Instant) {
        guard let phase = state.phase else { return }
        switch style {
        case .silent: break
        case .bar:
            Console.printError("\r\u{1B}[2K" + phase.bar(at: now, columns: Console.columns))
            state.isLineOpen = true
        case .lines: Console.printError(phase.line(at: now) + "\n")
        }
    }

    private static func finish(_ state: inout State, style: Style, at now: ContinuousClock.Instant) {
        guard state.isLineOpen else { return }
        draw(&state, style: style, at: now)
        Console.printError("\n")
        state.isLineOpen = false
    }
}
