/// Rows of a catalogue: those of a set, or all but those.
///
/// What indexes tell of a `mustNot` is about all other rows; as long as nobody wants to see those, they are not looked up.
enum Rows {
    case only(RowSet)
    case allBut(RowSet)

    static let none = Rows.only(.empty)
    static let all = Rows.allBut(.empty)

    var isNone: Bool { if case .only(let rows) = self { rows.isEmpty } else { false } }

    /// All other rows.
    var complement: Rows {
        switch self {
        case .only(let rows): .allBut(rows)
        case .allBut(let rows): .only(rows)
        }
    }

    /// The rows that are in both.
    func intersection(_ other: Rows) -> Rows {
        switch (self, other) {
        case (.only(let a), .only(let b)): .only(a.intersection(b))
        case (.only(let a), .allBut(let b)), (.allBut(let b), .only(let a)): .only(a.subtracting(b))
        case (.allBut(let a), .allBut(let b)): .allBut(a.union(b))
        }
    }

    /// The rows that are in either.
    func union(_ other: Rows) -> Rows { complement.intersection(other.complement).complement }

    /// The rows of the set, where all rows are `live`.
    func set(of live: @autoclosure () throws -> RowSet) rethrows -> RowSet {
        switch self {
        case .only(let rows): rows
        case .allBut(let rows): try live().subtracting(rows)
        }
    }
}

/// What indexes tell of a condition: rows for which it holds, and rows for which it may.
struct Candidates {
    /// Rows for which it certainly holds; also possible.
    var sure: Rows
    /// Rows for which it may hold; for others it does not.
    var possible: Rows

    /// Nothing is known.
    static let unknown = Candidates(sure: .none, possible: .all)

    /// The condition holds for these rows and no others.
    static func exactly(_ rows: Rows) -> Candidates { Candidates(sure: rows, possible: rows) }

    /// The condition holds for `sure`, and perhaps for others of `possible`.
    static func between(_ sure: RowSet, _ possible: RowSet) -> Candidates {
        Candidates(sure: .only(sure), possible: .only(possible))
    }

    /// The condition holds for none but these, if for them.
    static func within(_ possible: RowSet) -> Candidates { Candidates(sure: .none, possible: .only(possible)) }

    var negated: Candidates { Candidates(sure: possible.complement, possible: sure.complement) }

    func and(_ other: Candidates) -> Candidates {
        Candidates(sure: sure.intersection(other.sure), possible: possible.intersection(other.possible))
    }

    func or(_ other: Candidates) -> Candidates {
        Candidates(sure: sure.union(other.sure), possible: possible.union(other.possible))
    }
}
