internal import Akin
internal import Foundation

/// The layout of a snapshot: the files of a collection in one, each with a checksum; numbers are little-endian.
///
/// ```
/// 0    magic: "AKINSNAP", uint32 format version, zeros to 16
/// 16   members:
///        uint8  1
///        uint16 bytes of the name, and the name: "catalog.sqlite", "segments/00000001.vectors"
///        uint64 bytes of the file, and the file
///        uint32 CRC-32C of all that
///      end:
///        uint8  0
///        uint32 number of members
///        uint32 CRC-32C of the number and of the members' checksums
/// ```
enum SnapshotFormat {
    static let magic: [UInt8] = Array("AKINSNAP".utf8)
    static let version: UInt32 = 1

    static var header: [UInt8] {
        var writer = ByteWriter()
        magic.withUnsafeBytes { writer.append($0) }
        writer.append(version)
        writer.append(UInt32(0))
        return writer.bytes
    }

    /// Whether a member may have this name: nothing that would be put elsewhere than into the collection's folder.
    static func isMember(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(Store.isName) else { return false }
        switch (parts.count, parts[0]) {
        case (1, "catalog.sqlite"): return true
        case (2, "log"): return parts[1].hasSuffix(".log")
        case (2, "segments"): return parts[1].hasSuffix(".vectors") || parts[1].hasSuffix(".akin")
        case (3, "images"): return ImageFolder.isDigest(parts[2]) && parts[2].hasPrefix(parts[1]) && parts[1].count == 2
        default: return false
        }
    }
}

/// Writes a snapshot, which appears under its name complete or not at all.
final class SnapshotWriter {
    private let file: AtomicFile
    private var checksums = ByteWriter()
    private var count: UInt32 = 0

    init(_ path: String) throws {
        file = try AtomicFile(path: path)
        try file.write(SnapshotFormat.header)
    }

    /// Adds a file.
    func add(_ name: String, from path: String) throws {
        let mapped = try MappedFile(path: path, access: .sequential)
        try add(name, mapped.bytes)
        withExtendedLifetime(mapped) {}
    }

    /// Adds a file of some bytes.
    func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
        precondition(SnapshotFormat.isMember(name), "'\(name)' is no member of a snapshot")
        var header = ByteWriter()
        header.append(UInt8(1))
        header.append(UInt16(name.utf8.count))
        Array(name.utf8).withUnsafeBytes { header.append($0) }
        header.append(UInt64(bytes.count))
        var checksum = CRC32C()
        header.bytes.withUnsafeBytes { checksum.update($0) }
        checksum.update(bytes)
        try file.write(header.bytes)
        try file.write(bytes)
        var end = ByteWriter()
        end.append(checksum.value)
        try file.write(end.bytes)
        checksums.append(checksum.value)
        count += 1
    }

    /// Puts the snapshot in its place.
    func finish() throws {
        var end = ByteWriter()
        end.append(UInt8(0))
        end.append(count)
        var checksum = CRC32C()
        withUnsafeBytes(of: count.littleEndian) { checksum.update($0) }
        checksums.bytes.withUnsafeBytes { checksum.update($0) }
        end.append(checksum.value)
        try file.write(end.bytes)
        try file.commit()
    }
}

/// Reads a snapshot, none of which it trusts.
struct SnapshotReader {
    let path: String
    private let file: MappedFile

    init(_ path: String) throws {
        self.path = path
        file = try MappedFile(path: path, access: .sequential)
    }

    /// Gives each member, its checksum compared; throws at the first that is wrong, and where the end is missing.
    ///
    /// What was given before must not be used when it throws.
    func forEach(_ body: (String, UnsafeRawBufferPointer) throws -> Void) throws {
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes
        guard bytes.count >= 16, bytes.starts(with: SnapshotFormat.magic) else {
            throw StoreError.snapshot("\(path): expected a snapshot of a collection, this is another file")
        }
        let version = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard version == SnapshotFormat.version else {
            throw StoreError.snapshot(
                "\(path): expected a snapshot of version \(SnapshotFormat.version), this one has version \(version)")
        }
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[16...]))
        var checksums = ByteWriter()
        var names: Set<String> = []
        do {
            while true {
                let start = reader.offset
                guard try reader.number(UInt8.self) == 1 else { break }
                let length = Int(try reader.number(UInt16.self))
                let name = String(decoding: try reader.raw(length), as: UTF8.self)
                let size = try reader.number(UInt64.self)
                guard SnapshotFormat.isMember(name), names.insert(name).inserted, size <= UInt64(reader.remaining)
                else {
                    throw DecodingFailure(description: "a member \"\(name)\" of \(size) bytes cannot be in it")
                }
                let content = try reader.raw(Int(size))
                let whole = UnsafeRawBufferPointer(rebasing: bytes[(16 + start)..<(16 + reader.offset)])
                let checksum = try reader.number(UInt32.self)
                guard checksum == CRC32C.checksum(whole) else {
                    throw DecodingFailure(description: "the checksum of \"\(name)\" is wrong")
                }
                checksums.append(checksum)
                try body(name, content)
            }
            let count = try reader.number(UInt32.self)
            var checksum = CRC32C()
            withUnsafeBytes(of: count.littleEndian) { checksum.update($0) }
            checksums.bytes.withUnsafeBytes { checksum.update($0) }
            guard Int(count) == names.count, try reader.number(UInt32.self) == checksum.value else {
                throw DecodingFailure(description: "its end does not belong to its beginning")
            }
            try reader.end()
        } catch let failure as DecodingFailure {
            throw StoreError.snapshot("\(path): the snapshot is damaged at byte \(16 + reader.offset): \(failure)")
        }
    }
}
