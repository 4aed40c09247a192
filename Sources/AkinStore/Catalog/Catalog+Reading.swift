internal import GRDB

extension Catalog {
    // MARK: State

    /// The last record of the log that has been applied; 0 where none has.
    package func appliedSequence() throws -> Int64 { try state("applied") }

    /// The last record of the log up to which all vectors are in sealed segments.
    package func sealedSequence() throws -> Int64 { try state("sealed") }

    /// The last place in a stream outside that has been applied; 0 where none has.
    package func position() throws -> Int64 { try state("position") }

    /// The first row that no point ever had.
    package func nextRow() throws -> Int64 { try state("next_row") }

    private func state(_ column: String) throws -> Int64 {
        let value = try read { try PreparedStatement("SELECT \(column) FROM state", on: $0).first { $0.int64(0) } ?? 0 }
        // So far that counting on from there never overflows.
        guard (0...1 << 62).contains(value) else {
            throw StoreError.storage("\(path): \(column) of the state: expected 0 to 2^62, found \(value)")
        }
        return value
    }

    static func generation(on database: Database) throws -> Int64 {
        try PreparedStatement("SELECT generation FROM state", on: database).first { $0.int64(0) } ?? 0
    }

    /// The segments, in the order of their first rows.
    package func segments() throws -> [SegmentRecord] {
        try read { database in
            var segments: [SegmentRecord] = []
            try PreparedStatement(
                "SELECT name, spec, files, count, first_row, last_row FROM segments ORDER BY first_row, name",
                on: database
            ).forEach {
                guard case .array(let files)? = try? JSON(parsing: $0.bytes(2)) else {
                    throw StoreError.storage("\(path): the files of segment \"\($0.text(0))\" are no list")
                }
                segments.append(
                    SegmentRecord(
                        name: $0.text(0), spec: $0.text(1), files: files.compactMap(\.string), count: $0.int(3),
                        firstRow: $0.int64(4), lastRow: $0.int64(5)))
            }
            return segments
        }
    }

    /// The members of payloads that are indexed.
    package func payloadIndexes() throws -> [FieldPath: PayloadIndexKind] {
        try read { database in
            Dictionary(try PayloadIndex.all(on: database).map { ($0.path, $0.kind) }) { $1 }
        }
    }

    // MARK: Points

    /// How many points there are.
    package func count() throws -> Int { try read { try Self.count(on: $0) } }

    static func count(on database: Database) throws -> Int {
        try PreparedStatement("SELECT points FROM state", on: database).first { $0.int(0) } ?? 0
    }

    /// The rows of all points, ascending.
    package func liveRows() throws -> [Int64] { try read { try Self.liveRows(on: $0).rows } }

    static func liveRows(on database: Database) throws -> RowSet {
        var rows: [Int64] = []
        // The index of names is much smaller than the table with its payloads.
        try PreparedStatement("SELECT row FROM points INDEXED BY points_id", on: database).forEach {
            rows.append($0.int64(0))
        }
        return RowSet(rows)
    }

    /// The rows of those points that there are.
    package func rows(of ids: some Sequence<PointID>) throws -> [PointID: Int64] {
        try read { try Self.rows(of: ids, on: $0) }
    }

    static func rows(of ids: some Sequence<PointID>, on database: Database) throws -> [PointID: Int64] {
        let find = try PreparedStatement("SELECT row FROM points WHERE id = ?", on: database)
        var rows: [PointID: Int64] = [:]
        for id in ids {
            find.bind(id, at: 1)
            rows[id] = try find.first { $0.int64(0) }
        }
        return rows
    }

    /// The points of those rows that are alive, without their vectors.
    package func points(rows: some Sequence<Int64>, fields: PointFields) throws -> [Int64: StoredPoint] {
        try read { database in
            let withPayload = fields.payload != .none
            let find = try PreparedStatement(
                "SELECT id, image IS NOT NULL\(withPayload ? ", payload" : "") FROM points WHERE row = ?",
                on: database)
            let selection = PayloadSelection(fields.payload)
            var points: [Int64: StoredPoint] = [:]
            for row in rows {
                find.bind(row, at: 1)
                points[row] = try find.first {
                    StoredPoint(
                        id: try $0.id(0),
                        payload: withPayload
                            ? selection.applied(to: try PayloadIndex.payload(of: $0.bytes(2))) : nil,
                        hasImage: $0.int64(1) != 0)
                }
            }
            return points
        }
    }

    /// What names the picture of a point; `nil` where there is no such point or no picture.
    package func image(of id: PointID) throws -> String? {
        try read { database in
            let find = try PreparedStatement("SELECT image FROM points WHERE id = ?", on: database)
            find.bind(id, at: 1)
            return try find.first { $0.isNull(0) ? nil : $0.text(0) } ?? nil
        }
    }

    /// What names the pictures of all points.
    package func images() throws -> Set<String> {
        try read { database in
            var images: Set<String> = []
            try PreparedStatement("SELECT DISTINCT image FROM points WHERE image IS NOT NULL", on: database).forEach {
                images.insert($0.text(0))
            }
            return images
        }
    }

    // MARK: The file

    /// Moves what has been committed into the database file and waits until it is safe from a power cut.
    package func checkpoint() throws {
        try gate.enter { try translating { try checkpoints.move() } }
        // Where a reader stood in the way of moving, the log of SQLite keeps it, and must itself be safe.
        try write(isDurable: true) { _ in }
    }

    /// Writes a copy of the catalogue as it is now, while writing goes on.
    ///
    /// - Parameter path: where no file is yet. The copy is one file, safe from a power cut but for its folder.
    /// - Throws: ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``.
    package func backUp(to path: String) throws {
        try gate.enter {
            let target = try Self.translating(file: path) { try DatabaseQueue(path: path) }
            try Self.translating(file: path) {
                try pool.backup(to: target)
                try target.close()
            }
        }
    }
}
