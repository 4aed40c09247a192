/// Text that is equal where its bytes are.
///
/// `String` takes different spellings of one character for equal, SQLite and other databases do not, and the answer to a
/// filter must not depend on whether an index was asked.
struct ByteText: Hashable, Sendable {
    let string: String

    init(_ string: String) { self.string = string }

    static func == (a: ByteText, b: ByteText) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

    func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

// Whatever filters and indexes are made of is told apart in the same way: what is kept for one spelling must not be given
// to another.

extension FieldPath {
    /// Whether two paths are the same, byte for byte.
    public static func == (a: FieldPath, b: FieldPath) -> Bool { ByteText(a.description) == ByteText(b.description) }

    /// Adds the bytes of the path.
    public func hash(into hasher: inout Hasher) { ByteText(description).hash(into: &hasher) }
}

extension FieldPath.Step {
    static func == (a: FieldPath.Step, b: FieldPath.Step) -> Bool {
        switch (a, b) {
        case (.member(let a), .member(let b)): ByteText(a) == ByteText(b)
        case (.each, .each): true
        case (.element(let a), .element(let b)): a == b
        default: false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .member(let name): ByteText(name).hash(into: &hasher)
        case .each: hasher.combine(-1)
        case .element(let place): hasher.combine(place)
        }
    }
}

extension JSON {
    /// Whether two values are the same, texts and the names of members byte for byte.
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): ByteText(a) == ByteText(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count
                && a.allSatisfy { name, value in
                    guard let place = b.index(forKey: name) else { return false }
                    return ByteText(b[place].key) == ByteText(name) && b[place].value == value
                }
        default: false
        }
    }

    /// Adds what tells values apart; of an object the number of its members only.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .string(let text): ByteText(text).hash(into: &hasher)
        case .array(let elements): hasher.combine(elements)
        // Members have no order.
        case .object(let members): hasher.combine(members.count)
        }
    }
}
