import Foundation

/// The true nearest stored vectors of some queries, to measure an index against.
///
/// In files: ids as `.ivecs` (or `.npy` of whole numbers), one row per query, nearest first; their scores, where they
/// are known, beside it as `.scores.fvecs`: `truth.ivecs` and `truth.scores.fvecs`.
public struct GroundTruth: Sendable, Equatable {
    /// Ids of the nearest, `[queries, k]`, nearest first.
    public let ids: Matrix<Int32>
    /// Their scores, `[queries, k]`; `nil` where only ids are known.
    public let scores: Matrix<Float>?

    /// Neighbours kept for each query.
    public var k: Int { ids.columns }

    /// Combines ids with their scores.
    ///
    /// - Parameters:
    ///   - ids: `[queries, k]`, nearest first.
    ///   - scores: `[queries, k]` or nothing.
    /// - Throws: ``IndexError`` when the two differ in shape.
    public init(ids: Matrix<Int32>, scores: Matrix<Float>? = nil) throws(IndexError) {
        if let scores {
            guard scores.columns == ids.columns else {
                throw .dimensionMismatch(expected: ids.columns, actual: scores.columns)
            }
            guard scores.rows == ids.rows else {
                throw .outOfRange(name: "rows of scores", value: scores.rows, allowed: ids.rows...ids.rows)
            }
        }
        self.ids = ids
        self.scores = scores
    }

    /// Keeps the answer of an exact search.
    ///
    /// - Parameter neighbors: rows of one length, with ids of 32 bits.
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` for a row of another length than the first and for an
    ///   id beyond 32 bits.
    public init(_ neighbors: Neighbors) throws(IndexError) {
        let k = neighbors.count == 0 ? 0 : neighbors[0].count
        let scores = try Matrix<Float>(rows: neighbors.count, columns: k) { (elements) throws(IndexError) in
            for q in 0..<neighbors.count {
                guard neighbors[q].count == k else {
                    throw .outOfRange(name: "neighbours of query \(q)", value: neighbors[q].count, allowed: k...k)
                }
                for (j, neighbor) in neighbors[q].enumerated() { elements[q * k + j] = neighbor.score }
            }
        }
        let ids = try Matrix<Int32>(rows: neighbors.count, columns: k) { (elements) throws(IndexError) in
            for q in 0..<neighbors.count {
                for (j, neighbor) in neighbors[q].enumerated() {
                    guard let id = Int32(exactly: neighbor.id) else {
                        throw .outOfRange(
                            name: "id", value: Int(neighbor.id), allowed: Int(Int32.min)...Int(Int32.max))
                    }
                    elements[q * k + j] = id
                }
            }
        }
        try self.init(ids: ids, scores: scores)
    }

    // MARK: - Files

    /// Where the scores of a file of ids are: `truth.scores.fvecs` for `truth.ivecs`.
    public static func scoresPath(for path: String) -> String {
        let name = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let end = path[name...].lastIndex(of: ".") ?? path.endIndex
        return path[..<end] + ".scores.fvecs"
    }

    /// Reads ids, and the scores beside them where there are any.
    ///
    /// - Parameter path: the file of ids.
    /// - Throws: ``FileError`` for a file that cannot be read, and for scores that are not as many as the ids.
    public init(path: String) throws(FileError) {
        ids = try VectorFile(path: path).integers()
        let scoresPath = Self.scoresPath(for: path)
        guard FileManager.default.fileExists(atPath: scoresPath) else {
            scores = nil
            return
        }
        let found = try VectorFile(path: scoresPath).floats()
        guard found.rows == ids.rows, found.columns == ids.columns else {
            throw FileError(
                .mismatch, path: scoresPath,
                "expected \(ids.rows) x \(ids.columns) scores as there are ids in \(path), "
                    + "found \(found.rows) x \(found.columns)")
        }
        scores = found
    }

    /// Writes ids, and their scores beside them where they are known.
    ///
    /// Each file appears complete or not at all. Scores that an earlier truth left beside the file go, so that they
    /// are never taken for scores of the new ids.
    ///
    /// - Parameter path: the file of ids, whose extension says the format.
    /// - Throws: ``FileError``, see ``VectorWriter``.
    public func write(to path: String) throws(FileError) {
        let scoresPath = Self.scoresPath(for: path)
        if unlink(scoresPath) != 0 && errno != ENOENT {
            throw FileError(errno: errno, path: scoresPath, "cannot replace", writing: true)
        }
        try VectorFile.write(ids, to: path)
        if let scores { try VectorFile.write(scores, to: scoresPath) }
    }
}
