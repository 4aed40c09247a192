/// What the caller of an index got wrong.
public enum IndexError: Error, Equatable, Sendable {
    /// Vectors have another number of components than the index.
    case dimensionMismatch(expected: Int, actual: Int)
    /// A parameter lies outside its range.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
    /// A component is NaN or infinite.
    case notFinite(row: Int, column: Int)
    /// A component is so large that floats cannot hold its square.
    case tooLarge(row: Int, column: Int)
    /// A number that must be 1 or more is not.
    case belowOne(name: String, value: Double)
    /// A parameter is not a number.
    case notANumber(name: String)
    /// Training needs more vectors.
    case tooFewVectors(needed: Int, given: Int, purpose: String)
    /// An id that cannot be followed by another.
    case reservedID(Int64)
    /// A kind of index that cannot be built.
    case unsupported(String)
    /// Two indexes that are to become one differ.
    case incompatible(String)
    /// The same id was given twice.
    case duplicateID(Int64)
    /// There must be one id for each vector.
    case idCountMismatch(vectors: Int, ids: Int)
    /// An operation needs at least one vector.
    case empty
    /// Vectors of one embedding space were given to an index of another.
    case spaceMismatch(expected: String, actual: String)
}

extension IndexError: CustomStringConvertible {
    /// A sentence that names what was expected and what came.
    public var description: String {
        switch self {
        case .dimensionMismatch(let expected, let actual):
            "expected vectors of dimension \(expected), got dimension \(actual)"
        case .outOfRange(let name, let value, let allowed):
            "\(name) is \(value); it must be in \(allowed.lowerBound)...\(allowed.upperBound)"
        case .notFinite(let row, let column):
            "vectors must be finite: row \(row), component \(column) is NaN or infinite"
        case .tooLarge(let row, let column):
            "row \(row), component \(column) is too large: its square leaves the range of 32-bit floats; scale the vectors"
        case .belowOne(let name, let value): "\(name) is \(value); it must be 1 or more"
        case .notANumber(let name): "\(name) is not a number"
        case .tooFewVectors(let needed, let given, let purpose):
            "\(purpose) needs at least \(needed) training vectors, got \(given)"
        case .reservedID(let id): "id \(id) cannot be used: ids must be less than \(Int64.max)"
        case .unsupported(let what): "this program cannot build \(what)"
        case .incompatible(let difference): "the indexes cannot be merged: \(difference)"
        case .duplicateID(let id): "id \(id) is given more than once"
        case .idCountMismatch(let vectors, let ids): "expected one id per vector: \(vectors) vectors, \(ids) ids"
        case .empty: "expected at least one vector, got none"
        case .spaceMismatch(let expected, let actual):
            "the index holds vectors of embedding space \(expected), the given ones come from \(actual); "
                + "embed both with the same model and preprocessing"
        }
    }
}
