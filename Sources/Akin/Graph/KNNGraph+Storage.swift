import Foundation

extension KNNGraph {
    /// Where the scores of a graph's file are: `graph.scores.fvecs` for `graph.ivecs`, as for ``GroundTruth``.
    public static func scoresPath(for path: String) -> String { GroundTruth.scoresPath(for: path) }

    /// Writes the row numbers of the neighbours, and their scores beside them.
    ///
    /// Each file appears complete or not at all.
    ///
    /// - Parameter path: the file of row numbers: `.ivecs` or `.npy`.
    /// - Throws: ``FileError``, see ``VectorWriter``; `mismatch` for a graph without neighbours.
    public func write(to path: String) throws(FileError) {
        guard count > 0, degree > 0 else {
            throw FileError(.mismatch, path: path, "a graph without neighbours cannot be written: two vectors make one")
        }
        let table: GroundTruth
        do throws(IndexError) {
            table = try GroundTruth(ids: ids, scores: scores)
        } catch {
            throw FileError(.mismatch, path: path, error.description)
        }
        try table.write(to: path)
    }

    /// Reads a graph: every number must be that of another row, none may come twice in a row.
    ///
    /// - Parameters:
    ///   - path: the file of row numbers; its scores are beside it.
    ///   - metric: what the scores mean, which the files do not say.
    /// - Throws: ``FileError``: `notFound` without scores, `malformed` for a number that is no neighbour and for
    ///   scores that are no numbers or not in order, `mismatch` for scores that are not as many.
    public init(path: String, metric: Metric) throws(FileError) {
        let scoresPath = Self.scoresPath(for: path)
        let found = try GroundTruth(path: path)
        guard let scores = found.scores else {
            throw FileError(.notFound, path: scoresPath, "expected the scores of \(path) here, there is no such file")
        }
        let ids = found.ids
        try Self.check(ids: ids, path: path)
        try Self.check(scores: scores, metric: metric, path: scoresPath)
        self.init(ids: ids, scores: scores, metric: metric)
    }

    private static func check(ids: Matrix<Int32>, path: String) throws(FileError) {
        let (count, degree) = (ids.rows, ids.columns)
        let wrong: (row: Int, why: String)? = ids.withUnsafeElements { ids in
            var seen = [Int32](repeating: -1, count: count)
            for row in 0..<count {
                for place in row * degree..<(row + 1) * degree {
                    let id = ids[place]
                    guard id >= 0, id < count else { return (row, "\(id), the graph has \(count) rows") }
                    guard id != row else { return (row, "the row itself") }
                    guard seen[Int(id)] != row else { return (row, "\(id) twice") }
                    seen[Int(id)] = Int32(row)
                }
            }
            return nil
        }
        if let wrong {
            throw FileError(
                .malformed, path: path,
                "expected different numbers of other rows, row \(wrong.row) has \(wrong.why)")
        }
    }

    private static func check(scores: Matrix<Float>, metric: Metric, path: String) throws(FileError) {
        let degree = scores.columns
        let wrong: Int? = scores.withUnsafeElements { scores in
            for place in scores.indices {
                if scores[place].isNaN { return place }
                if place % degree > 0, metric.isNearer(scores[place], than: scores[place - 1]) { return place }
            }
            return nil
        }
        if let wrong {
            throw FileError(
                .malformed, path: path,
                "expected scores, nearest first, row \(wrong / degree) has \(scores[wrong / degree, wrong % degree]) "
                    + "at place \(wrong % degree)")
        }
    }
}
