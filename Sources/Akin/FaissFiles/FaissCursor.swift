/// A place in a Faiss file: reads what comes next, after asking whether the file is long enough for it.
struct FaissCursor {
    let storage: any MatrixStorage
    let path: String
    /// The next byte.
    private(set) var offset = 0
    /// The codes of the indexes that contain this place, outermost first.
    private var parents: [String] = []

    /// The deepest nesting that is read.
    static let maximumDepth = 16

    init(_ storage: any MatrixStorage, path: String) {
        self.storage = storage
        self.path = path
    }

    /// Bytes from here to the end.
    var remaining: Int { storage.byteCount - offset }

    // MARK: - Errors

    /// An error at the field that was read last, or at `offset`.
    func failure(_ message: String, _ code: FileError.Code = .malformed, at offset: Int? = nil) -> FileError {
        FileError(code, path: path, message, offset: offset ?? self.offset, section: section)
    }

    /// Throws unless `condition` holds; the message is only made when it does not.
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws(FileError) {
        if !condition { throw failure(message()) }
    }

    private var section: String? { parents.isEmpty ? nil : parents.joined(separator: "/") }

    // MARK: - Nesting

    /// Goes one level deeper.
    mutating func enter(_ code: FaissCode) throws(FileError) {
        guard parents.count < Self.maximumDepth else {
            throw failure("indexes are nested deeper than \(Self.maximumDepth)", .unsupported)
        }
        parents.append(code.description.filter { $0 != "'" })
    }

    /// Comes back from the level entered last.
    mutating func leave() { parents.removeLast() }

    // MARK: - Fields

    /// A number of fixed size.
    mutating func number<T: BitwiseCopyable>(_ type: T.Type, _ what: String) throws(FileError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else {
            throw failure("the file ends before \(what): expected \(size) bytes, found \(remaining)", .truncated)
        }
        defer { offset += size }
        return storage.bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }

    /// Four characters.
    mutating func code(_ what: String) throws(FileError) -> FaissCode {
        FaissCode(number: try number(UInt32.self, what))
    }

    /// A byte that is 0 or 1.
    mutating func flag(_ what: String) throws(FileError) -> Bool {
        let start = offset
        let byte = try number(UInt8.self, what)
        guard byte <= 1 else { throw failure("expected 0 or 1 as \(what), found \(byte)", at: start) }
        return byte == 1
    }

    /// An unsigned 64-bit number within `range`.
    mutating func size(_ what: String, in range: ClosedRange<Int> = 0...Int.max) throws(FileError) -> Int {
        let start = offset
        let value = try number(UInt64.self, what)
        guard let size = Int(exactly: value), range.contains(size) else {
            throw failure("expected \(what) in \(range.description), found \(value)", at: start)
        }
        return size
    }

    /// A signed 32-bit number within `range`.
    mutating func int32(_ what: String, in range: ClosedRange<Int32> = .min ... .max) throws(FileError) -> Int32 {
        let start = offset
        let value = try number(Int32.self, what)
        guard range.contains(value) else {
            throw failure("expected \(what) in \(range.description), found \(value)", at: start)
        }
        return value
    }

    // MARK: - Arrays

    /// Elements behind their number.
    mutating func array<T: BitwiseCopyable & Equatable & Sendable>(
        of type: T.Type, _ what: String
    ) throws(FileError) -> FaissArray<T> {
        let start = offset
        let stored = try number(UInt64.self, "the length of \(what)")
        // No larger count fits; the product then cannot overflow.
        guard let count = Int(exactly: stored), count <= remaining / MemoryLayout<T>.size else {
            throw failure(
                "\(what) are announced as \(stored) of \(MemoryLayout<T>.size) bytes, \(remaining) bytes are left",
                .truncated, at: start)
        }
        return try array(of: type, count: count, what)
    }

    /// A known number of elements.
    mutating func array<T: BitwiseCopyable & Equatable & Sendable>(
        of type: T.Type, count: Int, _ what: String
    ) throws(FileError) -> FaissArray<T> {
        let size = MemoryLayout<T>.size
        guard count >= 0, count <= remaining / size else {
            throw failure("expected \(what): \(count) of \(size) bytes, \(remaining) bytes are left", .truncated)
        }
        defer { offset += count * size }
        return FaissArray(storage: storage, byteOffset: offset, count: count)
    }

    /// Elements behind their number, which must be `count`.
    mutating func array<T: BitwiseCopyable & Equatable & Sendable>(
        of type: T.Type, expecting count: Int?, _ what: String
    ) throws(FileError) -> FaissArray<T> {
        let start = offset
        let found = try array(of: type, what)
        guard found.count == count else {
            let expected = count.map { "\($0)" } ?? "more than can be counted"
            throw failure("expected \(expected) elements as \(what), found \(found.count)", at: start)
        }
        return found
    }

    /// Passes over bytes that are used later.
    mutating func skip(_ byteCount: Int, _ what: String) throws(FileError) {
        _ = try array(of: UInt8.self, count: byteCount, what)
    }
}

/// The product of two counts; `nil` where it does not fit.
func checkedProduct(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
}
