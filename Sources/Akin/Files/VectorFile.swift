/// A file of vectors, mapped into memory: `[count, dimension]` of one element type.
///
/// Opening reads the header and checks it against the file's size; vectors are read when they are asked for.
///
/// ```swift
/// let file = try VectorFile(path: "base.fvecs")
/// for start in stride(from: 0, to: file.count, by: 10_000) {
///     let block = try file.floats(start..<min(start + 10_000, file.count))
/// }
/// ```
///
/// A `.npy` file must hold a two-dimensional array; a one-dimensional one is read as a single vector.
public struct VectorFile: Sendable {
    /// The file, as the caller named it.
    public let path: String
    /// How the vectors are laid out.
    public let format: VectorFormat
    /// What the components are.
    public let elementType: ElementType
    /// Number of vectors.
    public let count: Int
    /// Components of each vector, 1 or more.
    public let dimension: Int

    /// The most components a vector may have: 2^24.
    public static let maximumDimension = 1 << 24

    private let storage: any MatrixStorage
    /// Where the first row begins, its own header included.
    private let dataOffset: Int

    /// Bytes from one row to the next.
    private var rowStride: Int { rowHeaderByteCount + dimension * elementType.byteCount }
    private var rowHeaderByteCount: Int { format.hasRowHeaders ? 4 : 0 }

    /// Bytes of the whole file.
    public var byteCount: Int { storage.byteCount }

    /// Opens a file; the extension of its name says the format.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - flattening: whether to read a `.npy` array of three axes or more as one vector per entry of the first
    ///     axis, instead of refusing it.
    /// - Throws: ``FileError``: the file cannot be opened, is of an unknown or unsupported format, is shorter or longer
    ///   than its header says, or contradicts itself.
    public init(path: String, flattening: Bool = false) throws(FileError) {
        let format = try VectorFormat(path: path)
        try self.init(MappedFile(path: path), path: path, format: format, flattening: flattening)
    }

    /// Reads vectors from bytes that are in memory or mapped; `path` is for messages.
    package init(
        _ storage: any MatrixStorage, path: String, format: VectorFormat, flattening: Bool = false
    ) throws(FileError) {
        let layout =
            switch format {
            case .npy: try Self.npyLayout(storage.bytes, path: path, flattening: flattening)
            case .fvecs, .bvecs, .ivecs: try Self.vecsLayout(storage.bytes, path: path, format: format)
            case .fbin, .u8bin, .i8bin: try Self.binLayout(storage.bytes, path: path, format: format)
            }
        self.path = path
        self.format = format
        self.storage = storage
        (elementType, count, dimension, dataOffset) = layout
    }

    // MARK: - Reading

    /// All vectors as floats.
    ///
    /// - Returns: `[count, dimension]`: the mapped file itself, without a copy, where it holds 32-bit floats in one
    ///   piece (`npy`, `fbin`); converted in memory otherwise.
    /// - Throws: ``FileError`` for a row of another dimension and for a whole number that a float cannot hold exactly.
    public func floats() throws(FileError) -> Matrix<Float> { try floats(0..<count) }

    /// Some vectors as floats; with it a file larger than memory is walked block by block.
    ///
    /// - Parameter range: rows, within `0..<count`.
    /// - Returns: `[range.count, dimension]`, without a copy where ``floats()`` makes none.
    /// - Throws: ``FileError`` for a row of another dimension and for a whole number that a float cannot hold exactly.
    public func floats(_ range: Range<Int>) throws(FileError) -> Matrix<Float> {
        if elementType == .float32, let view = view(range, as: Float.self) { return view }
        return try copy(range) { (source, row) throws(ElementConversion.Misfit) in
            try ElementConversion.decode(source, as: elementType, into: row)
        }
    }

    /// Whether ``floats()`` shows the mapped file itself.
    var isMappedAsFloats: Bool { elementType == .float32 && view(0..<count, as: Float.self) != nil }

    /// All rows as whole numbers: the ids of neighbours, labels, bytes.
    ///
    /// - Returns: `[count, dimension]`, without a copy where the file holds 32-bit whole numbers in one piece.
    /// - Throws: ``FileError`` with code `mismatch` for a file of floats, `valueOutOfRange` for a number beyond 32
    ///   bits, `malformed` for a row of another dimension.
    public func integers() throws(FileError) -> Matrix<Int32> { try integers(0..<count) }

    /// Some rows as whole numbers.
    ///
    /// - Parameter range: rows, within `0..<count`.
    /// - Returns: `[range.count, dimension]`, without a copy where ``integers()`` makes none.
    /// - Throws: the same as ``integers()``.
    public func integers(_ range: Range<Int>) throws(FileError) -> Matrix<Int32> {
        guard elementType != .float32 && elementType != .float16 else {
            throw FileError(.mismatch, path: path, "expected whole numbers, the file holds \(elementType.rawValue)")
        }
        if elementType == .int32, let view = view(range, as: Int32.self) { return view }
        return try copy(range) { (source, row) throws(ElementConversion.Misfit) in
            try ElementConversion.decode(source, as: elementType, into: row)
        }
    }

    /// Checks what rows say of themselves: the dimension before each, where the format has it.
    func checkRows(_ range: Range<Int>) throws(FileError) {
        check(range)
        guard format.hasRowHeaders else { return }
        for row in range { _ = try rowStart(row) }
    }

    /// The mapped rows themselves, where they are in one piece and aligned.
    private func view<Element: MatrixElement>(_ range: Range<Int>, as type: Element.Type) -> Matrix<Element>? {
        check(range)
        let offset = dataOffset + range.lowerBound * rowStride
        guard !format.hasRowHeaders,
            Int(bitPattern: storage.start + offset) % MemoryLayout<Element>.alignment == 0
        else { return nil }
        return Matrix(rows: range.count, columns: dimension, storage: storage, byteOffset: offset)
    }

    private func copy<Element: MatrixElement>(
        _ range: Range<Int>,
        decode: (UnsafeRawPointer, UnsafeMutableBufferPointer<Element>) throws(ElementConversion.Misfit) -> Void
    ) throws(FileError) -> Matrix<Element> {
        check(range)
        return try Matrix(rows: range.count, columns: dimension) { (elements) throws(FileError) in
            for (i, row) in range.enumerated() {
                let source = try rowStart(row)
                let target = UnsafeMutableBufferPointer(rebasing: elements[i * dimension..<(i + 1) * dimension])
                do throws(ElementConversion.Misfit) {
                    try decode(source, target)
                } catch {
                    throw FileError(
                        .valueOutOfRange, path: path,
                        "row \(row), component \(error.index) is \(error.value), which \(Element.self) cannot hold",
                        offset: dataOffset + row * rowStride)
                }
            }
        }
    }

    /// The first component of a row, after the row's own header was checked.
    private func rowStart(_ row: Int) throws(FileError) -> UnsafeRawPointer {
        let offset = dataOffset + row * rowStride
        if format.hasRowHeaders {
            let found = Int32(littleEndian: storage.start.loadUnaligned(fromByteOffset: offset, as: Int32.self))
            guard Int(found) == dimension else {
                throw FileError(
                    .malformed, path: path,
                    "expected dimension \(dimension) in row \(row) as in the first, found \(found)",
                    offset: offset)
            }
        }
        return storage.start + offset + rowHeaderByteCount
    }

    private func check(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows \(range) of a file of \(count)")
    }
}
