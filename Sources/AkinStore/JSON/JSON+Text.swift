public import Foundation

extension JSON {
    /// Parses a JSON document.
    public init(parsing bytes: some ContiguousBytes) throws(JSONError) {
        self = try JSONDocument(parsing: bytes).root.json
    }

    /// Parses a JSON document.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The value as JSON text, without white space; members of objects in the order of their keys.
    ///
    /// Numbers that are not finite, which JSON has no word for, become `null`.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.append(self, to: &bytes)
        return bytes
    }
}

/// Writes JSON text piece by piece, for replies whose shape is known.
public enum JSONWriter {
    /// Adds a value.
    public static func append(_ json: JSON, to bytes: inout [UInt8]) {
        switch json {
        case .null: append("null", to: &bytes)
        case .bool(let value): append(value ? "true" : "false", to: &bytes)
        case .integer(let value): append(String(value), to: &bytes)
        case .number(let value): append(value, to: &bytes)
        case .string(let text): append(quoted: text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (i, element) in elements.enumerated() {
                if i > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members): append(members, to: &bytes)
        }
    }

    /// Adds an object, its members in the order of their keys.
    public static func append(_ members: [String: JSON], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        for (i, (key, value)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
            if i > 0 { bytes.append(UInt8(ascii: ",")) }
            append(quoted: key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Adds a number in the fewest digits that give it back; `null` where it is not finite.
    public static func append(_ number: Double, to bytes: inout [UInt8]) {
        append(number.isFinite ? number.description : "null", to: &bytes)
    }

    /// Adds a number in the fewest digits that give it back; `null` where it is not finite.
    public static func append(_ number: Float, to bytes: inout [UInt8]) {
        append(number.isFinite ? number.description : "null", to: &bytes)
    }

    /// Adds text as it is.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Adds a string with its quotes.
    public static func append(quoted text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: append("\\n", to: &bytes)
            case 0x0D: append("\\r", to: &bytes)
            case 0x09: append("\\t", to: &bytes)
            case 0..<0x20:
                append("\\u00", to: &bytes)
                bytes.append(hexadecimal[Int(byte >> 4)])
                bytes.append(hexadecimal[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
}
