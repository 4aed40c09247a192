/// Which rows of a graph a filter lets pass, and how the graph is best searched for them.
struct GraphFilter: Sendable {
    /// How to search.
    let plan: SearchResult.Filtering
    /// The rows that pass, where they were all looked at.
    let rows: [UInt32]?
    /// A bit for each row, where all were looked at; otherwise the filter is asked of each row that is met.
    private let mask: [UInt64]?
    private let filter: IDFilter
    private let ids: UnsafeSendable<Int64>
    /// The share of rows that pass, which a sample may have told.
    let share: Double
    /// Some rows that pass, from all over the index.
    let seeds: [UInt32]

    /// Rows asked of a filter to learn what share passes, where asking all would take longer than searching.
    private static let sample = 4096
    private static let seedCount = 32

    /// Asks a filter about the rows of an index.
    ///
    /// - Parameters:
    ///   - filter: to ask.
    ///   - index: which must outlive this.
    ///   - queries: how many there are; for many it pays to ask about every row.
    ///   - ef: candidates that a walk keeps.
    ///   - plan: the way of searching, where the caller knows it.
    init(_ filter: IDFilter, _ index: HNSWIndex, queries: Int, ef: Int, plan: SearchResult.Filtering?) {
        let count = index.count
        let ids = index.ids.base.assumingMemoryBound(to: Int64.self)
        self.filter = filter
        self.ids = UnsafeSendable(ids)
        let degree = index.layers[0].degree

        if plan == nil, count > 4 * Self.sample, queries < count / 2048 {
            let asked = (0..<Self.sample).map { UInt32($0 * (count / Self.sample)) }
            let passing = asked.filter { filter.allows(ids[Int($0)]) }
            let share = Double(passing.count) / Double(Self.sample)
            let chosen = Self.plan(matched: Int(share * Double(count)), of: count, ef: ef, degree: degree)
            if passing.count >= 64, chosen != .scan {
                self.plan = chosen
                self.share = share
                seeds = Self.some(of: passing)
                mask = nil
                rows = nil
                return
            }
        }
        var words = [UInt64](repeating: 0, count: (count + 63) / 64)
        let matched = filter.mask(ids, count: count, into: &words)
        share = Double(matched) / Double(max(count, 1))
        let chosen = plan ?? Self.plan(matched: matched, of: count, ef: ef, degree: degree)
        var passing: [UInt32] = []
        passing.reserveCapacity(matched)
        for (i, word) in words.enumerated() {
            var left = word
            while left != 0 {
                passing.append(UInt32(64 * i + left.trailingZeroBitCount))
                left &= left - 1
            }
        }
        self.plan = chosen
        seeds = Self.some(of: passing)
        mask = words
        rows = passing
    }

    /// Whether a row passes.
    func passes(_ row: UInt32) -> Bool {
        guard let mask else { return filter.allows(ids.pointer[Int(row)]) }
        return mask[Int(row >> 6)] >> UInt64(row & 63) & 1 == 1
    }

    /// All rows that pass.
    func allRows(of count: Int) -> [UInt32] { rows ?? (0..<UInt32(count)).filter(passes) }

    /// Candidates that a walk without the filter keeps, so that about `ef` of them pass.
    func wider(_ ef: Int, count: Int) -> Int {
        min(count, Int((Double(ef) / max(share, 1e-6) * 1.1).rounded(.up)))
    }

    private static func some(of rows: [UInt32]) -> [UInt32] {
        let n = min(rows.count, seedCount)
        return (0..<n).map { rows[$0 * rows.count / n] }
    }

    /// The way that compares the fewest codes for the recall of a search without filter.
    ///
    /// A scan compares all that pass. A walk without the filter keeps as many more candidates as the filter lets fewer
    /// pass, at about half a list of links each. A walk across rows that do not pass meets some links' links, and needs
    /// enough of those that pass among them to hang together.
    private static func plan(
        matched: Int, of count: Int, ef: Int, degree: Int
    ) -> SearchResult.Filtering {
        let share = Double(matched) / Double(max(count, 1))
        let (ef, degree) = (Double(ef), Double(degree))
        let scan = Double(matched)
        let wider = share > 0 && ef / share <= 2048 ? ef / share * degree / 2 : .infinity
        let twoHop = share * degree * degree >= 48 ? 3 * ef * degree : .infinity
        if scan <= min(wider, twoHop) { return .scan }
        return wider <= twoHop ? .wider : .twoHop
    }
}

/// An address that threads may read from.
struct UnsafeSendable<Element>: @unchecked Sendable {
    let pointer: UnsafePointer<Element>

    init(_ pointer: UnsafePointer<Element>) { self.pointer = pointer }
}
