internal import GRDB

extension Catalog {
    /// A point in the order of a member of the payloads.
    package struct OrderedPoint: Sendable, Equatable {
        /// Its name.
        package var id: PointID
        /// Its row.
        package var row: Int64
        /// The number by which it stands here; seconds since 1970 of a time.
        package var value: JSON
    }

    /// Points that a filter lets pass, in the order of the numbers or times of an indexed member.
    ///
    /// A point with several numbers comes once for each, one without any does not come.
    ///
    /// - Parameters:
    ///   - filter: which points.
    ///   - path: a member that is indexed as integer, float or datetime.
    ///   - isDescending: whether large numbers and late times come first.
    ///   - start: the first number that may come; `nil` for the beginning.
    ///   - limit: how many, 1 or more.
    /// - Returns: at most `limit`, those of equal numbers in the order of their rows.
    /// - Throws: ``StoreError/invalid(field:expected:actual:)`` where the member has no such index.
    package func scroll(
        _ filter: Filter, orderedBy path: FieldPath, isDescending: Bool = false, from start: Double? = nil, limit: Int
    ) throws -> [OrderedPoint] {
        try read { database in
            let lookup = try FilterLookup(database, costs)
            let index = lookup.indexes[path.steps]
            guard let index, [.integer, .float, .datetime].contains(index.kind) else {
                throw StoreError.invalid(
                    field: "order_by", expected: "a member with a payload index of integers, floats or times",
                    actual: index.map { "\(path), indexed as \($0.kind.rawValue)" } ?? "\(path), which has none")
            }
            let evaluator = FilterEvaluator(filter)
            var matches: RowSet?
            var asked = 0
            let find = try PreparedStatement("SELECT id, payload FROM points WHERE row = ?", on: database)
            var points: [OrderedPoint] = []
            let range = isDescending ? Filter.NumberRange(atMost: start) : .init(atLeast: start)
            try index.walk(.numbers(range), isDescending: isDescending, on: database) { value, row in
                asked += 1
                if asked == costs.askedPoints { matches = try lookup.matches(filter).rows }
                if let matches, !matches.contains(row) { return true }
                find.bind(row, at: 1)
                let id: PointID? =
                    try find.first {
                        let id = try $0.id(0)
                        if matches != nil || filter.isEmpty { return id }
                        return evaluator.matches(id: id, root: try $0.withBytes(1, PayloadIndex.root)) ? id : nil
                    } ?? nil
                if let id { points.append(OrderedPoint(id: id, row: row, value: value)) }
                return points.count < limit
            }
            return points
        }
    }
}
