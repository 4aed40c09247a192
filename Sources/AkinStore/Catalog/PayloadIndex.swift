internal import Foundation
internal import GRDB

/// An index over a member of payloads: a table of (value, row), sorted.
///
/// It holds an entry for each value of its kind, for each element where the member is an array, and two marks: one for
/// rows with something of another kind, one for rows with a `null`. So a row without an entry has nothing there, and a row
/// without the first mark holds nothing that the index does not tell.
struct PayloadIndex {
    let path: FieldPath
    let kind: PayloadIndexKind
    let number: Int64
    private let steps: [FieldPath.Step]

    init(path: FieldPath, kind: PayloadIndexKind, number: Int64) {
        self.path = path
        self.kind = kind
        self.number = number
        steps = path.steps
    }

    static func table(_ number: Int64) -> String { "index_\(number)" }

    var table: String { Self.table(number) }

    static func all(on database: Database) throws -> [PayloadIndex] {
        var indexes: [PayloadIndex] = []
        try PreparedStatement("SELECT path, kind, number FROM indexes", on: database).forEach {
            guard let path = FieldPath($0.text(0)), let kind = PayloadIndexKind(rawValue: $0.text(1)) else {
                throw StoreError.storage("the payload index of \"\($0.text(0))\" is of no known kind: \($0.text(1))")
            }
            indexes.append(PayloadIndex(path: path, kind: kind, number: $0.int64(2)))
        }
        return indexes
    }

    func make(on database: Database) throws {
        try database.execute(
            sql: "CREATE TABLE \(table)(value NOT NULL, row INTEGER NOT NULL, PRIMARY KEY(value, row)) WITHOUT ROWID")
        let insert = try PreparedStatement("INSERT INTO indexes VALUES(?, ?, ?)", on: database)
        insert.bind(path.description, at: 1)
        insert.bind(kind.rawValue, at: 2)
        insert.bind(number, at: 3)
        try insert.run()
    }

    func insert(_ value: IndexValue, row: Int64, on database: Database) throws {
        try run("INSERT INTO \(table) VALUES(?, ?)", value, row, database)
    }

    func delete(_ value: IndexValue, row: Int64, on database: Database) throws {
        try run("DELETE FROM \(table) WHERE value = ? AND row = ?", value, row, database)
    }

    private func run(_ sql: String, _ value: IndexValue, _ row: Int64, _ database: Database) throws {
        let statement = try PreparedStatement(sql, on: database)
        statement.bind(value, at: 1)
        statement.bind(row, at: 2)
        try statement.run()
    }

    // MARK: Values

    /// A payload's root, from its text; `nil` for no payload.
    static func root(of payload: some ContiguousBytes) throws -> JSONReader? {
        if payload.withUnsafeBytes(\.isEmpty) { return nil }
        do {
            let root = try JSONDocument(parsing: payload).root
            if root.kind == .object { return root }
            throw StoreError.invalid(field: "payload", expected: "a JSON object", actual: "\(root.kind.rawValue)")
        } catch let error as JSONError {
            throw StoreError.invalid(field: "payload", expected: "a JSON object", actual: error.description)
        }
    }

    /// A payload from its text.
    static func payload(of bytes: [UInt8]) throws -> Payload {
        guard case .object(let members)? = try root(of: bytes)?.json else { return [:] }
        return members
    }

    /// What the index holds of a payload.
    func values(in root: JSONReader?) -> Set<IndexValue> {
        var values: Set<IndexValue> = []
        guard let root else { return values }
        root.forEach(at: steps[...]) { found in
            switch found.kind {
            case .null: values.insert(.null)
            case .array: for element in found.elements ?? [] { values.insert(IndexValue(element, as: kind)) }
            default: values.insert(IndexValue(found, as: kind))
            }
        }
        return values
    }
}

/// What stands in the table of a payload index.
enum IndexValue: Hashable {
    case integer(Int64)
    case number(Double)
    case text(ByteText)
    /// SHA-256 of a longer text, in hexadecimal digits.
    case digest(String)
    /// Something of another kind than the index's, a `null` within an array included.
    case other
    case null

    init(_ value: JSONReader, as kind: PayloadIndexKind) {
        let found: IndexValue? =
            switch kind {
            case .keyword: value.string.map { IndexValue(text: $0) }
            case .integer: value.integer.map { .integer($0) }
            case .float: value.double.map { .number($0) }
            case .bool: value.bool.map { .integer($0 ? 1 : 0) }
            case .datetime: value.string.flatMap { Timestamp(rfc3339: $0) }.map { .number($0.secondsSince1970) }
            }
        self = found ?? .other
    }
}
