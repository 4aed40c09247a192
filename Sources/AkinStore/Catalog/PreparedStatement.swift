internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// A statement that its connection keeps, bound and stepped without boxing values.
///
/// Good on the connection that made it, inside the access that asked for it.
struct PreparedStatement {
    private let statement: Statement
    private var handle: OpaquePointer { statement.sqliteStatement }

    /// Compiles a statement, or finds it among those of the connection.
    init(_ sql: String, on database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
    }

    // MARK: Parameters, the first is 1

    func bind(_ value: Int64, at place: Int32) { sqlite3_bind_int64(handle, place, value) }

    func bind(_ value: Double, at place: Int32) { sqlite3_bind_double(handle, place, value) }

    func bindNull(at place: Int32) { sqlite3_bind_null(handle, place) }

    func bind(_ text: String, at place: Int32) {
        var text = text
        text.withUTF8 { bytes in
            let start = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            // Without an address SQLite would read NULL.
            _ = withUnsafePointer(to: CChar(0)) { empty in
                sqlite3_bind_text(handle, place, start ?? empty, Int32(bytes.count), Self.copied)
            }
        }
    }

    func bind(_ bytes: some ContiguousBytes, at place: Int32) {
        _ = bytes.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress, !bytes.isEmpty {
                sqlite3_bind_blob64(handle, place, start, UInt64(bytes.count), Self.copied)
            } else {
                sqlite3_bind_zeroblob(handle, place, 0)
            }
        }
    }

    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    // MARK: Running

    /// Runs to the end, leaving the statement ready for the next time.
    func run() throws {
        defer { sqlite3_reset(handle) }
        while try step() {}
    }

    /// Calls `body` for each row of the answer.
    func forEach(_ body: (PreparedStatement) throws -> Void) throws {
        defer { sqlite3_reset(handle) }
        while try step() { try body(self) }
    }

    /// Calls `body` for rows of the answer until it gives `false`.
    func walk(_ body: (PreparedStatement) throws -> Bool) throws {
        defer { sqlite3_reset(handle) }
        while try step(), try body(self) {}
    }

    /// What `body` makes of the first row; `nil` where there is none.
    func first<Value>(_ body: (PreparedStatement) throws -> Value) throws -> Value? {
        defer { sqlite3_reset(handle) }
        return try step() ? try body(self) : nil
    }

    private func step() throws -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        throw CatalogFailure(code: code, connection: sqlite3_db_handle(handle))
    }

    // MARK: Columns, the first is 0

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// A whole number or a double.
    func number(_ column: Int32) -> JSON {
        type(column) == SQLITE_INTEGER ? .integer(int64(column)) : .number(double(column))
    }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: byteCount(column)), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    /// Lends the bytes of a column until the next step.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let start = sqlite3_column_blob(handle, column)
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : byteCount(column)))
    }

    private func byteCount(_ column: Int32) -> Int { Int(sqlite3_column_bytes(handle, column)) }

    fileprivate func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }
}

// MARK: - Names of points

// Numbers below 2^63 are integers, larger ones texts of 20 digits, names blobs: SQLite sorts integers before texts before
// blobs, and blobs by their bytes, which is the order of `PointID`.
extension PreparedStatement {
    func bind(_ id: PointID, at place: Int32) {
        switch id {
        case .number(let number):
            if let small = Int64(exactly: number) {
                bind(small, at: place)
            } else {
                let digits = String(number)
                bind(String(repeating: "0", count: 20 - digits.utf8.count) + digits, at: place)
            }
        case .name(let name): bind(Array(name.utf8), at: place)
        }
    }

    func id(_ column: Int32) throws -> PointID {
        switch type(column) {
        case SQLITE_INTEGER: return .number(UInt64(bitPattern: int64(column)))
        case SQLITE_TEXT:
            guard let number = UInt64(text(column)) else {
                throw StoreError.storage("a point's number is no number")
            }
            return .number(number)
        default: return withBytes(column) { .name(String(decoding: $0, as: UTF8.self)) }
        }
    }
}
