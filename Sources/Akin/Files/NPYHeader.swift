/// The header of a `.npy` file: element type, order and shape of the array that follows.
///
/// ```
/// 93 'N' 'U' 'M' 'P' 'Y'  major minor  length (2 bytes; 4 from version 2)  a Python dictionary, blanks, newline
/// ```
struct NPYHeader: Equatable {
    /// What the array holds.
    var elementType: ElementType
    /// The array's extent along each axis.
    var shape: [Int]
    /// Where the array's bytes begin.
    var dataOffset: Int

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    // MARK: - Writing

    /// The header as NumPy writes it (version 1.0), byte for byte.
    ///
    /// It is padded so that the first axis may grow to 21 digits and the array begins at a multiple of 64: the header
    /// of a growing file can be replaced in place.
    static func bytes(elementType: ElementType, shape: [Int]) -> [UInt8] {
        let tuple = shape.count == 1 ? "(\(shape[0]),)" : "(\(shape.map(String.init).joined(separator: ", ")))"
        var text = "{'descr': '\(elementType.numpyDescription)', 'fortran_order': False, 'shape': \(tuple), }"
        if let first = shape.first { text += String(repeating: " ", count: 21 - String(first).count) }
        let preamble = magic.count + 4
        text += String(repeating: " ", count: 64 - (preamble + text.utf8.count + 1) % 64) + "\n"
        let length = UInt16(text.utf8.count)
        return magic + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(length >> 8)] + Array(text.utf8)
    }

    // MARK: - Reading

    /// Why a header cannot be used; the file's reader adds the path.
    struct Problem: Error, Equatable {
        var code: FileError.Code
        var message: String
        var offset: Int?
    }

    /// Reads the header at the start of `bytes`, which may be any bytes at all.
    init(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        guard bytes.count >= 10 else {
            throw Problem(
                code: .truncated, message: "expected a .npy header, the file has \(bytes.count) bytes", offset: 0)
        }
        guard bytes.prefix(6).elementsEqual(Self.magic) else {
            throw Problem(code: .unknownFormat, message: "expected a .npy file, its first bytes are others", offset: 0)
        }
        let length: Int
        let textOffset: Int
        switch (bytes[6], bytes[7]) {
        case (1, 0):
            length = Int(bytes[8]) | Int(bytes[9]) << 8
            textOffset = 10
        case (2, 0), (3, 0):
            guard bytes.count >= 12 else {
                throw Problem(code: .truncated, message: "the file ends within the .npy header", offset: bytes.count)
            }
            length = (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
            textOffset = 12
        case (let major, let minor):
            throw Problem(
                code: .unsupportedVersion, message: "expected .npy version 1.0, 2.0 or 3.0, found \(major).\(minor)",
                offset: 6)
        }
        guard length <= bytes.count - textOffset else {
            throw Problem(
                code: .truncated,
                message: "the .npy header announces \(length) bytes, the file has \(bytes.count - textOffset) more",
                offset: bytes.count)
        }
        // NumPy itself refuses to read longer ones.
        guard length <= 10_000 else {
            throw Problem(
                code: .malformed, message: "expected a .npy header of at most 10000 bytes, found \(length)", offset: 8)
        }
        var parser = NPYDictionaryParser(UnsafeRawBufferPointer(rebasing: bytes[textOffset..<textOffset + length]))
        do throws(Problem) {
            (elementType, shape) = try parser.parse()
        } catch {
            throw Problem(code: error.code, message: error.message, offset: error.offset.map { $0 + textOffset })
        }
        dataOffset = textOffset + length
    }
}

/// Reads the one dictionary that a `.npy` header is: three keys, in any order, with strings, a truth value and a tuple
/// of whole numbers.
private struct NPYDictionaryParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    mutating func parse() throws(NPYHeader.Problem) -> (ElementType, [Int]) {
        var type: ElementType?
        var isFortranOrdered: Bool?
        var shape: [Int]?
        try expect("{")
        while !skip("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try elementType()
            case "fortran_order" where isFortranOrdered == nil: isFortranOrdered = try truthValue()
            case "shape" where shape == nil: shape = try tuple()
            default: throw malformed("unexpected key '\(key)' in the .npy header")
            }
            if !skip(",") {
                try expect("}")
                break
            }
        }
        skipBlanks()
        guard position == bytes.count else { throw malformed("unexpected text after the .npy header's dictionary") }
        guard let type, let isFortranOrdered, let shape else {
            throw malformed("expected the keys 'descr', 'fortran_order' and 'shape' in the .npy header")
        }
        guard !isFortranOrdered else {
            throw NPYHeader.Problem(
                code: .unsupported,
                message: "expected C order, the array is in Fortran order; save numpy.ascontiguousarray of it")
        }
        return (type, shape)
    }

    private mutating func elementType() throws(NPYHeader.Problem) -> ElementType {
        let known = ElementType.allCases.map { "'\($0.numpyDescription)'" }.joined(separator: ", ")
        guard !skip("[") else { throw unsupported("a structured array", known) }
        let text = try string()
        // One byte has no order, so '<u1' and '=u1' are the same as '|u1'.
        switch text {
        case "<u1": return .uint8
        case "<i1": return .int8
        default:
            if let type = ElementType.allCases.first(where: { $0.numpyDescription == text }) { return type }
        }
        if text.first == ">" { throw unsupported("big-endian '\(text)'", known) }
        if text.contains("O") { throw unsupported("Python objects '\(text)'", known) }
        throw unsupported("'\(text)'", known)
    }

    private mutating func truthValue() throws(NPYHeader.Problem) -> Bool {
        if skip("True") { return true }
        try expect("False")
        return false
    }

    private mutating func tuple() throws(NPYHeader.Problem) -> [Int] {
        try expect("(")
        var values: [Int] = []
        while !skip(")") {
            values.append(try wholeNumber())
            // Python 2 marked long integers so.
            _ = skip("L")
            if !skip(",") {
                try expect(")")
                break
            }
        }
        // NumPy's own limit is 64 axes.
        guard values.count <= 64 else { throw malformed("expected at most 64 axes, found \(values.count)") }
        return values
    }

    private mutating func wholeNumber() throws(NPYHeader.Problem) -> Int {
        skipBlanks()
        var value = 0
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedAgain) = tens.addingReportingOverflow(Int(bytes[position] - 0x30))
            guard !overflowed && !overflowedAgain else { throw malformed("an extent of the shape is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw malformed("expected a whole number, 0 or more, in the shape") }
        return value
    }

    private mutating func string() throws(NPYHeader.Problem) -> String {
        skipBlanks()
        guard position < bytes.count, bytes[position] == 0x27 || bytes[position] == 0x22 else {
            throw malformed("expected a string in the .npy header")
        }
        let quote = bytes[position]
        let start = position + 1
        guard let end = bytes[start...].firstIndex(of: quote), end - start <= 64 else {
            throw malformed("expected a short string in the .npy header")
        }
        position = end + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private mutating func expect(_ text: StaticString) throws(NPYHeader.Problem) {
        guard skip(text) else { throw malformed("expected '\(text)' in the .npy header") }
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        skipBlanks()
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private func malformed(_ message: String) -> NPYHeader.Problem {
        NPYHeader.Problem(code: .malformed, message: message, offset: position)
    }

    private func unsupported(_ what: String, _ known: String) -> NPYHeader.Problem {
        NPYHeader.Problem(code: .unsupported, message: "expected elements of \(known), found \(what)", offset: position)
    }
}
