internal import Akin
internal import GRDB

extension Catalog {
    /// The rows of the points that a filter lets pass.
    ///
    /// - Complexity: what names and payload indexes tell is not looked up in payloads.
    package func matches(_ filter: Filter) throws -> RowSet { try lookUp(filter).rows }

    /// The same, and how many payloads were looked up.
    package func lookUp(_ filter: Filter) throws -> (rows: RowSet, lookedUp: Int) {
        try read { try FilterLookup($0, costs).matches(filter, keptBy: matches) }
    }

    /// The names of the points that a filter lets pass, ascending.
    package func ids(matching filter: Filter) throws -> [PointID] {
        try read { try Self.ids(matching: filter, on: $0, costs) }
    }

    static func ids(matching filter: Filter, on database: Database, _ costs: FilterCosts) throws -> [PointID] {
        let rows = try FilterLookup(database, costs).matches(filter).rows
        if rows.count == (try count(on: database)) { return try allIDs(on: database) }
        return try points(of: rows, on: database).map(\.id)
    }

    private static func allIDs(on database: Database) throws -> [PointID] {
        var ids: [PointID] = []
        try PreparedStatement("SELECT id FROM points INDEXED BY points_id ORDER BY id", on: database).forEach {
            ids.append(try $0.id(0))
        }
        return ids
    }

    /// Points of rows, ascending by name.
    static func points(of rows: RowSet, on database: Database) throws -> [(id: PointID, row: Int64)] {
        let find = try PreparedStatement("SELECT id FROM points WHERE row = ?", on: database)
        var points: [(id: PointID, row: Int64)] = []
        points.reserveCapacity(rows.count)
        for row in rows.rows {
            find.bind(row, at: 1)
            if let id = try find.first({ try $0.id(0) }) { points.append((id, row)) }
        }
        return points.sorted { $0.id < $1.id }
    }

    // MARK: Estimates

    /// Points that are asked where indexes do not tell how many a filter lets pass.
    private static let sampleCount = 256

    /// About how many points a filter lets pass.
    ///
    /// Counted where an index leaves few; otherwise the share of a sample of points, whose standard error is at most 3 %
    /// of all points.
    ///
    /// - Complexity: bounded, about a millisecond.
    package func estimate(_ filter: Filter) throws -> Int {
        try read { database in
            let count = try Self.count(on: database)
            if filter.isEmpty { return count }
            let size = try FilterLookup(database, costs).size(filter, limit: costs.countedEntries)
            if let size, size < costs.countedEntries { return min(size, count) }
            return try Self.sampledCount(filter, of: count, on: database)
        }
    }

    private static func sampledCount(_ filter: Filter, of count: Int, on database: Database) throws -> Int {
        let ends = try PreparedStatement(
            "SELECT (SELECT min(row) FROM points), (SELECT max(row) FROM points)", on: database
        )
        .first { ($0.int64(0), $0.int64(1)) }
        guard count > 0, let (first, last) = ends else { return 0 }
        let evaluator = FilterEvaluator(filter)
        let find = try PreparedStatement(
            "SELECT id, payload FROM points WHERE row >= ? ORDER BY row LIMIT 1", on: database)
        var random = SplitMix64(seed: UInt64(bitPattern: last))
        var passed = 0
        for _ in 0..<sampleCount {
            find.bind(Int64.random(in: first...last, using: &random), at: 1)
            let isPassing = try find.first {
                evaluator.matches(id: try $0.id(0), root: try $0.withBytes(1, PayloadIndex.root))
            }
            if isPassing == true { passed += 1 }
        }
        // None of the sample is still about half a one.
        return Int((max(Double(passed), 0.5) / Double(sampleCount) * Double(count)).rounded(.up))
    }
}
