/// A JSON value, as payloads carry it.
///
/// Whole numbers that fit into 64 bits stay whole numbers; others are doubles. Objects do not keep the order of their
/// keys; of a key given twice the last counts.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The number of a whole number or a double.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// How deeply arrays and objects stand in one another; 0 for a value that is neither.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.values.map(\.depth).max() ?? 0)
        default: 0
        }
    }

    /// The members of an object.
    public subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }
}

/// What is stored beside a vector: the members of a JSON object.
public typealias Payload = [String: JSON]
