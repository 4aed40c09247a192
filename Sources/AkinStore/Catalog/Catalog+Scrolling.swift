internal import GRDB

extension Catalog {
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
            var page = Page(limit: limit)
            let lookup = try FilterLookup(database, costs)
            if filter.isEmpty {
                try Self.walk(from: start, on: database) { page.add($0, $1) }
            } else if let size = try lookup.size(filter, limit: costs.countedEntries), size < costs.countedEntries {
                for point in try Self.points(of: lookup.matches(filter).rows, on: database) {
                    if let start, point.id < start { continue }
                    guard page.add(point.id, point.row) else { break }
                }
            } else {
                let rest = try Self.walkAsking(
                    filter, from: start, atMost: costs.askedPoints, on: database, into: &page)
                if let rest {
                    let matches = try lookup.matches(filter).rows
                    try Self.walk(from: rest, on: database) { matches.contains($1) ? page.add($0, $1) : true }
                }
            }
            return (page.points, page.next)
        }
    }

    private struct Page {
        let limit: Int
        var points: [(id: PointID, row: Int64)] = []
        var next: PointID?

        init(limit: Int) { self.limit = limit }

        /// Whether more may be added.
        mutating func add(_ id: PointID, _ row: Int64) -> Bool {
            if points.count == limit {
                next = id
                return false
            }
            points.append((id, row))
            return true
        }
    }

    private static func walk(
        from start: PointID?, on database: Database, _ body: (PointID, Int64) throws -> Bool
    ) throws {
        let names = try PreparedStatement(
            "SELECT id, row FROM points\(start == nil ? "" : " WHERE id >= ?") ORDER BY id", on: database)
        if let start { names.bind(start, at: 1) }
        try names.walk { try body(try $0.id(0), $0.int64(1)) }
    }

    /// Asks points in the order of names until the page is full.
    ///
    /// - Returns: where to go on in another way, because few pass.
    private static func walkAsking(
        _ filter: Filter, from start: PointID?, atMost limit: Int, on database: Database, into page: inout Page
    ) throws -> PointID? {
        let evaluator = FilterEvaluator(filter)
        let names = try PreparedStatement(
            "SELECT id, row, payload FROM points\(start == nil ? "" : " WHERE id >= ?") ORDER BY id", on: database)
        if let start { names.bind(start, at: 1) }
        var asked = 0
        var rest: PointID?
        try names.walk {
            let id = try $0.id(0)
            if asked == limit {
                rest = id
                return false
            }
            asked += 1
            let isPassing = evaluator.matches(id: id, root: try $0.withBytes(2, PayloadIndex.root))
            return isPassing ? page.add(id, $0.int64(1)) : true
        }
        return rest
    }
}
