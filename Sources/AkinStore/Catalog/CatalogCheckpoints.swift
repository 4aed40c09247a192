internal import Dispatch
internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// Moves what SQLite's own log holds into the database file, beside the writer rather than in its way.
///
/// SQLite would do it inside every commit that finds the log long, and the writer would wait for two `fsync`s and all the
/// pages. Here a connection of its own copies most of the pages while writing goes on, and the writer is stopped only for
/// those that came meanwhile, so that its log starts again from the beginning.
final class CatalogCheckpoints: Sendable {
    /// Pages in the log from which on they are moved.
    private let pagesToMove: Int
    private let pool: DatabasePool
    private let connection: DatabaseQueue
    private let queue = DispatchQueue(label: "akin.catalog.checkpoints", qos: .utility)
    private let pages = PageCount()
    private let isRunning = Mutex(false)

    /// Pages in the log after the last commit, as SQLite tells.
    private final class PageCount: Sendable {
        let value = Atomic<Int>(0)
    }

    init(of pool: DatabasePool, pagesToMove: Int) throws {
        self.pool = pool
        self.pagesToMove = pagesToMove
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "akin.catalog.checkpoints"
        connection = try DatabaseQueue(path: pool.path, configuration: configuration)
        pool.writeWithoutTransaction { database in
            let context = Unmanaged.passUnretained(pages).toOpaque()
            // Also ends SQLite's own checkpoints, which are such a hook.
            sqlite3_wal_hook(
                database.sqliteConnection,
                { context, _, _, pages in
                    guard let context else { return SQLITE_OK }
                    Unmanaged<PageCount>.fromOpaque(context).takeUnretainedValue().value
                        .store(Int(pages), ordering: .relaxed)
                    return SQLITE_OK
                }, context)
        }
    }

    /// Looks at the log after a commit; waits where moving does not keep up with writing.
    func didCommit() {
        let count = pages.value.load(ordering: .relaxed)
        if count >= 8 * pagesToMove { queue.sync { try? move() } }
        guard count >= pagesToMove, start() else { return }
        queue.async { [self] in
            defer { isRunning.withLock { $0 = false } }
            // Nothing is lost where it fails: the log grows, and the next commit asks again.
            try? move()
        }
    }

    private func start() -> Bool {
        isRunning.withLock { isRunning in
            defer { isRunning = true }
            return !isRunning
        }
    }

    /// Moves all that was committed before into the database file, and waits until it is there.
    func move() throws {
        try connection.writeWithoutTransaction(Self.moveUnlessBusy)
        try pool.writeWithoutTransaction(Self.moveUnlessBusy)
    }

    /// Moves what can be moved now.
    ///
    /// Somebody else may be moving, and readers that stand in the log keep it from starting again, never the writer from
    /// going on. What stays in the log is as safe there.
    private static func moveUnlessBusy(_ database: Database) throws {
        do { try database.checkpoint(.passive) } catch let error as DatabaseError
            where error.resultCode == .SQLITE_BUSY
        {}
    }

    func stop() throws {
        queue.sync {}
        pool.writeWithoutTransaction { database in
            _ = sqlite3_wal_hook(database.sqliteConnection, nil, nil)
        }
        try connection.close()
    }
}
