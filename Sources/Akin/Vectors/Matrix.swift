/// A scalar that vectors are made of.
public protocol MatrixElement: BitwiseCopyable, Sendable, Equatable {
    /// The value that fills rows nobody has written yet.
    static var zero: Self { get }
}

extension Float: MatrixElement {}
extension Float16: MatrixElement {}
extension UInt8: MatrixElement {}
extension Int8: MatrixElement {}
extension Int32: MatrixElement {}
extension Int64: MatrixElement {}

/// Immutable vectors in one block of memory: `[rows, columns]`, row-major, without gaps.
///
/// A matrix is a value that shares its bytes: copying one, or taking some of its rows with ``rows(_:)``,
/// copies no elements. The bytes may be the program's own or a memory-mapped file.
///
/// ```swift
/// let base = Matrix<Float>(rows: 1_000, columns: 128) { elements in
///     for i in elements.indices { elements[i] = Float.random(in: 0..<1) }
/// }
/// let first = base.rows(0..<10)   // no copy
/// ```
public struct Matrix<Element: MatrixElement>: Sendable {
    /// Number of vectors.
    public let rows: Int
    /// Components of each vector.
    public let columns: Int

    private let storage: any MatrixStorage
    private let byteOffset: Int
    // Within the bytes of `storage`, which never move.
    @usableFromInline nonisolated(unsafe) let start: UnsafePointer<Element>

    /// Makes a matrix and lets `initialize` write its elements, which start as zero.
    ///
    /// - Parameters:
    ///   - rows: number of vectors, 0 or more.
    ///   - columns: components of each, 0 or more.
    ///   - initialize: receives `rows * columns` elements, row after row.
    /// - Throws: what `initialize` throws.
    public init<Failure: Error>(
        rows: Int, columns: Int,
        initializingWith initialize: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(rows >= 0 && columns >= 0, "a matrix cannot have \(rows) rows of \(columns) columns")
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        precondition(!overflow, "\(rows) x \(columns) elements do not fit in memory")
        let owned = OwnedStorage(byteCount: count * MemoryLayout<Element>.stride)
        let elements = UnsafeMutableBufferPointer(
            start: owned.bytes.assumingMemoryBound(to: Element.self), count: count)
        elements.initialize(repeating: .zero)
        try initialize(elements)
        self.init(rows: rows, columns: columns, storage: owned, byteOffset: 0)
    }

    /// Makes a matrix from rows of equal length.
    public init(_ rows: [[Element]]) {
        let columns = rows.first?.count ?? 0
        self.init(rows: rows.count, columns: columns) { elements in
            for (i, row) in rows.enumerated() {
                precondition(row.count == columns, "row \(i) has \(row.count) columns, the first has \(columns)")
                for (j, value) in row.enumerated() { elements[i * columns + j] = value }
            }
        }
    }

    /// Views bytes that `storage` keeps alive; `byteOffset` must be aligned for `Element`.
    package init(rows: Int, columns: Int, storage: any MatrixStorage, byteOffset: Int) {
        precondition(byteOffset >= 0 && byteOffset + rows * columns * MemoryLayout<Element>.stride <= storage.byteCount)
        self.rows = rows
        self.columns = columns
        self.storage = storage
        self.byteOffset = byteOffset
        start = (storage.start + byteOffset).assumingMemoryBound(to: Element.self)
    }

    /// Some consecutive rows, sharing the bytes of this matrix.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a matrix of \(rows)")
        return Matrix(
            rows: range.count, columns: columns, storage: storage,
            byteOffset: byteOffset + range.lowerBound * columns * MemoryLayout<Element>.stride)
    }

    /// One row as an array (a copy).
    public subscript(row: Int) -> [Element] {
        withUnsafeElements { Array($0[row * columns..<(row + 1) * columns]) }
    }

    /// One element.
    public subscript(row: Int, column: Int) -> Element {
        precondition(row >= 0 && row < rows && column >= 0 && column < columns)
        return withUnsafeElements { $0[row * columns + column] }
    }

    /// Lends all elements, row after row, for the length of the call.
    @inlinable
    public func withUnsafeElements<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Inlined: elements are looked up one by one all over, and generics of other modules cost more than that.
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeBufferPointer(start: start, count: rows * columns))
    }
}

extension Matrix: Equatable {
    /// Whether both have the same shape and the same elements.
    public static func == (a: Matrix, b: Matrix) -> Bool {
        guard a.rows == b.rows, a.columns == b.columns else { return false }
        return a.withUnsafeElements { x in b.withUnsafeElements { y in x.elementsEqual(y) } }
    }
}

/// Bytes that matrices share: never written once a matrix shows them.
package protocol MatrixStorage: AnyObject, Sendable {
    var start: UnsafeRawPointer { get }
    var byteCount: Int { get }
}

/// Memory of our own, aligned to a cache line and to the widest vector register.
private final class OwnedStorage: MatrixStorage, @unchecked Sendable {
    let bytes: UnsafeMutableRawPointer
    let byteCount: Int
    var start: UnsafeRawPointer { UnsafeRawPointer(bytes) }

    init(byteCount: Int) {
        self.byteCount = byteCount
        bytes = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    }

    deinit { bytes.deallocate() }
}
