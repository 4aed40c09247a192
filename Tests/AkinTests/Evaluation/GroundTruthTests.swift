import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Ground truth")
struct GroundTruthTests {
    private let neighbors = Neighbors([
        [Neighbor(id: 3, score: 0.5), Neighbor(id: 1, score: 2)],
        [Neighbor(id: 7, score: 1), Neighbor(id: 0, score: 1)],
    ])

    @Test("ids and scores are written and read", arguments: ["truth.ivecs", "truth.npy", "a.b.ivecs"])
    func roundTrip(_ name: String) throws {
        try withTemporaryDirectory { folder in
            let truth = try GroundTruth(neighbors)
            try truth.write(to: "\(folder)/\(name)")
            #expect(try GroundTruth(path: "\(folder)/\(name)") == truth)
            #expect(truth.ids == Matrix([[3, 1], [7, 0]]))
            #expect(truth.scores == Matrix([[0.5, 2], [1, 1]]))
            let stem = name.dropLast(name.hasSuffix("npy") ? 4 : 6)
            #expect(try listing(folder) == ["\(stem).scores.fvecs", name].sorted())
        }
    }

    @Test("scores are left out where they are not known, and old ones go")
    func withoutScores() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/truth.ivecs"
            try GroundTruth(neighbors).write(to: path)
            let truth = try GroundTruth(ids: Matrix([[5, 6, 7]]))
            try truth.write(to: path)
            #expect(try GroundTruth(path: path) == truth)
            #expect(try listing(folder) == ["truth.ivecs"])
        }
    }

    @Test("scores of another shape are refused")
    func otherShape() throws {
        try withTemporaryDirectory { folder in
            let path = "\(folder)/truth.ivecs"
            try GroundTruth(neighbors).write(to: path)
            try VectorFile.write(Matrix<Float>([[1, 2, 3]]), to: GroundTruth.scoresPath(for: path))
            let error = #expect(throws: FileError.self) { try GroundTruth(path: path) }
            #expect(error?.code == .mismatch)
        }
        #expect(throws: IndexError.self) {
            try GroundTruth(ids: Matrix([[1, 2]]), scores: Matrix([[1, 2], [3, 4]]))
        }
        #expect(throws: IndexError.self) { try GroundTruth(ids: Matrix([[1, 2]]), scores: Matrix([[1]])) }
    }

    @Test("rows of different lengths and ids beyond 32 bits are refused")
    func unsuitable() throws {
        #expect(throws: IndexError.outOfRange(name: "neighbours of query 1", value: 0, allowed: 1...1)) {
            try GroundTruth(Neighbors([[Neighbor(id: 1, score: 0)], []]))
        }
        #expect(throws: IndexError.self) { try GroundTruth(Neighbors([[Neighbor(id: 1 << 31, score: 0)]])) }
    }

    static let data = ProcessInfo.processInfo.environment["AKIN_DATA"]

    @Test(
        "real descriptors: an exact search finds the published truth, and its squared distances",
        .enabled(if: data != nil, "AKIN_DATA is not set"), arguments: ["query", "query_siftsmall"])
    func realData(_ name: String) throws {
        let folder = try #require(Self.data) + "/sift5k"
        let index = try FlatIndex(VectorFile(path: "\(folder)/base.fvecs").floats())
        let queries = try VectorFile(path: "\(folder)/\(name).fvecs").floats()
        let ids = try VectorFile(path: "\(folder)/\(name)_groundtruth.ivecs").integers()
        let distances = try VectorFile(path: "\(folder)/\(name)_groundtruth_sqdist.fvecs").floats()
        let truth = try GroundTruth(index.search(queries, k: 100).neighbors)
        #expect(truth.ids == ids)
        #expect(truth.scores == distances)
    }
}
