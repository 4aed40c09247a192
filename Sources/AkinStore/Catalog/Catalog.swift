internal import Foundation
internal import GRDB

/// What a collection knows beside its vectors: names, payloads, images and rows of points, its segments, and how far the
/// log has been applied; one SQLite file.
///
/// One writer at a time, any number of readers, none of which waits for the writer: each reader sees the state before or
/// after a transaction. A transaction is not yet safe from a power cut when ``write(isDurable:_:)`` returns, unless that
/// was asked for; it is safe from the end of the process.
package final class Catalog: Sendable {
    /// Where the file is.
    package let path: String
    /// What the collection is made of.
    package let configuration: CollectionConfiguration

    let costs: FilterCosts
    let pool: DatabasePool
    let checkpoints: CatalogCheckpoints
    let matches = MatchCache()
    let gate = CatalogGate()

    /// Makes a catalogue where no file may be yet.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - configuration: what the collection is made of.
    ///   - pagesToMove: pages of 4 KiB that SQLite's own log may hold before they are moved into the file.
    ///   - costs: which ways of finding points are preferred; what is found does not depend on it.
    /// - Throws: ``StoreError``.
    package convenience init(
        creatingAt path: String, configuration: CollectionConfiguration, pagesToMove: Int = 32_768,
        costs: FilterCosts = FilterCosts()
    ) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw StoreError.storage("\(path): expected no file where a catalogue is to be made")
        }
        try self.init(path: path, pagesToMove: pagesToMove, costs: costs) { try Self.install(configuration, on: $0) }
    }

    /// Opens a catalogue.
    ///
    /// - Throws: ``StoreError`` where there is none, where the file is damaged or of another version.
    package convenience init(
        opening path: String, pagesToMove: Int = 32_768, costs: FilterCosts = FilterCosts()
    ) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError.storage("\(path): expected a catalogue of a collection, there is no such file")
        }
        try self.init(path: path, pagesToMove: pagesToMove, costs: costs) { try Self.migrate($0) }
    }

    private init(
        path: String, pagesToMove: Int, costs: FilterCosts, prepare: (Database) throws -> Void
    ) throws {
        self.path = path
        self.costs = costs
        (pool, checkpoints, configuration) = try Self.translating(file: path) {
            let pool = try DatabasePool(path: path, configuration: Self.connections)
            let configuration = try pool.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    try prepare(database)
                    return .commit
                }
                return try Self.check(database, path: path)
            }
            return (pool, try CatalogCheckpoints(of: pool, pagesToMove: pagesToMove), configuration)
        }
    }

    /// Waits for reads and writes in progress and gives the file back; later ones fail.
    package func close() throws {
        gate.close()
        try translating {
            try checkpoints.stop()
            try pool.close()
        }
    }

    private static var connections: Configuration {
        var connections = Configuration()
        connections.foreignKeysEnabled = false
        connections.maximumReaderCount = 16
        connections.label = "akin.catalog"
        connections.prepareDatabase { database in
            // In KiB. The writer's inserts of names touch pages all over the tree of names.
            try database.execute(sql: "PRAGMA cache_size = \(database.configuration.readonly ? -32_768 : -65536)")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            // What a file says about itself runs nothing that reaches beyond it.
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
        }
        return connections
    }

    // MARK: Access

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try gate.enter { try translating { try pool.read(body) } }
    }

    /// Runs one transaction; when it throws, nothing of it remains.
    ///
    /// - Parameters:
    ///   - isDurable: whether it and all before it must be safe from a power cut when this returns; takes an `fsync`.
    ///   - body: what the transaction does.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; ``StoreError/diskFull(_:)`` and ``StoreError/storage(_:)``.
    package func write<Value>(isDurable: Bool = false, _ body: (CatalogWriter) throws -> Value) throws -> Value {
        try gate.enter {
            let value = try translating {
                try pool.writeWithoutTransaction { database in
                    if isDurable { try database.execute(sql: "PRAGMA synchronous = FULL") }
                    defer { if isDurable { try? database.execute(sql: "PRAGMA synchronous = NORMAL") } }
                    return try transaction(on: database, body)
                }
            }
            checkpoints.didCommit()
            return value
        }
    }

    private func transaction<Value>(on database: Database, _ body: (CatalogWriter) throws -> Value) throws
        -> Value
    {
        var value: Value?
        var generation: Int64?
        defer { if let generation, value == nil { matches.didNotReach(generation) } }
        do {
            var made: Value?
            try database.inTransaction(.immediate) {
                let writer = try CatalogWriter(database, costs)
                made = try body(writer)
                generation = try writer.finish(matches)
                return .commit
            }
            value = made
        } catch let error as DatabaseError {
            // A commit failed; why, only the connection knows.
            throw CatalogFailure(error, reason: CatalogFailure(code: 0, connection: database.sqliteConnection).reason)
        }
        guard let value else { preconditionFailure("a transaction ended without a value") }
        return value
    }
}
