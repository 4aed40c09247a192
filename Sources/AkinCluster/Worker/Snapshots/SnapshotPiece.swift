/// A message of a stream of snapshots: the number of the piece, 32 bits, little-endian, and bytes of the file.
enum SnapshotPiece {
    static let headerByteCount = 4

    /// Bytes of the file in each message, where servers take messages of `limit` bytes, headers included.
    static func byteCount(limit: Int) -> Int { max(1, min(512 << 10, limit - 1024)) }

    /// The message of a piece.
    static func encoded(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(headerByteCount + bytes.count)
        withUnsafeBytes(of: UInt32(number).littleEndian) { message.append(contentsOf: $0) }
        message += bytes
        return message
    }

    /// The number of the piece in a message; `nil` where it is none.
    static func number(_ message: [UInt8]) -> Int? {
        guard message.count > headerByteCount else { return nil }
        return Int(message.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) })
    }
}
