/// The elements of an array as a Faiss file stores them: little-endian, one after another, at any alignment.
///
/// It shares its bytes, which are those of a mapped file or the program's own; taking one apart copies nothing.
package struct FaissArray<Element: BitwiseCopyable & Equatable & Sendable>: Sendable {
    /// Number of elements.
    package let count: Int
    private let storage: any MatrixStorage
    private let byteOffset: Int

    /// Holds a copy of `elements`.
    package init(_ elements: [Element]) {
        let memory = elements.withUnsafeBytes { MemoryFile($0) }
        self.init(storage: memory, byteOffset: 0, count: elements.count)
    }

    /// Shares the elements of a matrix, row after row.
    package init(_ matrix: Matrix<Element>) where Element: MatrixElement {
        self.init(storage: MatrixBytes(matrix), byteOffset: 0, count: matrix.rows * matrix.columns)
    }

    /// Views bytes that `storage` keeps alive.
    package init(storage: any MatrixStorage, byteOffset: Int, count: Int) {
        precondition(
            byteOffset >= 0 && count >= 0 && byteOffset <= storage.byteCount
                && count <= (storage.byteCount - byteOffset) / MemoryLayout<Element>.size)
        self.storage = storage
        self.byteOffset = byteOffset
        self.count = count
    }

    /// One element.
    package subscript(i: Int) -> Element {
        precondition(i >= 0 && i < count)
        return withBytes { $0.loadUnaligned(fromByteOffset: i * MemoryLayout<Element>.size, as: Element.self) }
    }

    /// Some consecutive elements, sharing the bytes of this array.
    package subscript(range: Range<Int>) -> FaissArray {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return FaissArray(
            storage: storage, byteOffset: byteOffset + range.lowerBound * MemoryLayout<Element>.size, count: range.count
        )
    }

    /// All elements, copied.
    package var elements: [Element] {
        withBytes { bytes in
            [Element](unsafeUninitializedCapacity: count) { memory, filled in
                UnsafeMutableRawBufferPointer(memory).copyMemory(from: bytes)
                filled = count
            }
        }
    }

    /// Lends the bytes for the length of the call.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(
            UnsafeRawBufferPointer(start: storage.start + byteOffset, count: count * MemoryLayout<Element>.size))
    }

    /// The same memory as elements of another type.
    package func viewed<Other>(as type: Other.Type) -> FaissArray<Other> {
        FaissArray<Other>(
            storage: storage, byteOffset: byteOffset,
            count: count * MemoryLayout<Element>.size / MemoryLayout<Other>.size)
    }

    /// The elements as rows: the same bytes where they are aligned for it, a copy otherwise.
    package func matrix(columns: Int) -> Matrix<Element> where Element: MatrixElement {
        precondition(columns > 0 && count % columns == 0)
        let rows = count / columns
        if UInt(bitPattern: storage.start + byteOffset) % UInt(MemoryLayout<Element>.alignment) == 0 {
            return Matrix(rows: rows, columns: columns, storage: storage, byteOffset: byteOffset)
        }
        return Matrix(rows: rows, columns: columns) { memory in
            withBytes { UnsafeMutableRawBufferPointer(memory).copyMemory(from: $0) }
        }
    }
}

extension FaissArray: Equatable {
    /// Whether both hold the same bytes.
    package static func == (a: FaissArray, b: FaissArray) -> Bool {
        a.count == b.count && a.withBytes { x in b.withBytes { y in x.elementsEqual(y) } }
    }
}

/// The bytes of a matrix, which stay where they are while the matrix lives.
private final class MatrixBytes<Element: MatrixElement>: MatrixStorage, @unchecked Sendable {
    private let matrix: Matrix<Element>
    let start: UnsafeRawPointer
    let byteCount: Int

    init(_ matrix: Matrix<Element>) {
        self.matrix = matrix
        let bytes = matrix.withUnsafeElements { UnsafeRawBufferPointer($0) }
        start = bytes.baseAddress.unsafelyUnwrapped
        byteCount = bytes.count
    }
}
