import Akin
import AkinTestSupport
import Testing

@Suite("k-NN graph, files")
struct KNNGraphStorageTests {
    @Test("comes back from its files", arguments: ["graph.ivecs", "graph.npy"])
    func comesBack(name: String) throws {
        let vectors = Matrix<Float>.random(rows: 50, columns: 4, seed: 1)
        let graph = try KNNGraph.exact(vectors, k: 3, metric: .innerProduct)
        try withTemporaryDirectory { folder in
            try graph.write(to: folder + "/" + name)
            let read = try KNNGraph(path: folder + "/" + name, metric: .innerProduct)
            #expect(read.ids == graph.ids && read.scores == graph.scores && read.metric == graph.metric)
            #expect(!read.isExact && read.measuredRecall == nil)
        }
    }

    @Test(
        "refuses what is no graph",
        arguments: [
            ([[1], [2]], [[1], [2]], FileError.Code.malformed, "row 1 has 2, the graph has 2 rows"),
            ([[1], [-1]], [[1], [2]], .malformed, "row 1 has -1"),
            ([[1], [1]], [[1], [2]], .malformed, "row 1 has the row itself"),
            ([[1, 1], [0, 2], [0, 1]], [[1, 1], [1, 1], [1, 1]], .malformed, "row 0 has 1 twice"),
            ([[1, 2], [0, 2], [0, 1]], [[1, 2], [1, 0.5], [1, 1]], .malformed, "row 1 has 0.5 at place 1"),
            ([[1], [0]], [[1], [.nan]], .malformed, "row 1 has nan"),
            ([[1], [0]], [[1, 2], [1, 2]], .mismatch, "expected 2 x 1 scores"),
        ] as [([[Int32]], [[Float]], FileError.Code, String)])
    func refuses(ids: [[Int32]], scores: [[Float]], code: FileError.Code, words: String) throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/graph.ivecs"
            try VectorFile.write(Matrix(ids), to: path)
            try VectorFile.write(Matrix(scores), to: KNNGraph.scoresPath(for: path))
            let error = try #require(throws: FileError.self) { try KNNGraph(path: path, metric: .l2) }
            #expect(error.code == code)
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test("needs its scores")
    func needsScores() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/graph.ivecs"
            try VectorFile.write(Matrix<Int32>([[1], [0]]), to: path)
            let error = try #require(throws: FileError.self) { try KNNGraph(path: path, metric: .l2) }
            #expect(error.code == .notFound && error.path.hasSuffix("graph.scores.fvecs"))
        }
    }
}
