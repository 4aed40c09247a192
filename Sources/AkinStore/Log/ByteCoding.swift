/// Puts numbers and names into bytes, little-endian.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ raw: UnsafeRawBufferPointer) { bytes.append(contentsOf: raw) }

    /// Bytes behind their number, of 32 bits.
    mutating func append(counted: some RandomAccessCollection<UInt8>) {
        append(UInt32(counted.count))
        bytes.append(contentsOf: counted)
    }

    /// A name of a point: what kind it is, then the number or the text.
    mutating func append(_ id: PointID) {
        switch id {
        case .number(let number):
            append(UInt8(0))
            append(number)
        case .name(let name):
            append(UInt8(1))
            append(counted: Array(name.utf8))
        }
    }
}

/// Bytes that do not hold what they should.
package struct DecodingFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Takes numbers and names from bytes, none of which it trusts.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Bytes not read yet.
    var remaining: Int { bytes.count - offset }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(DecodingFailure) -> Number
    {
        let part = try raw(MemoryLayout<Number>.size)
        return Number(littleEndian: part.loadUnaligned(as: Number.self))
    }

    /// The next `count` bytes.
    mutating func raw(_ count: Int) throws(DecodingFailure) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw DecodingFailure(description: "expected \(count) more bytes, \(remaining) are left")
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// Bytes behind their number.
    mutating func counted() throws(DecodingFailure) -> UnsafeRawBufferPointer {
        try raw(Int(number(UInt32.self)))
    }

    /// A number of things that take at least `size` bytes each.
    mutating func count(ofSize size: Int) throws(DecodingFailure) -> Int {
        let count = Int(try number(UInt32.self))
        guard count <= remaining / max(1, size) else {
            throw DecodingFailure(description: "\(count) entries cannot be in \(remaining) bytes")
        }
        return count
    }

    /// UTF-8 text behind its length.
    mutating func text(_ lengths: ClosedRange<Int>) throws(DecodingFailure) -> String {
        let part = try counted()
        guard lengths.contains(part.count), let text = String(validating: part, as: UTF8.self) else {
            throw DecodingFailure(description: "expected \(lengths) bytes of UTF-8 text")
        }
        return text
    }

    mutating func id() throws(DecodingFailure) -> PointID {
        switch try number(UInt8.self) {
        case 0: return .number(try number())
        case 1: return .name(try text(1...PointID.greatestLength))
        case let kind: throw DecodingFailure(description: "expected a number or a name of a point, found kind \(kind)")
        }
    }

    /// Refuses bytes that nothing was said about.
    func end() throws(DecodingFailure) {
        guard remaining == 0 else { throw DecodingFailure(description: "\(remaining) bytes too many") }
    }
}
