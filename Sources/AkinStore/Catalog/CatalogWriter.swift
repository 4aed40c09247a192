internal import GRDB

/// The inside of one transaction of a ``Catalog``; good within the closure that was lent it.
package struct CatalogWriter {
    let database: Database
    private let costs: FilterCosts
    private let totals: Totals

    private final class Totals {
        var indexes: [PayloadIndex] = []
        var nextRow: Int64 = 0
        var applied: Int64?
        var sealed: Int64?
        var position: Int64?
        /// Points more than before.
        var points: Int64 = 0
        /// Rows that came, went, or whose payloads changed.
        var touched: [Int64] = []
    }

    init(_ database: Database, _ costs: FilterCosts) throws {
        self.database = database
        self.costs = costs
        totals = Totals()
        totals.indexes = try PayloadIndex.all(on: database)
    }

    private var indexes: [PayloadIndex] { totals.indexes }

    func statement(_ sql: String) throws -> PreparedStatement { try PreparedStatement(sql, on: database) }

    /// Writes what the transaction changed as a whole.
    ///
    /// - Returns: the number of the state that it leads to.
    func finish(_ cache: MatchCache) throws -> Int64 {
        let update = try statement(
            """
            UPDATE state SET applied = coalesce(?, applied), sealed = coalesce(?, sealed),
                position = coalesce(?, position), next_row = max(next_row, ?), points = points + ?,
                generation = generation + 1
            RETURNING generation
            """)
        for (place, value) in [(Int32(1), totals.applied), (2, totals.sealed), (3, totals.position)] {
            if let value { update.bind(value, at: place) } else { update.bindNull(at: place) }
        }
        update.bind(totals.nextRow, at: 4)
        update.bind(totals.points, at: 5)
        guard let generation = try update.first({ $0.int64(0) }) else {
            throw StoreError.storage("the catalogue has lost its state")
        }
        cache.willReach(generation, touching: totals.touched)
        return generation
    }

    // MARK: Sequence numbers

    /// Says up to which record the log has been applied, this transaction included.
    package func setApplied(_ sequence: Int64) { totals.applied = sequence }

    /// Says up to which record of the log all vectors are in sealed segments.
    package func setSealed(_ sequence: Int64) { totals.sealed = sequence }

    /// Says up to which place in a stream outside all has been applied, this transaction included.
    package func setPosition(_ position: Int64) { totals.position = position }

    // MARK: Points

    /// Stores a point under a row that no point ever had.
    ///
    /// - Parameters:
    ///   - id: its name.
    ///   - payload: a JSON object as text; empty for none.
    ///   - image: names the picture stored with the point.
    ///   - row: greater than all before.
    /// - Returns: the row of the point of that name that it replaces.
    /// - Throws: ``StoreError/invalid(field:expected:actual:)`` where an indexed payload is no JSON object.
    @discardableResult
    package func upsert(_ id: PointID, payload: [UInt8], image: String? = nil, row: Int64) throws -> Int64? {
        totals.nextRow = max(totals.nextRow, row + 1)
        if try insert(id, payload: payload, image: image, row: row) { return nil }
        let replaced = try delete(id)
        guard try insert(id, payload: payload, image: image, row: row) else {
            throw StoreError.storage("row \(row) is taken by another point than \(id)")
        }
        return replaced
    }

    /// Whether there was no point of that name.
    private func insert(_ id: PointID, payload: [UInt8], image: String?, row: Int64) throws -> Bool {
        let insert = try statement("INSERT OR IGNORE INTO points(row, id, image, payload) VALUES(?, ?, ?, ?)")
        insert.bind(row, at: 1)
        insert.bind(id, at: 2)
        if let image { insert.bind(image, at: 3) } else { insert.bindNull(at: 3) }
        if payload.isEmpty { insert.bindNull(at: 4) } else { insert.bind(payload, at: 4) }
        try insert.run()
        guard database.changesCount == 1 else { return false }
        totals.points += 1
        totals.touched.append(row)
        for (index, values) in try entries(of: payload) {
            for value in values { try index.insert(value, row: row, on: database) }
        }
        return true
    }

    /// Forgets points.
    ///
    /// - Returns: the rows of those that there were.
    @discardableResult
    package func delete(_ ids: some Sequence<PointID>) throws -> [Int64] { try ids.compactMap(delete) }

    private func delete(_ id: PointID) throws -> Int64? {
        let find = try statement(
            indexes.isEmpty ? "SELECT row FROM points WHERE id = ?" : "SELECT row, payload FROM points WHERE id = ?")
        find.bind(id, at: 1)
        let found = try find.first { ($0.int64(0), indexes.isEmpty ? [] : $0.bytes(1)) }
        guard let (row, payload) = found else { return nil }
        for (index, values) in try entries(of: payload) {
            for value in values { try index.delete(value, row: row, on: database) }
        }
        let delete = try statement("DELETE FROM points WHERE row = ?")
        delete.bind(row, at: 1)
        try delete.run()
        totals.points -= 1
        totals.touched.append(row)
        return row
    }

    /// What each payload index holds of a payload.
    private func entries(of payload: [UInt8]) throws -> [(PayloadIndex, Set<IndexValue>)] {
        guard !indexes.isEmpty, !payload.isEmpty else { return [] }
        let root = try PayloadIndex.root(of: payload)
        return indexes.map { ($0, $0.values(in: root)) }
    }

    /// Changes what is known about points; their rows stay.
    ///
    /// - Returns: how many of the points there are.
    @discardableResult
    package func change(_ change: PayloadChange, of ids: some Sequence<PointID>) throws -> Int {
        let find = try statement("SELECT row, payload FROM points WHERE id = ?")
        let update = try statement("UPDATE points SET payload = ? WHERE row = ?")
        var count = 0
        for id in ids {
            find.bind(id, at: 1)
            guard let (row, old) = try find.first({ ($0.int64(0), $0.bytes(1)) }) else { continue }
            count += 1
            let payload = change.applied(to: try PayloadIndex.payload(of: old))
            let new = payload.isEmpty ? [] : JSON.object(payload).encoded
            guard new != old else { continue }
            totals.touched.append(row)
            try reindex(row: row, from: old, to: new)
            if new.isEmpty { update.bindNull(at: 1) } else { update.bind(new, at: 1) }
            update.bind(row, at: 2)
            try update.run()
        }
        return count
    }

    private func reindex(row: Int64, from old: [UInt8], to new: [UInt8]) throws {
        guard !indexes.isEmpty else { return }
        let (old, new) = (try PayloadIndex.root(of: old), try PayloadIndex.root(of: new))
        for index in indexes {
            let (before, after) = (index.values(in: old), index.values(in: new))
            for value in before.subtracting(after) { try index.delete(value, row: row, on: database) }
            for value in after.subtracting(before) { try index.insert(value, row: row, on: database) }
        }
    }

    /// The rows of those points that there are, as this transaction sees them.
    package func rows(of ids: some Sequence<PointID>) throws -> [PointID: Int64] {
        try Catalog.rows(of: ids, on: database)
    }

    /// The names of the points that a filter lets pass, as this transaction sees them, ascending.
    package func ids(matching filter: Filter) throws -> [PointID] {
        try Catalog.ids(matching: filter, on: database, costs)
    }

    // MARK: Segments

    /// Replaces segments by others.
    package func replaceSegments(removing names: [String] = [], adding segments: [SegmentRecord] = []) throws {
        let delete = try statement("DELETE FROM segments WHERE name = ?")
        for name in names {
            delete.bind(name, at: 1)
            try delete.run()
            guard database.changesCount == 1 else {
                throw StoreError.storage("there is no segment \"\(name)\" to replace")
            }
        }
        let insert = try statement("INSERT INTO segments VALUES(?, ?, ?, ?, ?, ?)")
        for segment in segments {
            insert.bind(segment.name, at: 1)
            insert.bind(segment.spec, at: 2)
            insert.bind(
                String(decoding: JSON.array(segment.files.map { .string($0) }).encoded, as: UTF8.self), at: 3)
            insert.bind(Int64(segment.count), at: 4)
            insert.bind(segment.firstRow, at: 5)
            insert.bind(segment.lastRow, at: 6)
            try insert.run()
        }
    }

    // MARK: Payload indexes

    /// Indexes a member of all payloads, those of points that are there included; nothing happens where it is indexed so.
    ///
    /// - Complexity: every payload is read.
    package func createIndex(_ path: FieldPath, _ kind: PayloadIndexKind) throws {
        if let index = indexes.first(where: { $0.path == path }) {
            if index.kind == kind { return }
            try deleteIndex(path)
        }
        let number = try statement("UPDATE state SET next_index = next_index + 1 RETURNING next_index")
            .first { $0.int64(0) }
        let index = PayloadIndex(path: path, kind: kind, number: number ?? 0)
        try index.make(on: database)
        totals.indexes.append(index)
        try statement("SELECT row, payload FROM points WHERE payload IS NOT NULL").forEach { point in
            let row = point.int64(0)
            for value in index.values(in: try PayloadIndex.root(of: point.bytes(1))) {
                try index.insert(value, row: row, on: database)
            }
        }
    }

    /// Forgets an index; nothing happens where there is none.
    package func deleteIndex(_ path: FieldPath) throws {
        let delete = try statement("DELETE FROM indexes WHERE path = ? RETURNING number")
        delete.bind(path.description, at: 1)
        guard let number = try delete.first({ $0.int64(0) }) else { return }
        totals.indexes.removeAll { $0.path == path }
        try database.execute(sql: "DROP TABLE \(PayloadIndex.table(number))")
    }
}
