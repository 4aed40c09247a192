import Foundation

/// Writes a graph row after row: the numbers of the neighbours, and their scores beside them.
///
/// Nothing is there under their names before ``finish()``.
final class KNNGraphWriter {
    private let ids: VectorWriter
    private let scores: VectorWriter

    init(path: String, degree: Int) throws(FileError) {
        let type = try VectorFormat(path: path).elementType ?? .int32
        ids = try VectorWriter(path: path, dimension: degree, elementType: type)
        scores = try VectorWriter(path: KNNGraph.scoresPath(for: path), dimension: degree)
    }

    func append(ids someIDs: Matrix<Int32>, scores someScores: Matrix<Float>) throws(FileError) {
        try ids.append(someIDs)
        try scores.append(someScores)
    }

    /// Puts both files in place; scores of an earlier graph are never beside the new numbers.
    func finish() throws(FileError) {
        if unlink(scores.path) != 0 && errno != ENOENT {
            throw FileError(errno: errno, path: scores.path, "cannot replace", writing: true)
        }
        try ids.finish()
        try scores.finish()
    }
}
