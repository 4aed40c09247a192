/// What a condition asks of a payload index, and what the answer is worth.
struct IndexQuestion {
    /// Where the rows stand for which the condition holds.
    var sure: [IndexStretch] = []
    /// Where the rows stand for which it may hold.
    var possible: [IndexStretch] = []
    /// Whether the answer is about all other rows.
    var isNegated = false

    private static let other = [IndexStretch.value(.other)]
    private static let present = [IndexStretch.present]

    /// `nil` where the index tells nothing of the condition.
    init?(_ condition: Filter.Condition, _ kind: PayloadIndexKind) {
        switch condition {
        case .match(_, let value): self.init(any: [value], kind)
        case .any(_, let values): self.init(any: values, kind)
        case .except(_, let values): self.init(except: values, kind)
        case .range(_, let range): self.init(range, kind)
        case .time(_, let range):
            switch kind {
            case .datetime: self.init(sure: [.numbers(range)])
            // Times are texts, of which this index knows only that they are there.
            case .keyword: self.init(possible: Self.present)
            default: self.init(possible: Self.other)
            }
        case .isEmpty: self.init(sure: Self.present, isNegated: true)
        case .isNull: self.init(sure: [.value(.null)])
        case .count(_, let range):
            if range.contains(0) { return nil }
            self.init(possible: Self.present)
        case .hasID, .nested, .filter: return nil
        }
    }

    private init(sure: [IndexStretch] = [], possible: [IndexStretch] = [], isNegated: Bool = false) {
        self.sure = sure
        self.possible = possible
        self.isNegated = isNegated
    }

    private init(any values: [JSON], _ kind: PayloadIndexKind) {
        let scalars = ScalarSet(values)
        switch kind {
        case .keyword:
            sure = scalars.texts.map { .value(IndexValue(text: $0.string)) }
            if !scalars.integers.isEmpty || !scalars.bools.isEmpty { possible = Self.other }
        case .integer:
            sure = scalars.integers.map { .value(.integer($0)) }
            if !scalars.texts.isEmpty || !scalars.bools.isEmpty { possible = Self.other }
        case .bool:
            sure = scalars.bools.map { .value(.integer($0 ? 1 : 0)) }
            if !scalars.texts.isEmpty || !scalars.integers.isEmpty { possible = Self.other }
        case .float:
            // 1 and 1.0 stand there as the same number.
            possible = scalars.integers.map { .value(.number(Double($0))) }
            if !scalars.texts.isEmpty || !scalars.bools.isEmpty { possible += Self.other }
        case .datetime:
            possible = scalars.texts.compactMap { Timestamp(rfc3339: $0.string) }
                .map { .value(.number($0.secondsSince1970)) }
            // Texts that are no times, and all that is no text.
            possible += Self.other
        }
    }

    private init(except values: [JSON], _ kind: PayloadIndexKind) {
        let scalars = ScalarSet(values)
        possible = Self.other
        switch kind {
        case .keyword:
            let texts = scalars.texts.map { IndexValue(text: $0.string) }
            sure = IndexStretch.gaps(between: texts.sortedAsStored, of: kind)
        case .integer:
            sure = IndexStretch.gaps(between: scalars.integers.sorted().map { .integer($0) }, of: kind)
        case .bool:
            sure = IndexStretch.gaps(
                between: scalars.bools.map { $0 ? 1 : 0 }.sorted().map { .integer($0) }, of: kind)
        case .float, .datetime: possible = Self.present
        }
    }

    private init(_ range: Filter.NumberRange, _ kind: PayloadIndexKind) {
        switch kind {
        case .float: sure = [.numbers(range)]
        case .integer:
            // Beyond 2^53 the doubles of different whole numbers are equal, and the index compares the numbers.
            let bounds = [range.above, range.atLeast, range.below, range.atMost].compactMap { $0 }
            if bounds.allSatisfy({ $0.magnitude < 0x1p53 }) {
                sure = [.numbers(range)]
                possible = Self.other
            } else {
                possible = Self.present
            }
        default: possible = Self.other
        }
    }
}

extension [IndexValue] {
    /// In the order of the table: texts by their bytes, then digests.
    fileprivate var sortedAsStored: [IndexValue] {
        sorted {
            switch ($0, $1) {
            case (.text(let a), .text(let b)): a.string.utf8.lexicographicallyPrecedes(b.string.utf8)
            case (.text, .digest): true
            case (.digest(let a), .digest(let b)): a < b
            default: false
            }
        }
    }
}
