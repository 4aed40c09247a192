import Foundation

/// Writes an `.akin` file section by section; it appears under its name when ``finish()`` has returned.
///
/// ```swift
/// let writer = try ContainerWriter(path: "index.akin")
/// try writer.begin("vectors", .float32)
/// while let block = next() { try writer.write(block) }
/// try writer.finish()
/// ```
package final class ContainerWriter {
    private let file: AtomicFile
    private var sections: [ContainerSection] = []
    private var open: ContainerSection?
    private var checksum = CRC32C()

    /// Begins a file.
    package init(path: String) throws(FileError) {
        file = try AtomicFile(path: path)
        // The header says where the table is, which is known at the end.
        try file.write([UInt8](repeating: 0, count: ContainerFormat.headerByteCount))
    }

    /// Begins a section, ending the one before.
    ///
    /// - Parameters:
    ///   - name: up to 32 lower-case letters, digits, '.', '-' and '_', different from the other sections'.
    ///   - kind: what the bytes are.
    /// - Throws: ``FileError`` for what the disk refuses.
    package func begin(_ name: String, _ kind: ContainerSection.Kind) throws(FileError) {
        precondition(ContainerFormat.isName(name.utf8), "'\(name)' is no name for a section")
        endSection()
        precondition(!sections.contains { $0.name == name }, "there is a section '\(name)' already")
        precondition(sections.count < ContainerFormat.maximumSectionCount, "too many sections")
        try file.pad(to: ContainerFormat.pageSize)
        open = ContainerSection(name: name, kind: kind, offset: file.offset, byteCount: 0, checksum: 0)
        checksum = CRC32C()
    }

    /// Appends bytes to the section begun last.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(open != nil, "begin a section first")
        try file.write(bytes)
        checksum.update(bytes)
        open?.byteCount += bytes.count
    }

    /// Appends elements to the section begun last.
    package func write<Element: BitwiseCopyable>(_ elements: UnsafeBufferPointer<Element>) throws(FileError) {
        try write(UnsafeRawBufferPointer(elements))
    }

    /// Writes a section of JSON.
    package func write(json value: some Encodable, named name: String) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do { data = try encoder.encode(value) } catch {
            preconditionFailure("section '\(name)' cannot be written as JSON: \(error)")
        }
        try begin(name, .json)
        try Array(data).withUnsafeBufferPointer { (bytes) throws(FileError) in try write(bytes) }
    }

    /// Writes table and header and puts the file in its place.
    package func finish() throws(FileError) {
        endSection()
        try file.pad(to: ContainerFormat.pageSize)
        let tableOffset = file.offset
        let table = sections.flatMap(ContainerFormat.entry)
        try file.write(table)
        let header = ContainerFormat.header(
            sectionCount: sections.count, fileByteCount: file.offset, tableOffset: tableOffset,
            tableChecksum: table.withUnsafeBytes { CRC32C.checksum($0) })
        try file.overwrite(header, at: 0)
        try file.commit()
    }

    private func endSection() {
        guard var section = open else { return }
        section.checksum = checksum.value
        sections.append(section)
        open = nil
    }
}
