import Akin

/// One phase of a long operation and the words that describe how far it is.
struct ProgressPhase: Sendable {
    let name: String
    let started: ContinuousClock.Instant
    /// Units that an earlier run had finished; they do not count towards the rate.
    let doneAtStart: Int
    private(set) var done = 0
    private(set) var total: Int?

    init(name: String, started: ContinuousClock.Instant, doneAtStart: Int) {
        self.name = name
        self.started = started
        self.doneAtStart = doneAtStart
        done = doneAtStart
    }

    /// Whether a reading belongs to this phase: two sets of images are embedded one after the other under one name.
    func isSame(as reading: ProgressMonitor.Update) -> Bool {
        name == reading.phase && (total == nil || reading.total == nil || total == reading.total)
    }

    /// Takes a reading; readings that come late from another thread do not turn the count back.
    mutating func take(done: Int, total: Int?) {
        self.done = max(self.done, done)
        self.total = total ?? self.total
    }

    /// Units per second since the phase began; `nil` before anything was finished.
    func rate(at now: ContinuousClock.Instant) -> Double? {
        let seconds = (now - started).inSeconds
        guard done > doneAtStart, seconds > 0 else { return nil }
        return Double(done - doneAtStart) / seconds
    }

    /// "embedding  [=====>    ]  1,200 of 21,600  115/s  2:57 left", cut to the terminal's width.
    func bar(at now: ContinuousClock.Instant, columns: Int) -> String {
        let words = details(at: now)
        guard let total, total > 0 else { return String("\(name)  \(words)".prefix(columns - 1)) }
        // Room is kept for the words to grow, so that the bar keeps its length.
        let room = min(40, columns - name.count - max(words.count, 40) - 7)
        guard room >= 5 else { return String("\(name)  \(words)".prefix(columns - 1)) }
        let filled = min(room, room * done / total)
        let track = String(repeating: "=", count: filled) + String(repeating: " ", count: room - filled)
        return "\(name)  [\(track)]  \(words)"
    }

    /// The same without the bar, for a log.
    func line(at now: ContinuousClock.Instant) -> String { "\(name): \(details(at: now))" }

    private func details(at now: ContinuousClock.Instant) -> String {
        var words = total.map { "\(done.grouped) of \($0.grouped)" } ?? done.grouped
        guard let rate = rate(at: now) else { return words }
        words += "  " + (rate >= 10 ? Int(rate.rounded()).grouped : rate.text(decimals: 1)) + "/s"
        if let total, total > done {
            words += "  \(Duration.seconds(Double(total - done) / rate).asClock) left"
        } else {
            words += "  \((now - started).asClock)"
        }
        return words
    }
}
