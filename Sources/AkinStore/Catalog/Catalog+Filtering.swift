internal import GRDB

extension Catalog {
    /// The rows of the points that a filter lets pass.
    ///
    /// - Complexity: what the payload indexes tell is not looked up in payloads.
    package func matches(_ filter: Filter) throws -> RowSet { try read { try Self.matches(filter, on: $0) } }

    /// The names of the points that a filter lets pass, ascending.
    package func ids(matching filter: Filter) throws -> [PointID] {
        try read { try Self.ids(matching: filter, on: $0) }
    }

    /// About how many points a filter lets pass.
    package func estimate(_ filter: Filter) throws -> Int { try matches(filter).count }

    /// A page of the points that a filter lets pass, ascending by name.
    ///
    /// - Parameters:
    ///   - filter: which points.
    ///   - start: the first name that may be on the page; `nil` for the beginning.
    ///   - limit: points on the page, 1 or more.
    /// - Returns: the points' names and rows, and the name with which the next page starts.
    /// - Throws: ``StoreError/storage(_:)``.
    package func scroll(_ filter: Filter, from start: PointID?, limit: Int) throws
        -> (points: [(id: PointID, row: Int64)], next: PointID?)
    {
        try read { database in
            let evaluator = filter.isEmpty ? nil : FilterEvaluator(filter)
            let names = try PreparedStatement(
                "SELECT id, row\(evaluator == nil ? "" : ", payload") FROM points"
                    + "\(start == nil ? "" : " WHERE id >= ?") ORDER BY id", on: database)
            if let start { names.bind(start, at: 1) }
            var points: [(id: PointID, row: Int64)] = []
            var next: PointID?
            try names.walk(while: {
                let id = try $0.id(0)
                if let evaluator {
                    guard evaluator.matches(id: id, root: try PayloadIndex.root(of: $0.bytes(2))) else { return true }
                }
                if points.count == limit {
                    next = id
                    return false
                }
                points.append((id, $0.int64(1)))
                return true
            })
            return (points, next)
        }
    }

    static func matches(_ filter: Filter, on database: Database) throws -> RowSet {
        if filter.isEmpty { return try liveRows(on: database) }
        let evaluator = FilterEvaluator(filter)
        var rows: [Int64] = []
        try PreparedStatement("SELECT row, id, payload FROM points", on: database).forEach {
            let id = try $0.id(1)
            if evaluator.matches(id: id, root: try PayloadIndex.root(of: $0.bytes(2))) { rows.append($0.int64(0)) }
        }
        return RowSet(rows)
    }

    static func ids(matching filter: Filter, on database: Database) throws -> [PointID] {
        let find = try PreparedStatement("SELECT id FROM points WHERE row = ?", on: database)
        return try matches(filter, on: database).rows.compactMap { row in
            find.bind(row, at: 1)
            return try find.first { try $0.id(0) }
        }.sorted()
    }
}
