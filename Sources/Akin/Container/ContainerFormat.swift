/// The layout of an `.akin` file in format version 1; all numbers are little-endian.
///
/// ```
/// 0      header, 64 bytes
///          0  magic: 'A' 'K' 'I' 'N' 0D 0A 1A 0A
///          8  uint32 format version
///         12  uint32 number of sections
///         16  uint64 bytes of the whole file
///         24  uint64 offset of the table
///         32  uint32 CRC-32C of the table
///         36  zeros
///         60  uint32 CRC-32C of bytes 0..<60
/// 4096   sections, each beginning at a multiple of 4096, zeros between them
/// ...    table at a multiple of 4096, to the end of the file: 64 bytes for each section
///          0  name, UTF-8, zeros to 32 bytes
///         32  uint64 offset
///         40  uint64 bytes
///         48  uint32 kind
///         52  uint32 CRC-32C of the section's bytes
///         56  zeros
/// ```
///
/// Line ends and the end-of-file byte in the magic show a file that went through a text conversion. Sections begin on
/// pages, so that mapped numbers are aligned and can be used where they lie. The table comes last because the number of
/// sections and their lengths need not be known before they are written.
enum ContainerFormat {
    static let magic: [UInt8] = Array("AKIN".utf8) + [0x0D, 0x0A, 0x1A, 0x0A]
    static let version: UInt32 = 1
    static let pageSize = 4096
    static let headerByteCount = 64
    static let entryByteCount = 64
    static let nameByteCount = 32
    /// Enough for every index there is; bounds what a reader makes of a table.
    static let maximumSectionCount = 1024

    static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<MemoryLayout<T>.size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func header(sectionCount: Int, fileByteCount: Int, tableOffset: Int, tableChecksum: UInt32) -> [UInt8] {
        var header = magic + bytes(version) + bytes(UInt32(sectionCount))
        header += bytes(UInt64(fileByteCount)) + bytes(UInt64(tableOffset)) + bytes(tableChecksum)
        header += [UInt8](repeating: 0, count: headerByteCount - 4 - header.count)
        return header + bytes(header.withUnsafeBytes { CRC32C.checksum($0) })
    }

    static func entry(_ section: ContainerSection) -> [UInt8] {
        var entry = Array(section.name.utf8)
        entry += [UInt8](repeating: 0, count: nameByteCount - entry.count)
        entry += bytes(UInt64(section.offset)) + bytes(UInt64(section.byteCount))
        entry += bytes(section.kind.rawValue) + bytes(section.checksum)
        return entry + [UInt8](repeating: 0, count: entryByteCount - entry.count)
    }

    /// Whether a section may have this name: 1 to 32 bytes of lower-case letters, digits, '.', '-' and '_'.
    static func isName(_ name: some Sequence<UInt8>) -> Bool {
        let bytes = Array(name)
        return (1...nameByteCount).contains(bytes.count)
            && bytes.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2E, 0x2D, 0x5F].contains(byte)
            }
    }
}

/// One section of a container: a name, what it holds, and where.
package struct ContainerSection: Sendable, Equatable {
    /// What the bytes of a section are.
    package enum Kind: UInt32, Sendable, CaseIterable {
        case bytes = 0
        case json = 1
        case float32 = 2
        case float16 = 3
        case uint8 = 4
        case int8 = 5
        case int32 = 6
        case int64 = 7

        /// The word people read.
        package var name: String { "\(self)" }
    }

    package var name: String
    package var kind: Kind
    /// The section's first byte in the file, a multiple of 4096.
    package var offset: Int
    package var byteCount: Int
    /// CRC-32C of the section's bytes.
    package var checksum: UInt32
}
