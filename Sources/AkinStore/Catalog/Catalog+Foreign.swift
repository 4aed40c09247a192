internal import GRDB

extension Catalog {
    /// Refuses a database that would do more than hold rows, before anything is written to it.
    ///
    /// A catalogue that came from elsewhere may have been made by anybody with SQLite: triggers and views run what
    /// their maker wrote, virtual tables run code of modules.
    ///
    /// - Throws: ``StoreError/snapshot(_:)`` naming them; ``StoreError/storage(_:)`` for what is no database.
    static func checkForeign(_ path: String) throws {
        var strange: [String] = []
        try translating(file: path) {
            var configuration = Configuration()
            configuration.label = "akin.foreign"
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try database.writeWithoutTransaction { database in
                try PreparedStatement(
                    """
                    SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index')
                        OR sql LIKE 'CREATE VIRTUAL%' ORDER BY type, name
                    """, on: database
                ).forEach { strange.append("\($0.text(0)) \"\($0.text(1))\"") }
            }
            try database.close()
        }
        guard strange.isEmpty else {
            throw StoreError.snapshot(
                "the catalogue in the snapshot holds what none of Akin's has: "
                    + strange.prefix(8).joined(separator: ", "))
        }
    }
}
