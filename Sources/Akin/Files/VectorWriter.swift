/// Writes a file of vectors row by row, without knowing beforehand how many there will be.
///
/// The file appears under its name when ``finish()`` has returned, complete and on the disk. A writer that is dropped
/// before, or a process that is killed, leaves an old file of that name as it was.
///
/// ```swift
/// let writer = try VectorWriter(path: "vectors.npy", dimension: 384)
/// while let block = next() { try writer.append(block) }
/// try writer.finish()
/// ```
public final class VectorWriter {
    /// The file, as the caller named it.
    public let path: String
    /// How the vectors are laid out.
    public let format: VectorFormat
    /// What the components are stored as.
    public let elementType: ElementType
    /// Components of each vector.
    public let dimension: Int
    /// Vectors in the file so far; with ``init(resuming:dimension:elementType:)`` those of earlier runs included.
    public private(set) var count = 0

    private let file: AtomicFile
    private var rowStride: Int { (format.hasRowHeaders ? 4 : 0) + dimension * elementType.byteCount }
    private var headerByteCount: Int { format.hasRowHeaders ? 0 : header(count: 0).count }

    /// Begins a file; the extension of its name says the format.
    ///
    /// - Parameters:
    ///   - path: the file that will be there in the end.
    ///   - dimension: components of each vector, 1 or more.
    ///   - elementType: what to store; by default the format's own type, float32 for `.npy`.
    /// - Throws: ``FileError``: an unknown extension, an element type that the format cannot hold, or a place where no
    ///   file can be made.
    public convenience init(path: String, dimension: Int, elementType: ElementType? = nil) throws(FileError) {
        try self.init(path: path, dimension: dimension, elementType: elementType, scratch: .temporary)
        if !format.hasRowHeaders { try file.write(header(count: 0)) }
    }

    /// Begins a `.npy` file, or goes on with one that an earlier writer left unfinished.
    ///
    /// Rows are kept in `PATH.partial`, which stays when the work is interrupted. The caller who keeps records beside
    /// the vectors calls ``synchronize()`` before writing a record, and ``truncate(to:)`` after resuming, to make both
    /// agree again.
    ///
    /// - Parameters:
    ///   - path: the file that will be there in the end; its extension is `.npy`.
    ///   - dimension: components of each vector, the same as in the unfinished file.
    ///   - elementType: what to store, the same as in the unfinished file.
    /// - Throws: ``FileError``: `mismatch` when the unfinished file is of another dimension or type, `busy` when
    ///   another process is writing it, and what the other initializer throws.
    public convenience init(
        resuming path: String, dimension: Int, elementType: ElementType = .float32
    ) throws(FileError) {
        guard try VectorFormat(path: path) == .npy else {
            throw FileError(.unsupported, path: path, "expected extension .npy for a file that can be resumed")
        }
        try self.init(path: path, dimension: dimension, elementType: elementType, scratch: .resumable)
        let expected = header(count: 0)
        let found = try file.resumedPrefix(expected.count)
        if found.count < expected.count {
            // Killed before the header was whole: there is nothing to keep.
            try file.truncate(to: 0)
            try file.write(expected)
        } else {
            // The array is empty in its header until the file is finished.
            guard found == expected else {
                throw FileError(
                    .mismatch, path: AtomicFile.partialPath(for: path),
                    "expected an unfinished file of \(elementType.rawValue) vectors of dimension \(dimension); "
                        + "remove it to begin anew")
            }
            count = (file.resumedByteCount - expected.count) / rowStride
            try truncate(to: count)
        }
    }

    private init(
        path: String, dimension: Int, elementType: ElementType?, scratch: AtomicFile.Scratch
    ) throws(FileError) {
        format = try VectorFormat(path: path)
        self.path = path
        self.dimension = dimension
        self.elementType = elementType ?? format.elementType ?? .float32
        if let only = format.elementType, only != self.elementType {
            throw FileError(
                .unsupported, path: path,
                "a .\(format.rawValue) file holds \(only.rawValue), not \(self.elementType.rawValue)")
        }
        guard (1...VectorFile.maximumDimension).contains(dimension) else {
            throw FileError(
                .mismatch, path: path,
                "expected a dimension in 1...\(VectorFile.maximumDimension), got \(dimension)")
        }
        file = try AtomicFile(path: path, scratch: scratch)
    }

    /// Where ``init(resuming:dimension:elementType:)`` keeps the rows of an unfinished file: `PATH.partial`.
    public static func unfinishedPath(for path: String) -> String { AtomicFile.partialPath(for: path) }

    // MARK: - Writing

    /// Appends vectors.
    ///
    /// - Parameter rows: `[n, dimension]`. For whole-number files every component must be a whole number in range;
    ///   half precision rounds to the nearest.
    /// - Throws: ``FileError``: `mismatch` for another dimension, `valueOutOfRange` for a value that the element type
    ///   cannot hold, and what the disk refuses. A block that is refused for its values leaves nothing in the file.
    public func append(_ rows: Matrix<Float>) throws(FileError) {
        let isStoredAsIs = elementType == .float32 && !format.hasRowHeaders
        try append(rows, isStoredAsIs: isStoredAsIs) { (row, target) throws(ElementConversion.Misfit) in
            try ElementConversion.encode(row, as: elementType, into: target)
        }
    }

