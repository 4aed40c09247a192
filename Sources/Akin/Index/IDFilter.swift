/// Which ids a search may return.
///
/// A filter is applied while lists are scanned, so a search still finds k neighbours where enough pass.
///
/// ```swift
/// var options = SearchOptions()
/// options.filter = .range(1_000..<2_000)
/// ```
public struct IDFilter: Sendable {
    private enum Rule: Sendable {
        case bits(first: Int64, words: [UInt64])
        case members(Set<Int64>)
        case range(Range<Int64>)
        case predicate(@Sendable (Int64) -> Bool)
    }

    private var rule: Rule
    private var isInverted = false

    /// Lets the ids of a range pass.
    public static func range(_ range: Range<Int64>) -> IDFilter { IDFilter(rule: .range(range)) }

    /// Lets the ids of a set pass.
    public static func members(of set: Set<Int64>) -> IDFilter { IDFilter(rule: .members(set)) }

    /// Lets id `first + i` pass where bit `i` is set: bit `i % 64` of word `i / 64`, the lowest first.
    public static func bitmap(_ words: [UInt64], first: Int64 = 0) -> IDFilter {
        IDFilter(rule: .bits(first: first, words: words))
    }

    /// Lets the ids pass for which `isAllowed` is true; it is called from several threads.
    public static func predicate(_ isAllowed: @escaping @Sendable (Int64) -> Bool) -> IDFilter {
        IDFilter(rule: .predicate(isAllowed))
    }

    /// Lets pass what this filter does not.
    public var inverted: IDFilter { IDFilter(rule: rule, isInverted: !isInverted) }

    /// Whether an id passes.
    public func allows(_ id: Int64) -> Bool { passes(id) != isInverted }

    private func passes(_ id: Int64) -> Bool {
        switch rule {
        case .range(let range): return range.contains(id)
        case .members(let set): return set.contains(id)
        case .predicate(let isAllowed): return isAllowed(id)
        case .bits(let first, let words):
            let (bit, overflow) = id.subtractingReportingOverflow(first)
            guard !overflow, bit >= 0, bit < Int64(words.count) * 64 else { return false }
            return words[Int(bit / 64)] >> UInt64(bit % 64) & 1 == 1
        }
    }

    /// Writes a bit for each id, set where it passes, and zeros to the end of the last word; gives how many pass.
    func mask(_ ids: UnsafePointer<Int64>, count: Int, into words: UnsafeMutablePointer<UInt64>) -> Int {
        var passed = 0
        for first in stride(from: 0, to: count, by: 64) {
            var word: UInt64 = 0
            for i in 0..<min(64, count - first) where allows(ids[first + i]) { word |= 1 << UInt64(i) }
            words[first / 64] = word
            passed += word.nonzeroBitCount
        }
        return passed
    }
}
