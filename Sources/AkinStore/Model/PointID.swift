public import Foundation

/// The name of a point: the caller's, and stable for as long as the point lives.
///
/// A UUID in any of its written forms is one name, the lower-case one with hyphens. Numbers come before names in order.
public enum PointID: Hashable, Sendable {
    /// An unsigned number.
    case number(UInt64)
    /// A UUID, or any other text of 1 to ``greatestLength`` bytes.
    case name(String)

    /// Bytes that a name may have at most.
    public static let greatestLength = 256

    /// Reads a name; `nil` where it is empty or too long.
    public init?(name text: String) {
        let bytes = text.utf8
        guard (1...Self.greatestLength).contains(bytes.count) else { return nil }
        self = .name(Self.uuid(text) ?? text)
    }

    /// A name for a UUID.
    public init(_ uuid: UUID) { self = .name(uuid.uuidString.lowercased()) }

    /// The canonical form of a UUID written with hyphens, without them, or as a URN.
    private static func uuid(_ text: String) -> String? {
        let bare = text.lowercased().hasPrefix("urn:uuid:") ? String(text.dropFirst(9)) : text
        if bare.utf8.count == 36 { return UUID(uuidString: bare)?.uuidString.lowercased() }
        guard bare.utf8.count == 32, bare.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
            return nil
        }
        let digits = Array(bare.lowercased())
        let ends = [0, 8, 12, 16, 20, 32]
        return zip(ends, ends.dropFirst()).map { String(digits[$0..<$1]) }.joined(separator: "-")
    }
}

// Names are told apart by their bytes: `String` takes different spellings of one character for equal, databases and
// other programs do not.
extension PointID {
    /// Whether two names are the same, byte for byte.
    public static func == (a: PointID, b: PointID) -> Bool {
        switch (a, b) {
        case (.number(let a), .number(let b)): a == b
        case (.name(let a), .name(let b)): a.utf8.elementsEqual(b.utf8)
        default: false
        }
    }

    /// Adds the number or the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .number(let number): hasher.combine(number)
        case .name(var name): name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}

extension PointID: Comparable {
    /// Numbers by value, then names by their bytes.
    public static func < (a: PointID, b: PointID) -> Bool {
        switch (a, b) {
        case (.number(let a), .number(let b)): a < b
        case (.number, .name): true
        case (.name, .number): false
        case (.name(let a), .name(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        }
    }
}

extension PointID: CustomStringConvertible {
    /// The number or the name.
    public var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .name(let name): name
        }
    }
}
