internal import Foundation

/// How long to wait before something is tried again: longer each time, up to a limit.
struct Backoff: Sendable {
    private let first, longest: Double
    private var next: Double

    /// Waits `first` seconds at first, and `longest` at last.
    init(first: Double = 0.1, longest: Double = 2) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// Seconds to wait now.
    mutating func wait() -> Double {
        defer { next = min(longest, next * 2) }
        return next
    }

    /// Begins anew, after something went well.
    mutating func reset() { next = first }
}

extension NATSFailure {
    /// Whether the same may go well later, without anybody doing something.
    var isPassing: Bool {
        switch kind {
        case .away, .timeout, .noResponders: true
        case .notFound, .conflict, .tooLarge, .refused, .other: false
        }
    }
}
