/// Header and table of a container, taken from bytes that may be anything.
extension ContainerReader {
    struct Header {
        var version: Int
        var sectionCount: Int
        var tableOffset: Int
        var tableChecksum: UInt32

        init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
            guard bytes.count >= 8 else {
                throw FileError(
                    .truncated, path: path, "expected an .akin file, this one has \(bytes.count) bytes", offset: 0)
            }
            guard bytes.prefix(8).elementsEqual(ContainerFormat.magic) else {
                let isAlmost = bytes.prefix(4).elementsEqual(ContainerFormat.magic.prefix(4))
                throw FileError(
                    isAlmost ? .malformed : .unknownFormat, path: path,
                    isAlmost
                        ? "expected an .akin file, line ends were converted as in text: copy it again as binary"
                        : "expected an .akin file, its first bytes are others",
                    offset: 0)
            }
            guard bytes.count >= ContainerFormat.headerByteCount else {
                throw FileError(
                    .truncated, path: path,
                    "expected a header of \(ContainerFormat.headerByteCount) bytes, the file has \(bytes.count)",
                    offset: bytes.count)
            }
            // The version comes before the checksum: a later version may have another header.
            let version = bytes.little(UInt32.self, at: 8)
            guard version == ContainerFormat.version else {
                throw FileError(
                    .unsupportedVersion, path: path,
                    "this program reads format version \(ContainerFormat.version), the file has version \(version)",
                    offset: 8)
            }
            let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<60]))
            guard checksum == bytes.little(UInt32.self, at: 60) else {
                throw FileError(.checksumMismatch, path: path, "the header is damaged", offset: 0, section: "header")
            }
            let announced = bytes.little(UInt64.self, at: 16)
            guard announced == UInt64(bytes.count) else {
                throw FileError(
                    announced > UInt64(bytes.count) ? .truncated : .malformed, path: path,
                    "expected \(announced) bytes, the file has \(bytes.count)", offset: bytes.count)
            }
            let sectionCount = Int(bytes.little(UInt32.self, at: 12))
            let tableOffset = bytes.little(UInt64.self, at: 24)
            guard sectionCount <= ContainerFormat.maximumSectionCount,
                tableOffset % UInt64(ContainerFormat.pageSize) == 0,
                tableOffset >= UInt64(ContainerFormat.pageSize), tableOffset <= announced,
                announced - tableOffset == UInt64(sectionCount * ContainerFormat.entryByteCount),
                bytes[36..<60].allSatisfy({ $0 == 0 })
            else {
                throw FileError(
                    .malformed, path: path,
                    "the header's table of \(sectionCount) sections at \(tableOffset) does not end the file's "
                        + "\(announced) bytes",
                    offset: 12, section: "header")
            }
            self.version = Int(version)
            self.sectionCount = sectionCount
            self.tableOffset = Int(tableOffset)
            tableChecksum = bytes.little(UInt32.self, at: 32)
        }
    }

    static func table(
        _ bytes: UnsafeRawBufferPointer, header: Header, path: String
    ) throws(FileError) -> [ContainerSection] {
        let table = UnsafeRawBufferPointer(rebasing: bytes[header.tableOffset...])
        guard CRC32C.checksum(table) == header.tableChecksum else {
            throw FileError(
                .checksumMismatch, path: path, "the table of sections is damaged", offset: header.tableOffset,
                section: "table")
        }
        var sections: [ContainerSection] = []
        var end = ContainerFormat.headerByteCount
        for i in 0..<header.sectionCount {
            let place = i * ContainerFormat.entryByteCount
            func malformed(_ message: String) -> FileError {
                FileError(
                    .malformed, path: path, "entry \(i): \(message)", offset: header.tableOffset + place,
                    section: "table")
            }
            let entry = UnsafeRawBufferPointer(rebasing: table[place..<place + ContainerFormat.entryByteCount])
            let padded = entry.prefix(ContainerFormat.nameByteCount)
            let name = padded.prefix { $0 != 0 }
            guard ContainerFormat.isName(name), padded.dropFirst(name.count).allSatisfy({ $0 == 0 }) else {
                throw malformed("the name is not 1 to 32 letters, digits, '.', '-' and '_'")
            }
            let text = String(decoding: name, as: UTF8.self)
            guard !sections.contains(where: { $0.name == text }) else { throw malformed("'\(text)' comes twice") }
            guard let kind = ContainerSection.Kind(rawValue: entry.little(UInt32.self, at: 48)) else {
                throw malformed("'\(text)' is of unknown kind \(entry.little(UInt32.self, at: 48))")
            }
            guard entry[56...].allSatisfy({ $0 == 0 }) else { throw malformed("'\(text)' has unknown fields") }
            let offset = entry.little(UInt64.self, at: 32), byteCount = entry.little(UInt64.self, at: 40)
            // Sections follow one another and end before the table; nothing here can overflow.
            guard offset % UInt64(ContainerFormat.pageSize) == 0, offset >= UInt64(end),
                offset <= UInt64(header.tableOffset), byteCount <= UInt64(header.tableOffset) - offset
            else {
                throw malformed(
                    "'\(text)' of \(byteCount) bytes at \(offset) does not lie between \(end) and the table at "
                        + "\(header.tableOffset), on a page")
            }
            end = Int(offset + byteCount)
            sections.append(
                ContainerSection(
                    name: text, kind: kind, offset: Int(offset), byteCount: Int(byteCount),
                    checksum: entry.little(UInt32.self, at: 52)))
        }
        return sections
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at an offset, aligned or not.
    fileprivate func little<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
