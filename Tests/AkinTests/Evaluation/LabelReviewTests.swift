import Akin
import AkinTestSupport
import Testing

@Suite("Review of labels by neighbours")
struct LabelReviewTests {
    /// Clusters far from each other, one class each, and some labels that were swapped.
    private struct Case {
        let vectors: Matrix<Float>
        var classes: [Int]
        let swapped: [Int: Int]

        init(seed: UInt64) {
            var random = SeededRandom(seed: seed)
            var rows: [[Float]] = []
            var classes: [Int] = []
            for label in 0..<4 {
                for _ in 0..<40 {
                    rows.append((0..<3).map { Float($0 == label ? 50 : 0) + random.gaussian() })
                    classes.append(label)
                }
            }
            var swapped: [Int: Int] = [:]
            for row in [3, 77, 90, 150] {
                swapped[row] = classes[row]
                classes[row] = (classes[row] + 1) % 4
            }
            vectors = Matrix(rows)
            self.classes = classes
            self.swapped = swapped
        }

        func review(k: Int) throws -> LabelReview {
            let found = try FlatIndex(vectors).search(vectors, k: k + 1).neighbors
            var review = try LabelReview(classes: classes, classCount: 4, metric: .l2, k: k)
            for first in stride(from: 0, to: vectors.rows, by: 50) {
                let rows = first..<min(first + 50, vectors.rows)
                try review.add(Neighbors(rows.map { Array(found[$0]) }), rows: rows)
            }
            return review
        }
    }

    @Test("swapped labels are found, with the class they had", arguments: 0..<5)
    func swapped(seed: UInt64) throws {
        let trial = Case(seed: seed)
        let suspects = try trial.review(k: 7).suspects()
        #expect(Set(suspects.map(\.row)) == Set(trial.swapped.keys))
        for suspect in suspects {
            #expect(suspect.suggested == trial.swapped[suspect.row])
            #expect(suspect.disagreement > 0.5 && suspect.disagreement <= 1)
        }
        #expect(zip(suspects, suspects.dropFirst()).allSatisfy { $0.disagreement >= $1.disagreement })
    }

    @Test("counts are those of a plain count", arguments: [1, 2, 5])
    func plainCount(k: Int) throws {
        // Few places, so that classes mix and there are ties.
        let vectors = Matrix<Float>.randomIntegers(rows: 80, columns: 2, in: 0...5, seed: 9)
        let classes = (0..<80).map { $0 * 7 % 3 }
        let found = try FlatIndex(vectors).search(vectors, k: k + 1).neighbors
        var review = try LabelReview(classes: classes, classCount: 3, metric: .l2, k: k)
        try review.add(found, rows: 0..<80)
        var expected: [Int: (own: Int, other: Int)] = [:]
        for row in 0..<80 {
            let others = found[row].filter { $0.id != Int64(row) }.prefix(k).map { classes[Int($0.id)] }
            let own = others.count { $0 == classes[row] }
            let most = (0..<3).filter { $0 != classes[row] }.map { label in others.count { $0 == label } }.max() ?? 0
            if most > own { expected[row] = (own, most) }
        }
        let suspects = review.suspects()
        #expect(Set(suspects.map(\.row)) == Set(expected.keys))
        for suspect in suspects {
            #expect(suspect.votersForLabel == expected[suspect.row]?.own)
            #expect(suspect.votersForSuggested == expected[suspect.row]?.other)
            #expect(suspect.voters == k)
        }
    }

    @Test("what lies apart from its class is an outlier, and moving everything changes nothing", arguments: [1, 1000])
    func outliers(scale: Float) throws {
        var random = SeededRandom(seed: 5)
        // A narrow class and a wide one; 4 is far for the first and nothing for the second.
        var rows: [[Float]] = (0..<60).map { _ in [random.gaussian() * 0.1 * scale, 0] }
        rows += (0..<60).map { _ in [1000 * scale + random.gaussian() * 5 * scale, random.gaussian() * 5 * scale] }
        rows.append([4 * scale, 0])
        rows.append([1004 * scale, 0])
        let classes = Array(repeating: 0, count: 60) + Array(repeating: 1, count: 60) + [0, 1]
        let vectors = Matrix(rows)
        var review = try LabelReview(classes: classes, classCount: 2, metric: .l2, k: 5)
        try review.add(FlatIndex(vectors).search(vectors, k: 6).neighbors, rows: 0..<vectors.rows)
        let outliers = review.outliers()
        #expect(outliers.first?.row == 120)
        #expect(!outliers.map(\.row).contains(121))
        #expect(outliers.allSatisfy { $0.deviation >= LabelReview.standardDeviation })
        #expect(review.outliers(beyond: .infinity).isEmpty)
    }

    @Test("equal vectors, small classes and lonely vectors have no outliers")
    func degenerate() throws {
        let vectors = Matrix<Float>(Array(repeating: [1, 2], count: 12))
        var review = try LabelReview(classes: .init(repeating: 0, count: 12), classCount: 1, metric: .l2, k: 3)
        try review.add(FlatIndex(vectors).search(vectors, k: 4).neighbors, rows: 0..<12)
        #expect(review.outliers().isEmpty && review.suspects().isEmpty)
        let few = Matrix<Float>([[0, 0], [0, 1], [90, 90]])
        var small = try LabelReview(classes: [0, 0, 0], classCount: 1, metric: .l2, k: 2)
        try small.add(FlatIndex(few).search(few, k: 3).neighbors, rows: 0..<3)
        #expect(small.outliers().isEmpty)
        let one = Matrix<Float>([[5]])
        var single = try LabelReview(classes: [0], classCount: 1, metric: .l2, k: 2)
        try single.add(FlatIndex(one).search(one, k: 3).neighbors, rows: 0..<1)
        #expect(single.outliers().isEmpty && single.suspects().isEmpty)
    }

    @Test("classes, k, ids and rows out of range are refused")
    func refused() throws {
        #expect(throws: ClassificationError.self) { try LabelReview(classes: [2], classCount: 2, metric: .l2, k: 1) }
        #expect(throws: ClassificationError.self) { try LabelReview(classes: [0], classCount: 1, metric: .l2, k: 0) }
        var review = try LabelReview(classes: [0, 0], classCount: 1, metric: .l2, k: 1)
        #expect(throws: ClassificationError.unknownID(7)) {
            try review.add(Neighbors([[Neighbor(id: 7, score: 1)]]), rows: 0..<1)
        }
        #expect(throws: ClassificationError.self) { try review.add(Neighbors(), rows: 0..<1) }
        #expect(throws: ClassificationError.self) { try review.add(Neighbors([[]]), rows: 2..<3) }
    }
}
