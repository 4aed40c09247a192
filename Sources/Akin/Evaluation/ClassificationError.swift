/// What keeps a kNN classification from being carried out.
public enum ClassificationError: Error, Equatable, Sendable {
    /// A set to learn from or to score has no vectors.
    case emptySet(String)
    /// There must be one label for each vector.
    case labelCountMismatch(set: String, vectors: Int, labels: Int)
    /// Vectors without a label; `example` names the first of them.
    case missingLabels(set: String, count: Int, example: String)
    /// A row's class is no index into the class names.
    case classOutOfRange(row: Int, value: Int, classes: Int)
    /// A neighbour's id belongs to no labelled row.
    case unknownID(Int64)
    /// A parameter must be greater than zero and finite.
    case notPositive(name: String, value: Double)
    /// A vote and k that are to be shown in detail are not among those that are tried.
    case notTried(vote: String, k: Int)
    /// There must be one true class, or one own id, for each query.
    case queryCountMismatch(queries: Int, given: Int)
}

extension ClassificationError: CustomStringConvertible {
    /// A sentence that names what was expected and what came.
    public var description: String {
        switch self {
        case .emptySet(let set):
            return "the \(set) set is empty; expected at least one vector"
        case .labelCountMismatch(let set, let vectors, let labels):
            return "expected one label per vector in the \(set) set: \(vectors) vectors, \(labels) labels"
        case .missingLabels(let set, let count, let example):
            let what = count == 1 ? "1 image of the \(set) set has" : "\(count) images of the \(set) set have"
            return "\(what) no label, the first is \(example); put images in one folder per class"
        case .classOutOfRange(let row, let value, let classes):
            return "row \(row) has class \(value); expected a class in 0..<\(classes)"
        case .unknownID(let id):
            return "neighbour \(id) has no label; the labels must be those of the vectors in the index"
        case .notPositive(let name, let value):
            let shown = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
            return "\(name) is \(shown); it must be greater than 0 and finite"
        case .notTried(let vote, let k):
            return "\(vote) with k = \(k) cannot be shown in detail; expected one of the votes and k that are tried"
        case .queryCountMismatch(let queries, let given):
            return "expected one entry per query: \(queries) queries, \(given) entries"
        }
    }
}
