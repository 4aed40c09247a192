internal import GRDB

/// A stretch of the sorted values of a payload index.
struct IndexStretch {
    /// Between two values, or at one.
    private enum End {
        case value(IndexValue)
        /// Where numbers end and texts begin.
        case numbers
        /// Where texts and their digests end and the marks begin.
        case texts
        /// Where the mark of a null stands.
        case marks
    }

    private var lower: (end: End, isIn: Bool)?
    private var upper: (end: End, isIn: Bool)?

    /// One value.
    static func value(_ value: IndexValue) -> IndexStretch {
        IndexStretch(lower: (.value(value), true), upper: (.value(value), true))
    }

    /// The numbers within bounds.
    static func numbers(_ range: Filter.NumberRange) -> IndexStretch {
        var stretch = IndexStretch(upper: (.numbers, false))
        switch (range.above, range.atLeast) {
        case (let above?, let least?) where above >= least: stretch.lower = (.value(.number(above)), false)
        case (let above?, nil): stretch.lower = (.value(.number(above)), false)
        case (_, let least?): stretch.lower = (.value(.number(least)), true)
        case (nil, nil): break
        }
        switch (range.below, range.atMost) {
        case (let below?, let most?) where below <= most: stretch.upper = (.value(.number(below)), false)
        case (let below?, nil): stretch.upper = (.value(.number(below)), false)
        case (_, let most?): stretch.upper = (.value(.number(most)), true)
        case (nil, nil): break
        }
        return stretch
    }

    /// All values that are there, the mark of other kinds included.
    static let present = IndexStretch(upper: (.marks, false))

    /// The values of the index's kind that lie between those of a list.
    static func gaps(between values: [IndexValue], of kind: PayloadIndexKind) -> [IndexStretch] {
        let end: End = kind == .keyword ? .texts : .numbers
        var gaps: [IndexStretch] = []
        var lower: (end: End, isIn: Bool)?
        for value in values {
            gaps.append(IndexStretch(lower: lower, upper: (.value(value), false)))
            lower = (.value(value), false)
        }
        return gaps + [IndexStretch(lower: lower, upper: (end, false))]
    }

    /// `WHERE` with its parameters in order.
    fileprivate var condition: String {
        var parts: [String] = []
        if let lower { parts.append("value \(lower.isIn ? ">=" : ">") ?") }
        if let upper { parts.append("value \(upper.isIn ? "<=" : "<") ?") }
        return parts.isEmpty ? "" : " WHERE " + parts.joined(separator: " AND ")
    }

    fileprivate func bind(to statement: PreparedStatement) {
        var place: Int32 = 1
        for end in [lower?.end, upper?.end] {
            switch end {
            case .value(let value)?: statement.bind(value, at: place)
            case .numbers?: statement.bind("", at: place)
            case .texts?: statement.bind(.other, at: place)
            case .marks?: statement.bind(.null, at: place)
            case nil: continue
            }
            place += 1
        }
    }
}

extension PayloadIndex {
    /// The rows of a stretch; a row may come more than once.
    func append(_ stretch: IndexStretch, to rows: inout [Int64], on database: Database) throws {
        let select = try PreparedStatement("SELECT row FROM \(table)\(stretch.condition)", on: database)
        stretch.bind(to: select)
        try select.forEach { rows.append($0.int64(0)) }
    }

    /// The rows of several stretches.
    func rows(_ stretches: [IndexStretch], on database: Database) throws -> RowSet {
        var rows: [Int64] = []
        for stretch in stretches { try append(stretch, to: &rows, on: database) }
        return RowSet(rows)
    }

    /// Calls `body` for numbers and their rows in their order until it gives `false`.
    func walk(
        _ stretch: IndexStretch, isDescending: Bool, on database: Database, _ body: (JSON, Int64) throws -> Bool
    ) throws {
        let select = try PreparedStatement(
            "SELECT value, row FROM \(table)\(stretch.condition) ORDER BY value"
                + (isDescending ? " DESC, row DESC" : ", row"), on: database)
        stretch.bind(to: select)
        try select.walk { try body($0.number(0), $0.int64(1)) }
    }

    /// Entries in a stretch, counted up to `limit`.
    func count(_ stretch: IndexStretch, limit: Int, on database: Database) throws -> Int {
        let count = try PreparedStatement(
            "SELECT count(*) FROM (SELECT 1 FROM \(table)\(stretch.condition) LIMIT \(limit))", on: database)
        stretch.bind(to: count)
        return try count.first { $0.int(0) } ?? 0
    }
}
