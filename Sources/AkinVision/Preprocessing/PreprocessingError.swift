/// Why a preprocessing configuration cannot be followed.
public enum PreprocessingError: Error, Equatable, Sendable {
    /// The file could not be read.
    case unreadable(file: String, reason: String)
    /// The file is not a JSON object.
    case notJSON(file: String, reason: String)
    /// A value that is needed is not there.
    case missing(file: String, key: String)
    /// A key or its value is of a kind that is not followed.
    case unsupported(file: String, key: String, value: String, expected: String)
    /// A number lies outside its range.
    case outOfRange(file: String, key: String, value: Double, allowed: ClosedRange<Double>)
}

extension PreprocessingError: CustomStringConvertible {
    /// A sentence that names the file, the key, what was expected and what came.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .notJSON(let file, let reason): "\(file) is not a JSON object: \(reason)"
        case .missing(let file, let key): "\(file): \"\(key)\" is missing"
        case .unsupported(let file, let key, let value, let expected):
            "\(file): \"\(key)\" is \(value); expected \(expected)"
        case .outOfRange(let file, let key, let value, let allowed):
            "\(file): \"\(key)\" is \(value); it must be in \(allowed.lowerBound)...\(allowed.upperBound)"
        }
    }
}
