/// An answer in several messages, because NATS bounds the bytes of one.
///
/// Each part begins with its number and the number of all parts, 32 bits each, little-endian.
struct Parts {
    private static let headerByteCount = 8
    /// Parts of one answer at most: 64 GiB of the smallest limit that servers are run with.
    private static let greatestCount = 1 << 16

    private var parts: [[UInt8]] = []
    private var arrived = 0

    init() {}

    /// The messages that carry `bytes`, none longer than `limit`.
    static func split(_ bytes: [UInt8], limit: Int) -> [[UInt8]] {
        let room = max(1, limit - headerByteCount)
        let count = max(1, (bytes.count + room - 1) / room)
        return (0..<count).map { number in
            var part: [UInt8] = []
            let range = number * room..<min(bytes.count, (number + 1) * room)
            part.reserveCapacity(headerByteCount + range.count)
            for value in [UInt32(number), UInt32(count)] {
                withUnsafeBytes(of: value.littleEndian) { part.append(contentsOf: $0) }
            }
            part.append(contentsOf: bytes[range])
            return part
        }
    }

    /// Takes a part; gives the whole once all have come.
    mutating func add(_ part: [UInt8]) throws -> [UInt8]? {
        guard part.count >= Self.headerByteCount else {
            throw NATSFailure(.other, "expected a part of an answer, got \(part.count) bytes")
        }
        let (number, count) = part.withUnsafeBytes {
            (
                Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))),
                Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            )
        }
        if parts.isEmpty, (1...Self.greatestCount).contains(count) { parts = Array(repeating: [], count: count) }
        guard count == parts.count, number < count, parts[number].isEmpty else {
            throw NATSFailure(.other, "expected another part of \(parts.count), got part \(number) of \(count)")
        }
        parts[number] = part
        arrived += 1
        guard arrived == count else { return nil }
        return Array(parts.joined { $0.dropFirst(Self.headerByteCount) })
    }
}

extension Sequence where Element == [UInt8] {
    fileprivate func joined(_ body: ([UInt8]) -> ArraySlice<UInt8>) -> [UInt8] {
        var all: [UInt8] = []
        for part in self { all += body(part) }
        return all
    }
}
