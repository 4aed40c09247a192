internal import CAkinJSON
public import Foundation

/// Text that is no JSON document, or too deep a one.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
}

/// A parsed JSON document, whose values are read where they are wanted.
///
/// Checked whole when it is made: UTF-8, numbers, nesting. Reading builds only what is asked for, so that long vectors
/// never become arrays of values. Parsing is simdjson's.
public final class JSONDocument: @unchecked Sendable {
    /// How deeply arrays and objects may be nested.
    public static let greatestDepth = 64

    // Never changed after it was made.
    fileprivate let handle: OpaquePointer

    /// Parses a document of at most 4 GiB.
    public init(parsing bytes: some ContiguousBytes) throws(JSONError) {
        var message: UnsafePointer<CChar>?
        let handle: OpaquePointer? = bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty, bytes.count < Int(UInt32.max) else { return nil }
            return akin_json_parse(
                start.assumingMemoryBound(to: CChar.self), bytes.count, Self.greatestDepth, &message)
        }
        guard let handle else {
            throw JSONError(description: message.map { String(cString: $0) } ?? "expected a JSON document")
        }
        self.handle = handle
    }

    deinit { akin_json_free(handle) }

    /// The document's value.
    public var root: JSONReader { JSONReader(document: self, value: akin_json_root(handle)) }
}

/// A value of a document.
public struct JSONReader: Sendable {
    private let document: JSONDocument
    // A place in the document, which never changes.
    nonisolated(unsafe) private let value: akin_json_value

    fileprivate init(document: JSONDocument, value: akin_json_value) {
        self.document = document
        self.value = value
    }

    /// What kind of value it is.
    public enum Kind: String, Sendable {
        case null, bool, integer, number, string, array, object
    }

    /// What kind of value it is; whole numbers of 64 bits without a sign are numbers.
    public var kind: Kind {
        switch akin_json_type_of(value) {
        case AKIN_JSON_FALSE, AKIN_JSON_TRUE: .bool
        case AKIN_JSON_INTEGER: .integer
        case AKIN_JSON_UNSIGNED, AKIN_JSON_NUMBER: .number
        case AKIN_JSON_STRING: .string
        case AKIN_JSON_ARRAY: .array
        case AKIN_JSON_OBJECT: .object
        default: .null
        }
    }

    /// A truth value.
    public var bool: Bool? {
        switch akin_json_type_of(value) {
        case AKIN_JSON_TRUE: true
        case AKIN_JSON_FALSE: false
        default: nil
        }
    }

    /// A whole number of 64 bits.
    public var integer: Int64? {
        akin_json_type_of(value) == AKIN_JSON_INTEGER ? akin_json_integer(value) : nil
    }

    /// A whole number that is not negative.
    public var unsigned: UInt64? {
        switch akin_json_type_of(value) {
        case AKIN_JSON_INTEGER: UInt64(exactly: akin_json_integer(value))
        case AKIN_JSON_UNSIGNED: akin_json_unsigned(value)
        default: nil
        }
    }

    /// Any number.
    public var double: Double? {
        switch akin_json_type_of(value) {
        case AKIN_JSON_INTEGER, AKIN_JSON_UNSIGNED, AKIN_JSON_NUMBER: akin_json_number(value)
        default: nil
        }
    }

    /// A string.
    public var string: String? {
        guard akin_json_type_of(value) == AKIN_JSON_STRING else { return nil }
        return text(of: value)
    }

    /// The elements of an array.
    public var elements: [JSONReader]? {
        guard akin_json_type_of(value) == AKIN_JSON_ARRAY else { return nil }
        var elements: [JSONReader] = []
        elements.reserveCapacity(akin_json_count(value))
        let end = akin_json_end(value).index
        var place = akin_json_first(value)
        while place.index < end {
            elements.append(JSONReader(document: document, value: place))
            place = akin_json_next(place)
        }
        return elements
    }

    /// The members of an object in their order.
    public var members: [(key: String, value: JSONReader)]? {
        guard akin_json_type_of(value) == AKIN_JSON_OBJECT else { return nil }
        var members: [(key: String, value: JSONReader)] = []
        let end = akin_json_end(value).index
        var place = akin_json_first(value)
        while place.index < end {
            let member = akin_json_next(place)
            members.append((text(of: place), JSONReader(document: document, value: member)))
            place = akin_json_next(member)
        }
        return members
    }

    /// A member of an object, by the bytes of its key; the last where the key is given twice.
    public subscript(key: String) -> JSONReader? {
        guard akin_json_type_of(value) == AKIN_JSON_OBJECT else { return nil }
        var key = key
        return key.withUTF8 { key in
            var found: JSONReader?
            let end = akin_json_end(value).index
            var place = akin_json_first(value)
            while place.index < end {
                let member = akin_json_next(place)
                let name = bytes(of: place)
                if name.count == key.count, name.elementsEqual(UnsafeRawBufferPointer(key)) {
                    found = JSONReader(document: document, value: member)
                }
                place = akin_json_next(member)
            }
            return found
        }
    }

    /// The numbers of an array, rounded to 32 bits.
    ///
    /// - Returns: `nil` where the value is no array or one of its elements is no number.
    public var floats: [Float]? {
        guard akin_json_type_of(value) == AKIN_JSON_ARRAY else { return nil }
        let capacity = akin_json_count(value)
        var isWhole = true
        let floats = [Float](unsafeUninitializedCapacity: capacity) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            let read = akin_json_floats(value, start, capacity)
            isWhole = read == capacity
            count = isWhole ? capacity : 0
        }
        return isWhole ? floats : nil
    }

    /// The value with all that it holds.
    public var json: JSON {
        switch akin_json_type_of(value) {
        case AKIN_JSON_FALSE: .bool(false)
        case AKIN_JSON_TRUE: .bool(true)
        case AKIN_JSON_INTEGER: .integer(akin_json_integer(value))
        case AKIN_JSON_UNSIGNED, AKIN_JSON_NUMBER: .number(akin_json_number(value))
        case AKIN_JSON_STRING: .string(text(of: value))
        case AKIN_JSON_ARRAY: .array((elements ?? []).map(\.json))
        case AKIN_JSON_OBJECT:
            .object(Dictionary((members ?? []).map { ($0.key, $0.value.json) }) { $1 })
        default: .null
        }
    }

    private func text(of value: akin_json_value) -> String { String(decoding: bytes(of: value), as: UTF8.self) }

    private func bytes(of text: akin_json_value) -> UnsafeRawBufferPointer {
        var count = 0
        let start = akin_json_string(text, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }
}
