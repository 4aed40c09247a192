internal import Akin
internal import GRDB

extension Catalog {
    /// Stands in every catalogue file: "Akin".
    static let applicationID: Int64 = 0x416B_696E
    /// Changes with every change of the tables or of what they mean.
    ///
    /// 2: `state.position`.
    static let schemaVersion: Int64 = 2

    // Payloads stand behind what is read more often, so that reading those does not walk long payloads. Tables of
    // payload indexes, one for each indexed member, are made when they are asked for (`PayloadIndex`).
    static let schema = """
        CREATE TABLE configuration(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE state(
            only INTEGER PRIMARY KEY CHECK(only = 0), applied INTEGER NOT NULL, sealed INTEGER NOT NULL,
            next_row INTEGER NOT NULL, points INTEGER NOT NULL, generation INTEGER NOT NULL, next_index INTEGER NOT NULL);
        INSERT INTO state VALUES(0, 0, 0, 0, 0, 0, 0);
        CREATE TABLE points(row INTEGER PRIMARY KEY, id NOT NULL, image TEXT, payload BLOB);
        CREATE UNIQUE INDEX points_id ON points(id);
        CREATE INDEX points_image ON points(image) WHERE image IS NOT NULL;
        CREATE TABLE segments(
            name TEXT PRIMARY KEY, spec TEXT NOT NULL, files TEXT NOT NULL, count INTEGER NOT NULL,
            first_row INTEGER NOT NULL, last_row INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE indexes(path TEXT PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
        """ + position

    /// How far a stream outside has been applied.
    private static let position = "ALTER TABLE state ADD COLUMN position INTEGER NOT NULL DEFAULT 0;"

    static func install(_ configuration: CollectionConfiguration, on database: Database) throws {
        try database.execute(sql: schema)
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
        let insert = try PreparedStatement("INSERT INTO configuration VALUES(?, ?)", on: database)
        var members = [
            "dimension": String(configuration.dimension), "metric": configuration.metric.rawValue,
            "spec": configuration.spec,
        ]
        if let space = configuration.space {
            members["space.id"] = space.id
            members["space.name"] = space.name
        }
        for (key, value) in members {
            insert.bind(key, at: 1)
            insert.bind(value, at: 2)
            try insert.run()
        }
    }

    /// Makes a catalogue of an earlier version one of this; others stay as they are.
    static func migrate(_ database: Database) throws {
        guard try pragma("application_id", on: database) == applicationID,
            try pragma("user_version", on: database) == 1
        else { return }
        try database.execute(sql: position)
        try database.execute(sql: "PRAGMA user_version = \(schemaVersion)")
    }

    private static func pragma(_ name: String, on database: Database) throws -> Int64 {
        try PreparedStatement("PRAGMA \(name)", on: database).first { $0.int64(0) } ?? 0
    }

    static func check(_ database: Database, path: String) throws -> CollectionConfiguration {
        guard try pragma("application_id", on: database) == applicationID else {
            throw StoreError.storage("\(path): expected a catalogue of a collection, this is another SQLite database")
        }
        let version = try pragma("user_version", on: database)
        guard version == schemaVersion else {
            throw StoreError.storage(
                "\(path): expected a catalogue of version \(schemaVersion), this one has version \(version); "
                    + "open it with the release of Akin that wrote it")
        }
        var members: [String: String] = [:]
        try PreparedStatement("SELECT key, value FROM configuration", on: database).forEach {
            members[$0.text(0)] = $0.text(1)
        }
        guard let dimension = members["dimension"].flatMap(Int.init), (1...65_536).contains(dimension),
            let metric = members["metric"].flatMap(Metric.init), let spec = members["spec"]
        else {
            throw StoreError.storage("\(path): expected dimension, metric and index of the collection, got \(members)")
        }
        let space = members["space.id"].map { EmbeddingSpace(id: $0, name: members["space.name"] ?? $0) }
        return CollectionConfiguration(dimension: dimension, metric: metric, spec: spec, space: space)
    }
}
