internal import AkinStore

/// What all messages between routers and workers share; all numbers are little-endian.
///
/// Each message begins with the version of the format, one byte. A vector is its length, 32 bits, and its floats; a payload
/// is JSON text behind its length, none where it is empty; what may be missing stands behind a byte that says whether it
/// is there.
enum MessageFormat {
    static let version: UInt8 = 1
    /// How deeply filters may stand in one another.
    static let greatestDepth = 64

    /// Refuses bytes of another version.
    static func check(_ reader: inout ByteReader) throws(DecodingFailure) {
        let found = try reader.number(UInt8.self)
        guard found == version else {
            throw DecodingFailure(
                description: "expected a message of format \(version), got format \(found); "
                    + "run the same release of Akin on all routers and workers")
        }
    }
}

extension ByteWriter {
    mutating func append(_ flag: Bool) { append(UInt8(flag ? 1 : 0)) }
    mutating func append(_ number: Float) { append(number.bitPattern) }
    mutating func append(_ number: Double) { append(number.bitPattern) }
    mutating func append(_ number: Int) { append(Int64(number)) }

    mutating func append(vector: [Float]) {
        append(UInt32(vector.count))
        vector.withUnsafeBytes { append($0) }
    }

    mutating func append(payload: Payload) {
        guard !payload.isEmpty else { return append(UInt32(0)) }
        let start = bytes.count
        append(UInt32(0))
        JSONWriter.append(payload, to: &bytes)
        setCount(at: start)
    }

    mutating func append(json: JSON) {
        let start = bytes.count
        append(UInt32(0))
        JSONWriter.append(json, to: &bytes)
        setCount(at: start)
    }

    /// Writes how many bytes follow a number of 32 bits into it.
    private mutating func setCount(at start: Int) { set(UInt32(bytes.count - start - 4), at: start) }

    /// Writes another number where one stands.
    mutating func set(_ number: UInt32, at offset: Int) {
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt32.self) }
    }

    mutating func append(_ path: FieldPath) { append(text: path.description) }

    mutating func append<Element>(_ elements: [Element], _ body: (inout ByteWriter, Element) -> Void) {
        append(UInt32(elements.count))
        for element in elements { body(&self, element) }
    }

    mutating func append<Value>(optional value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        append(value != nil)
        if let value { body(&self, value) }
    }
}

extension ByteReader {
    mutating func flag() throws(DecodingFailure) -> Bool {
        switch try number(UInt8.self) {
        case 0: return false
        case 1: return true
        case let other: throw DecodingFailure(description: "expected 0 or 1, got \(other)")
        }
    }

    mutating func float() throws(DecodingFailure) -> Float { Float(bitPattern: try number()) }
    mutating func double() throws(DecodingFailure) -> Double { Double(bitPattern: try number()) }

    mutating func int() throws(DecodingFailure) -> Int {
        let number = try number(Int64.self)
        guard let int = Int(exactly: number) else { throw DecodingFailure(description: "\(number) is too large") }
        return int
    }

    /// A number of things, or of bytes.
    mutating func size() throws(DecodingFailure) -> Int {
        let size = try int()
        guard size >= 0 else { throw DecodingFailure(description: "expected a number of things, got \(size)") }
        return size
    }

    mutating func vector() throws(DecodingFailure) -> [Float] {
        let count = try count(ofSize: 4)
        let bytes = try raw(4 * count)
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            initialized = count
        }
    }

    mutating func payload() throws(DecodingFailure) -> Payload {
        let text = try counted()
        guard !text.isEmpty else { return [:] }
        guard case .object(let members)? = try? JSON(parsing: text) else {
            throw DecodingFailure(description: "expected a payload, found other text")
        }
        return members
    }

    mutating func json() throws(DecodingFailure) -> JSON {
        let text = try counted()
        do { return try JSON(parsing: text) } catch { throw DecodingFailure(description: "\(error)") }
    }

    /// Any text.
    mutating func text() throws(DecodingFailure) -> String { try text(0...Int(UInt32.max)) }

    mutating func path() throws(DecodingFailure) -> FieldPath {
        let text = try text(1...512)
        guard let path = FieldPath(text) else { throw DecodingFailure(description: "\"\(text)\" is no path") }
        return path
    }

    /// Things that take at least `size` bytes each.
    mutating func array<Element>(
        ofSize size: Int, _ body: (inout ByteReader) throws(DecodingFailure) -> Element
    ) throws(DecodingFailure) -> [Element] {
        let count = try count(ofSize: size)
        var elements: [Element] = []
        // What follows may be shorter than it says: what is in memory may take many times its bytes.
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    mutating func optional<Value>(
        _ body: (inout ByteReader) throws(DecodingFailure) -> Value
    ) throws(DecodingFailure) -> Value? {
        try flag() ? try body(&self) : nil
    }

    /// What a message of this kind may not have.
    func unknown(_ what: String, _ kind: UInt8) -> DecodingFailure {
        DecodingFailure(description: "there is no \(what) of kind \(kind)")
    }
}

extension Array where Element == UInt8 {
    /// Reads all of the bytes.
    func decoded<Value>(
        _ body: (inout ByteReader) throws(DecodingFailure) -> Value
    ) throws(DecodingFailure) -> Value {
        let result = withUnsafeBytes { bytes -> Result<Value, DecodingFailure> in
            var reader = ByteReader(bytes)
            do throws(DecodingFailure) {
                let value = try body(&reader)
                try reader.end()
                return .success(value)
            } catch { return .failure(error) }
        }
        return try result.get()
    }
}
