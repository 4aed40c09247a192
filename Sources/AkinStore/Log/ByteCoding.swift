/// Puts numbers and names into bytes, little-endian.
package struct ByteWriter: Sendable {
    /// What was put.
    @usableFromInline package var bytes: [UInt8] = []

    /// Begins without bytes.
    package init() {}

    /// Makes room for so many more bytes.
    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    /// A number.
    @inlinable package mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Bytes as they are.
    package mutating func append(_ raw: UnsafeRawBufferPointer) { bytes.append(contentsOf: raw) }

    /// Bytes behind their number, of 32 bits.
    package mutating func append(counted: some RandomAccessCollection<UInt8>) {
        append(UInt32(counted.count))
        bytes.append(contentsOf: counted)
    }

    /// UTF-8 text behind its length, of 32 bits.
    package mutating func append(text: String) {
        var text = text
        text.withUTF8 {
            append(UInt32($0.count))
            bytes.append(contentsOf: $0)
        }
    }

    /// A name of a point: what kind it is, then the number or the text.
    package mutating func append(_ id: PointID) {
        switch id {
        case .number(let number):
            append(UInt8(0))
            append(number)
        case .name(let name):
            append(UInt8(1))
            append(text: name)
        }
    }
}

/// Bytes that do not hold what they should.
package struct DecodingFailure: Error, CustomStringConvertible {
    /// What was expected, and what came.
    package let description: String

    /// Says what is wrong.
    package init(description: String) { self.description = description }
}

/// Takes numbers and names from bytes, none of which it trusts.
package struct ByteReader {
    @usableFromInline package let bytes: UnsafeRawBufferPointer
    /// Bytes that were read.
    @usableFromInline package var offset = 0

    /// Reads from the beginning of bytes that outlive it.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Bytes not read yet.
    package var remaining: Int { bytes.count - offset }

    /// A number.
    @inlinable package mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(DecodingFailure) -> Number {
        let part = try raw(MemoryLayout<Number>.size)
        return Number(littleEndian: part.loadUnaligned(as: Number.self))
    }

    /// The next `count` bytes.
    package mutating func raw(_ count: Int) throws(DecodingFailure) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw DecodingFailure(description: "expected \(count) more bytes, \(remaining) are left")
        }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// Bytes behind their number.
    package mutating func counted() throws(DecodingFailure) -> UnsafeRawBufferPointer {
        try raw(Int(number(UInt32.self)))
    }

    /// A number of things that take at least `size` bytes each.
    package mutating func count(ofSize size: Int) throws(DecodingFailure) -> Int {
        let count = Int(try number(UInt32.self))
        guard count <= remaining / max(1, size) else {
            throw DecodingFailure(description: "\(count) entries cannot be in \(remaining) bytes")
        }
        return count
    }

    /// UTF-8 text behind its length.
    package mutating func text(_ lengths: ClosedRange<Int>) throws(DecodingFailure) -> String {
        let part = try counted()
        guard lengths.contains(part.count), let text = String(validating: part, as: UTF8.self) else {
            throw DecodingFailure(description: "expected \(lengths) bytes of UTF-8 text")
        }
        return text
    }

    /// A name of a point.
    package mutating func id() throws(DecodingFailure) -> PointID {
        switch try number(UInt8.self) {
        case 0: return .number(try number())
        case 1: return .name(try text(1...PointID.greatestLength))
        case let kind: throw DecodingFailure(description: "expected a number or a name of a point, found kind \(kind)")
        }
    }

    /// Refuses bytes that nothing was said about.
    package func end() throws(DecodingFailure) {
        guard remaining == 0 else { throw DecodingFailure(description: "\(remaining) bytes too many") }
    }
}
