import Foundation

/// An `.akin` file, mapped into memory.
///
/// Opening checks header and table: their checksums, the file's length, and that every section lies within the file and
/// overlaps no other. The sections' own checksums are compared by ``check(_:monitor:)`` and ``verify(_:)``, since that
/// reads all their bytes.
package struct ContainerReader: Sendable {
    /// The file, as the caller named it.
    package let path: String
    /// The format version that the file was written in.
    package let formatVersion: Int
    /// All sections, in the order of their bytes.
    package let sections: [ContainerSection]

    private let storage: any MatrixStorage
    private let tableOffset: Int

    /// Whether the bytes stay in the file until they are touched.
    package var isMapped: Bool { storage is MappedFile }
    /// Bytes of the whole file.
    package var byteCount: Int { storage.byteCount }

    /// Opens a file.
    package init(path: String) throws(FileError) {
        try self.init(MappedFile(path: path), path: path)
    }

    /// Reads a container from bytes that are in memory or mapped; `path` is for messages.
    package init(_ storage: any MatrixStorage, path: String) throws(FileError) {
        let header = try Header(storage.bytes, path: path)
        self.path = path
        self.storage = storage
        formatVersion = header.version
        tableOffset = header.tableOffset
        sections = try Self.table(storage.bytes, header: header, path: path)
    }

    /// Whether bytes begin like a container, whatever follows.
    package static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: ContainerFormat.magic)
    }

    // MARK: - Sections

    /// The section of a name, where there is one.
    package func find(_ name: String) -> ContainerSection? { sections.first { $0.name == name } }

    /// The section of a name and kind.
    ///
    /// - Throws: ``FileError`` with code `malformed` when it is missing or of another kind.
    package func section(_ name: String, _ kind: ContainerSection.Kind) throws(FileError) -> ContainerSection {
        guard let section = find(name) else {
            throw FileError(.malformed, path: path, "expected a section '\(name)', there is none", section: name)
        }
        guard section.kind == kind else {
            throw FileError(
                .malformed, path: path, "expected \(kind.name), the section holds \(section.kind.name)",
                offset: section.offset, section: name)
        }
        return section
    }

    /// The numbers of a section where they lie, without a copy.
    ///
    /// - Throws: ``FileError`` with code `malformed` when the section is missing, of another kind, or of another length
    ///   than `rows * columns` elements.
    package func matrix<Element: MatrixElement>(
        _ name: String, _ kind: ContainerSection.Kind, rows: Int, columns: Int, of type: Element.Type = Element.self
    ) throws(FileError) -> Matrix<Element> {
        let section = try section(name, kind)
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        let (needed, overflowed) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard rows >= 0, columns >= 0, !overflow, !overflowed, needed == section.byteCount else {
            throw FileError(
                .malformed, path: path,
                "expected \(rows) x \(columns) elements of \(MemoryLayout<Element>.stride) bytes, "
                    + "the section has \(section.byteCount) bytes",
                offset: section.offset, section: name)
        }
        return Matrix(rows: rows, columns: columns, storage: storage, byteOffset: section.offset)
    }

    /// Reads a section of JSON, whose checksum is compared first.
    ///
    /// - Throws: ``FileError`` with code `checksumMismatch` or `malformed`.
    package func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws(FileError) -> Value {
        let section = try section(name, .json)
        guard section.byteCount <= 1 << 20 else {
            throw FileError(
                .malformed, path: path, "expected at most 1 MiB of JSON, found \(section.byteCount) bytes",
                offset: section.offset, section: name)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[section.offset...].prefix(section.byteCount))
        try compare(CRC32C.checksum(bytes), with: section)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw FileError(
                .malformed, path: path, "cannot read its JSON: \(Self.explain(error))", offset: section.offset,
                section: name)
        }
    }

    // MARK: - Checksums

    /// Compares a section's bytes with its checksum.
    ///
    /// - Throws: ``FileError`` with code `checksumMismatch`, `CancellationError` when the monitor says stop.
    package func check(_ section: ContainerSection, monitor: ProgressMonitor = .silent) throws {
        try check(section, phase: "checking", base: 0, total: section.byteCount, monitor)
    }

    /// Compares all sections with their checksums, and sees that there are zeros between them.
    ///
    /// - Throws: ``FileError`` with code `checksumMismatch`, `CancellationError` when the monitor says stop.
    package func verify(_ monitor: ProgressMonitor = .silent) throws {
        let total = sections.reduce(0) { $0 + $1.byteCount }
        var done = 0
        var end = ContainerFormat.headerByteCount
        for section in sections {
            try checkPadding(end..<section.offset)
            try check(section, phase: "verifying", base: done, total: total, monitor)
            done += section.byteCount
            end = section.offset + section.byteCount
        }
        try checkPadding(end..<tableOffset)
    }

    private func check(
        _ section: ContainerSection, phase: String, base: Int, total: Int, _ monitor: ProgressMonitor
    ) throws {
        var checksum = CRC32C()
        let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[section.offset...].prefix(section.byteCount))
        for start in stride(from: 0, to: bytes.count, by: 1 << 26) {
            let block = bytes[start..<min(start + 1 << 26, bytes.count)]
            checksum.update(UnsafeRawBufferPointer(rebasing: block))
            try monitor.update(phase, done: base + block.endIndex, total: total)
        }
        try compare(checksum.value, with: section)
    }

    private func compare(_ checksum: UInt32, with section: ContainerSection) throws(FileError) {
        guard checksum == section.checksum else {
            throw FileError(
                .checksumMismatch, path: path,
                "expected checksum \(hexadecimal(section.checksum)), its bytes have \(hexadecimal(checksum)): "
                    + "the file is damaged",
                offset: section.offset, section: section.name)
        }
    }

    private func checkPadding(_ range: Range<Int>) throws(FileError) {
        if let offset = range.first(where: { storage.bytes[$0] != 0 }) {
            throw FileError(
                .checksumMismatch, path: path, "expected zeros between sections: the file is damaged", offset: offset)
        }
    }

    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            (context.codingPath.map { "'\($0.stringValue)': " }.joined()) + context.debugDescription
        default: "\(error)"
        }
    }
}

/// Eight hexadecimal digits.
func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
