import Akin
import AkinVision
import Foundation

/// The vectors, queries and labels that `compare` works on.
struct ComparisonData {
    let base, queries: Matrix<Float>
    let space: EmbeddingSpace?
    /// The name of the file without folder and extension.
    let name: String
    private let baseLabels, queryLabels: [String]?

    /// Whether accuracy can be told.
    var hasLabels: Bool { baseLabels != nil && queryLabels != nil }

    /// Reads vectors, and queries or takes some out; labels where there are any.
    init(vectors path: String, queries: String?, heldOut: Int, labels: String?, queryLabels: String?) throws {
        let stored = try readVectors(path)
        let known = try labels.map { try Self.labels($0, count: stored.vectors.rows) } ?? stored.labels
        name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        space = stored.space
        if let queries {
            let asked = try readVectors(queries)
            if let expected = stored.space, let actual = asked.space {
                try naming(queries) { try expected.check(actual) }
            }
            guard asked.vectors.columns == stored.vectors.columns else {
                throw CommandError(
                    "\(queries): expected dimension \(stored.vectors.columns), got \(asked.vectors.columns)")
            }
            base = stored.vectors
            self.queries = asked.vectors
            baseLabels = known
            self.queryLabels = try queryLabels.map { try Self.labels($0, count: asked.vectors.rows) } ?? asked.labels
            if labels != nil, self.queryLabels == nil {
                throw CommandError("\(queries): has no labels; --query-labels gives them")
            }
            return
        }
        let held = HeldOutQueries(of: stored.vectors, count: heldOut)
        base = held.base
        self.queries = held.queries
        baseLabels = known.map { known in held.baseRows.map { known[$0] } }
        self.queryLabels = known.map { known in held.queryRows.map { known[$0] } }
    }

    /// The classes as numbers; `nil` where there are no labels.
    func labels(vote: NeighborVote) -> IndexComparison.Labels? {
        guard let baseLabels, let queryLabels else { return nil }
        let names = ClassNames(of: baseLabels + queryLabels)
        return .init(
            base: baseLabels.compactMap(names.index(of:)), queries: queryLabels.compactMap(names.index(of:)),
            classCount: names.count, vote: vote)
    }

    /// A label for each row: whole numbers, or lines of text.
    private static func labels(_ path: String, count: Int) throws -> [String] {
        let labels: [String]
        if (try? VectorFormat(path: path)) != nil {
            let numbers = try VectorFile(path: path).integers()
            guard numbers.columns == 1 || numbers.rows == 1 else {
                throw CommandError("\(path): expected one label a row, found \(numbers.columns)")
            }
            labels = numbers.withUnsafeElements { $0.map(String.init) }
        } else {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandError("\(path): cannot be read")
            }
            var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            if lines.last?.isEmpty == true { lines.removeLast() }
            labels = lines.map { line in
                String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            }
        }
        guard labels.count == count else {
            throw CommandError("\(path): expected \(count) labels, one for each vector, found \(labels.count)")
        }
        return labels
    }
}

/// Bytes of a file; 0 where it is not there.
func fileSize(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
}

/// Removes a file; one that is not there is fine.
func removeFile(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
