internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// What SQLite answered where a statement or a commit failed, with the reason the system gave.
struct CatalogFailure: Error {
    var code: Int32
    var message: String
    /// `errno` of the last file operation of the connection, where it failed.
    var reason: Int32

    init(code: Int32, connection: OpaquePointer?) {
        self.code = code
        message = connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? ""
        reason = connection.map { sqlite3_system_errno($0) } ?? 0
    }

    init(_ error: DatabaseError, reason: Int32 = 0) {
        code = error.extendedResultCode.rawValue
        message = error.message ?? ""
        self.reason = reason
    }

    /// The error of the store; `file` is what went wrong with.
    func storeError(file: String) -> StoreError {
        let primary = code & 0xFF
        let isFull =
            primary == SQLITE_FULL
            || (primary == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT || reason == EFBIG))
        if isFull { return .diskFull("\(file): \(message)") }
        if primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT {
            return .storage("\(file): expected a catalogue of a collection, the file is damaged: \(message)")
        }
        let system = primary == SQLITE_IOERR && reason != 0 ? ": " + String(cString: strerror(reason)) : ""
        return .storage("\(file): \(message)\(system) (SQLite \(code))")
    }
}

extension Catalog {
    /// Runs something that may fail in SQLite and throws what failed as a ``StoreError`` that names the file.
    func translating<Value>(_ body: () throws -> Value) throws -> Value {
        try Self.translating(file: path, body)
    }

    static func translating<Value>(file: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let failure as CatalogFailure {
            throw failure.storeError(file: file)
        } catch let error as DatabaseError {
            throw CatalogFailure(error).storeError(file: file)
        }
    }
}