    /// Appends rows of whole numbers, such as the ids of neighbours.
    ///
    /// - Parameter rows: `[n, dimension]`, every number within the range of the element type.
    /// - Throws: the same as for floats.
    public func append(_ rows: Matrix<Int32>) throws(FileError) {
        let isStoredAsIs = elementType == .int32 && !format.hasRowHeaders
        try append(rows, isStoredAsIs: isStoredAsIs) { (row, target) throws(ElementConversion.Misfit) in
            try ElementConversion.encode(row, as: elementType, into: target)
        }
    }

    /// Waits until all rows appended so far are on the disk.
    public func synchronize() throws(FileError) { try file.synchronize() }

    /// Drops all rows but the first `count`.
    ///
    /// - Parameter count: rows to keep, at most ``count``.
    /// - Throws: ``FileError`` for what the disk refuses.
    public func truncate(to count: Int) throws(FileError) {
        precondition((0...self.count).contains(count), "cannot keep \(count) of \(self.count) rows")
        try file.truncate(to: headerByteCount + count * rowStride)
        self.count = count
    }

    /// Completes the file and puts it in its place.
    ///
    /// Nothing can be appended afterwards.
    ///
    /// - Throws: ``FileError``: what the disk refuses, and a count that the format cannot hold: none in `fvecs`,
    ///   `bvecs` and `ivecs`, whose dimension is in the rows, 2^32 or more in `fbin`, `u8bin` and `i8bin`.
    public func finish() throws(FileError) {
        if format.hasRowHeaders {
            guard count > 0 else {
                throw FileError(
                    .valueOutOfRange, path: path, "a .\(format.rawValue) file cannot hold 0 vectors, use .npy")
            }
        } else {
            guard format == .npy || count <= Int(UInt32.max) else {
                throw FileError(
                    .valueOutOfRange, path: path,
                    "a .\(format.rawValue) file holds at most \(UInt32.max) vectors, got \(count); use .npy")
            }
            try file.overwrite(header(count: count), at: 0)
        }
        try file.commit()
    }

    private func append<Element: MatrixElement>(
        _ rows: Matrix<Element>, isStoredAsIs: Bool,
        encode: (UnsafeBufferPointer<Element>, UnsafeMutableRawPointer) throws(ElementConversion.Misfit) -> Void
    ) throws(FileError) {
        guard rows.columns == dimension else {
            throw FileError(.mismatch, path: path, "expected rows of dimension \(dimension), got \(rows.columns)")
        }
        try rows.withUnsafeElements { (elements) throws(FileError) -> Void in
            if isStoredAsIs {
                try file.write(UnsafeRawBufferPointer(elements))
            } else {
                try writeRows(elements, encode: encode)
            }
        }
        count += rows.rows
    }

    private func writeRows<Element>(
        _ elements: UnsafeBufferPointer<Element>,
        encode: (UnsafeBufferPointer<Element>, UnsafeMutableRawPointer) throws(ElementConversion.Misfit) -> Void
    ) throws(FileError) {
        let start = file.offset
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: rowStride, alignment: 16)
        defer { memory.deallocate() }
        guard let row = memory.baseAddress else { return }
        if format.hasRowHeaders { row.storeBytes(of: Int32(dimension).littleEndian, as: Int32.self) }
        let components = row + (format.hasRowHeaders ? 4 : 0)
        for i in 0..<elements.count / dimension {
            do throws(ElementConversion.Misfit) {
                try encode(UnsafeBufferPointer(rebasing: elements[i * dimension..<(i + 1) * dimension]), components)
            } catch {
                try file.truncate(to: start)
                throw FileError(
                    .valueOutOfRange, path: path,
                    "row \(count + i), component \(error.index) is \(error.value), "
                        + "which \(elementType.rawValue) cannot hold")
            }
            try file.write(UnsafeRawBufferPointer(memory))
        }
    }

    /// The bytes before the first row, for `count` rows; their number does not depend on `count`.
    private func header(count: Int) -> [UInt8] {
        switch format {
        case .npy:
            return NPYHeader.bytes(elementType: elementType, shape: [count, dimension])
        case .fbin, .u8bin, .i8bin:
            return [UInt32(count), UInt32(dimension)].flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            }
        case .fvecs, .bvecs, .ivecs:
            return []
        }
    }
}

extension VectorFile {
    /// Writes a matrix to a file, whose extension says the format.
    ///
    /// - Throws: ``FileError``, see ``VectorWriter``.
    public static func write(
        _ matrix: Matrix<Float>, to path: String, elementType: ElementType? = nil
    ) throws(FileError) {
        let writer = try VectorWriter(path: path, dimension: matrix.columns, elementType: elementType)
        try writer.append(matrix)
        try writer.finish()
    }

    /// Writes whole numbers to a file, whose extension says the format; `.npy` holds them as int32 by default.
    ///
    /// - Throws: ``FileError``, see ``VectorWriter``.
    public static func write(
        _ matrix: Matrix<Int32>, to path: String, elementType: ElementType? = nil
    ) throws(FileError) {
        let format = try VectorFormat(path: path)
        let writer = try VectorWriter(
            path: path, dimension: matrix.columns, elementType: elementType ?? format.elementType ?? .int32)
        try writer.append(matrix)
        try writer.finish()
    }
}
