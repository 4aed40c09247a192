internal import Akin

/// The layout of a file of the log; all numbers are little-endian.
///
/// ```
/// 0    header, 64 bytes
///        0  magic: "AKINLOG" 0A
///        8  uint32 format version
///       12  zeros
///       16  uint64 sequence number of the first record
///       24  zeros
///       60  uint32 CRC-32C of bytes 0..<60
/// 64   records, one behind the other
///        0  uint32 CRC-32C of the record from byte 4 on, body included
///        4  uint32 bytes of the body
///        8  uint64 sequence number, one more than that of the record before
///       16  uint64 sequence number of the first record of its group
///       24  uint8 kind, seven zeros
///       32  body
/// ```
///
/// The records of a group are written and synchronized together, so a record of a later group proves that all of an
/// earlier one had reached the disk: what is broken before it is damage, while a broken end is a write that a crash cut
/// short and that nobody was told of.
enum LogFormat {
    static let magic: [UInt8] = Array("AKINLOG\n".utf8)
    static let version: UInt32 = 1
    static let headerByteCount = 64
    static let recordHeaderByteCount = 32
    /// Bytes of a body at most; writers stay far below.
    static let greatestBody = 1 << 30

    static func header(firstSequence: UInt64) -> [UInt8] {
        var writer = ByteWriter()
        magic.withUnsafeBytes { writer.append($0) }
        writer.append(version)
        writer.append(UInt32(0))
        writer.append(firstSequence)
        for _ in 0..<9 { writer.append(UInt32(0)) }
        writer.append(writer.bytes.withUnsafeBytes { CRC32C.checksum($0) })
        return writer.bytes
    }

    /// The sequence number of the first record; `nil` where the bytes are no header.
    static func firstSequence(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard bytes.count >= headerByteCount, bytes.starts(with: magic),
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEnd == version
        else { return nil }
        let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<60]))
        guard bytes.loadUnaligned(fromByteOffset: 60, as: UInt32.self).littleEnd == checksum else { return nil }
        return bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self).littleEnd
    }

    /// Adds a record with its header.
    static func append(
        _ kind: LogRecord.Kind, _ body: [UInt8], sequence: UInt64, group: UInt64, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        var header = ByteWriter()
        header.append(UInt32(0))
        header.append(UInt32(body.count))
        header.append(sequence)
        header.append(group)
        header.append(UInt64(kind.rawValue))
        bytes.append(contentsOf: header.bytes)
        bytes.append(contentsOf: body)
        bytes.withUnsafeMutableBytes { all in
            let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[(start + 4)...]))
            all.storeBytes(of: checksum.littleEndian, toByteOffset: start, as: UInt32.self)
        }
    }

    /// A record where it lies in a file.
    struct Entry {
        var sequence: UInt64
        var group: UInt64
        var kind: LogRecord.Kind
        var body: Range<Int>
    }

    /// The record that begins at `offset`; `nil` where there is none whose checksum is right.
    static func entry(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Entry? {
        guard bytes.count - offset >= recordHeaderByteCount else { return nil }
        func number<Number: FixedWidthInteger>(_ place: Int, _ type: Number.Type) -> Number {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: type))
        }
        let length = Int(number(4, UInt32.self)), end = offset + recordHeaderByteCount + length
        guard length <= greatestBody, end <= bytes.count, number(24, UInt64.self) <= 255,
            let kind = LogRecord.Kind(rawValue: UInt8(number(24, UInt64.self))),
            number(0, UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[(offset + 4)..<end]))
        else { return nil }
        return Entry(
            sequence: number(8, UInt64.self), group: number(16, UInt64.self), kind: kind,
            body: offset + recordHeaderByteCount..<end)
    }
}

extension FixedWidthInteger {
    /// A number that was read as it lay in a little-endian file.
    fileprivate var littleEnd: Self { Self(littleEndian: self) }
}
