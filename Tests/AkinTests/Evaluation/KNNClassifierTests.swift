import Akin
import AkinTestSupport
import Foundation
import Testing

/// Rows of neighbours whose ids are row numbers.
private func neighbors(_ rows: [[(Int64, Float)]]) -> Neighbors {
    Neighbors(rows.map { $0.map { Neighbor(id: $0.0, score: $0.1) } })
}

@Suite("kNN classifier")
struct KNNClassifierTests {
    /// Rows 0...5: classes 0 0 1 1 2 2.
    private let classes = [0, 0, 1, 1, 2, 2]

    private func ranked(
        _ row: [(Int64, Float)], k: Int, _ vote: NeighborVote, metric: Metric = .cosine, top: Int = 5
    ) throws -> [Int] {
        let classifier = try KNNClassifier(classes: classes, classCount: 3, metric: metric)
        return try classifier.predict(neighbors([row]), k: [k], vote: vote, top: top)[0][0]
    }

    @Test("majority takes the mode")
    func majorityTakesTheMode() throws {
        let row: [(Int64, Float)] = [(4, 0.9), (2, 0.8), (3, 0.7), (0, 0.6), (5, 0.5)]
        #expect(try ranked(row, k: 3, .majority) == [1, 2])
        #expect(try ranked(row, k: 1, .majority) == [2])
    }

    @Test("a tied majority goes to the class with the nearest member")
    func tiesGoToTheNearer() throws {
        let row: [(Int64, Float)] = [(4, 0.9), (2, 0.8), (3, 0.7), (0, 0.6), (5, 0.5)]
        // Two of class 2, two of class 1, one of class 0: class 2 has the nearest.
        #expect(try ranked(row, k: 5, .majority) == [2, 1, 0])
        #expect(try ranked([(2, 0.5), (0, 0.4), (1, 0.3), (3, 0.2)], k: 4, .majority) == [1, 0])
    }

    @Test("softmax weighs by exp(s / T)")
    func softmaxWeighs() throws {
        // exp(0.9 / 0.07) against exp(0.8 / 0.07) + exp(0.79 / 0.07): 1 to 0.24 + 0.21, so the nearest wins ...
        let row: [(Int64, Float)] = [(4, 0.9), (2, 0.8), (3, 0.79)]
        #expect(try ranked(row, k: 3, .softmax) == [2, 1])
        // ... and with T = 1 the two others do.
        #expect(try ranked(row, k: 3, .softmax(temperature: 1)) == [1, 2])
    }

    @Test("the sum of softmax weights can overtake the nearest")
    func softmaxSums() throws {
        // exp(-0.02 / 0.07) = 0.751 and exp(-0.03 / 0.07) = 0.651 add up to more than 1.
        #expect(try ranked([(4, 0.9), (2, 0.88), (3, 0.87)], k: 3, .softmax) == [1, 2])
    }

    @Test("squared distance d votes as the similarity 1 - d / 2")
    func distancesVoteAsSimilarities() throws {
        for temperature in [0.01, 0.07, 0.5, 3] {
            let similarities: [Float] = [0.9, 0.8, 0.79, 0.5, 0.25]
            let ids: [Int64] = [4, 2, 3, 0, 1]
            let cosine = zip(ids, similarities).map { ($0, $1) }
            let squared = zip(ids, similarities).map { ($0, 2 - 2 * $1) }
            #expect(
                try ranked(cosine, k: 5, .softmax(temperature: temperature))
                    == ranked(squared, k: 5, .softmax(temperature: temperature), metric: .l2))
        }
    }

    @Test("scores far from zero neither overflow nor lose the order", arguments: [Metric.l2, .innerProduct])
    func largeScores(_ metric: Metric) throws {
        let scores: [Float] = metric == .l2 ? [1e30, 1e30, 2e30] : [1e30, 1e30, 5e29]
        let row: [(Int64, Float)] = [(0, scores[0]), (2, scores[1]), (4, scores[2])]
        #expect(try ranked(row, k: 3, .softmax, metric: metric) == [0, 1, 2])
        let infinite: [(Int64, Float)] = [(2, .infinity), (4, .infinity), (5, .infinity)]
        #expect(try ranked(infinite, k: 3, .softmax, metric: .l2) == [2, 1])
    }

    @Test("equal softmax weights go to the class with the nearest member")
    func softmaxTies() throws {
        #expect(try ranked([(2, 0.5), (0, 0.5), (1, 0.1), (3, 0.1)], k: 4, .softmax) == [1, 0])
    }

    @Test("the list ends after `top` classes")
    func listEnds() throws {
        let row: [(Int64, Float)] = [(4, 0.9), (2, 0.8), (3, 0.7), (0, 0.6), (5, 0.5)]
        #expect(try ranked(row, k: 5, .majority, top: 2) == [2, 1])
        #expect(try ranked(row, k: 5, .majority, top: 1) == [2])
    }

    @Test("a row shorter than k votes with what it has; an empty one gives no class")
    func shortRows() throws {
        #expect(try ranked([(2, 0.5)], k: 10, .majority) == [1])
        #expect(try ranked([], k: 10, .softmax) == [])
    }

    @Test("many k in one pass equal separate runs, in any order", arguments: [NeighborVote.majority, .softmax])
    func manyKEqualSeparateRuns(_ vote: NeighborVote) throws {
        var random = SeededRandom(seed: 7)
        let classes = (0..<200).map { _ in Int.random(in: 0..<7, using: &random) }
        let classifier = try KNNClassifier(classes: classes, classCount: 7, metric: .cosine)
        let rows = (0..<50).map { _ in
            (0..<30).map { _ in
                Neighbor(id: .random(in: 0..<200), score: (Float.random(in: 0...1) * 8).rounded() / 8)
            }.sorted { $0.score > $1.score }
        }
        let ks = [20, 1, 30, 7, 1, 100]
        let own = (0..<50).map { Int64($0) }
        for ownIDs in [nil, own] {
            let together = try classifier.predict(Neighbors(rows), k: ks, vote: vote, leavingOut: ownIDs)
            #expect(together.map(\.k) == ks)
            for (i, k) in ks.enumerated() {
                let alone = try classifier.predict(Neighbors(rows), k: [k], vote: vote, leavingOut: ownIDs)
                #expect(alone == [together[i]])
            }
        }
    }

    @Test("votes agree with a plain reading of the rules", arguments: [NeighborVote.majority, .softmax])
    func agreesWithReference(_ vote: NeighborVote) throws {
        var random = SeededRandom(seed: 7)
        let classes = (0..<60).map { _ in Int.random(in: 0..<9, using: &random) }
        let classifier = try KNNClassifier(classes: classes, classCount: 9, metric: .innerProduct)
        for _ in 0..<200 {
            let row = (0..<12).map { _ in
                Neighbor(id: .random(in: 0..<60), score: (Float.random(in: -1...1) * 16).rounded() / 16)
            }.sorted { $0.score > $1.score }
            var sums: [Int: Double] = [:]
            var firsts: [Int: Int] = [:]
            for (place, neighbor) in row.enumerated() {
                let name = classes[Int(neighbor.id)]
                let scaled = Double(neighbor.score) - Double(row[0].score)
                sums[name, default: 0] += vote == .majority ? 1 : exp(scaled / 0.07)
                if firsts[name] == nil { firsts[name] = place }
            }
            let expected = sums.keys.sorted {
                let (a, b) = (sums[$0] ?? 0, sums[$1] ?? 0)
                return a != b ? a > b : (firsts[$0] ?? 0) < (firsts[$1] ?? 0)
            }
            let predictions = try classifier.predict(Neighbors([row]), k: [12], vote: vote)
            #expect(predictions[0][0] == Array(expected.prefix(5)))
            #expect(predictions[0].best(0) == expected[0])
            #expect(predictions[0].rank(of: expected[1], query: 0) == 1)
        }
    }
}

@Suite("Leaving one out")
struct LeaveOneOutTests {
    @Test("the query's own row does not vote")
    func ownRowDoesNotVote() throws {
        let classifier = try KNNClassifier(classes: [0, 1, 1], classCount: 2, metric: .l2)
        let rows = neighbors([[(0, 0), (1, 1), (2, 4)], [(1, 0), (2, 0.5), (0, 1)]])
        let kept = try classifier.predict(rows, k: [1], vote: .majority)
        #expect([kept[0].best(0), kept[0].best(1)] == [0, 1])
        let left = try classifier.predict(rows, k: [1, 2], vote: .majority, leavingOut: [0, 1])
        #expect(left[0].best(0) == 1)
        #expect(left[0].best(1) == 1)
        #expect(left[1][1] == [1, 0])
    }

    @Test("its row is struck by id, not by place")
    func struckByID() throws {
        // A duplicate of row 1 with the smaller id 0 comes first.
        let classifier = try KNNClassifier(classes: [0, 1, 2], classCount: 3, metric: .l2)
        let left = try classifier.predict(
            neighbors([[(0, 0), (1, 0), (2, 3)]]), k: [2], vote: .majority, leavingOut: [1])
        #expect(left[0][0] == [0, 2])
    }

    @Test("where duplicates push it out of its own row, the last of the row is dropped")
    func duplicatesPushItOut() throws {
        // Rows 0...4 are all the same; the query is row 4 and the search for k + 1 = 3 gave 0, 1, 2.
        let classifier = try KNNClassifier(classes: [0, 1, 2, 2, 2], classCount: 3, metric: .l2)
        let row = neighbors([[(0, 0), (1, 0), (2, 0)]])
        let left = try classifier.predict(row, k: [2], vote: .majority, leavingOut: [4])
        #expect(left[0][0] == [0, 1])
    }

    @Test("a set of duplicates searched by an index keeps exactly k voters")
    func searchedDuplicates() throws {
        let index = try FlatIndex(Matrix<Float>(Array(repeating: [1, 2], count: 6)))
        let k = 3
        let found = try index.search(index.vectors, k: k + 1, options: .init())
        // Every class is its own, so the number of listed classes is the number of voters.
        let classifier = try KNNClassifier(classes: Array(0..<6), classCount: 6, metric: .l2)
        let left = try classifier.predict(found.neighbors, k: [k], vote: .majority, leavingOut: Array(0..<6))
        for query in 0..<6 {
            #expect(left[0][query] == Array([0, 1, 2, 3, 4, 5].filter { $0 != query }.prefix(k)))
        }
    }

    @Test("ids of the caller are honoured")
    func callersIDs() throws {
        let classifier = try KNNClassifier(classes: [0, 1], classCount: 2, ids: [70, -3], metric: .cosine)
        let left = try classifier.predict(
            neighbors([[(70, 1), (-3, 0.5)]]), k: [1], vote: .softmax, leavingOut: [70])
        #expect(left[0][0] == [1])
    }
}

@Suite("Classifier errors")
struct KNNClassifierErrorTests {
    private let row = neighbors([[(0, 1)]])

    @Test("a class out of range is refused")
    func classOutOfRange() {
        #expect(throws: ClassificationError.classOutOfRange(row: 1, value: 2, classes: 2)) {
            try KNNClassifier(classes: [0, 2], classCount: 2, metric: .l2)
        }
        #expect(throws: ClassificationError.classOutOfRange(row: 0, value: -1, classes: 2)) {
            try KNNClassifier(classes: [-1], classCount: 2, metric: .l2)
        }
    }

    @Test("a wrong number of ids is refused")
    func wrongIDs() {
        #expect(throws: ClassificationError.labelCountMismatch(set: "training", vectors: 1, labels: 2)) {
            try KNNClassifier(classes: [0, 1], classCount: 2, ids: [5], metric: .l2)
        }
    }

    @Test("k, top and temperature must be positive")
    func parameters() throws {
        let classifier = try KNNClassifier(classes: [0], classCount: 1, metric: .cosine)
        #expect(throws: ClassificationError.notPositive(name: "k", value: 0)) {
            try classifier.predict(row, k: [3, 0], vote: .majority)
        }
        #expect(throws: ClassificationError.notPositive(name: "top", value: 0)) {
            try classifier.predict(row, k: [1], vote: .majority, top: 0)
        }
        for temperature in [0, -1, Double.infinity] {
            #expect(throws: ClassificationError.notPositive(name: "temperature", value: temperature)) {
                try classifier.predict(row, k: [1], vote: .softmax(temperature: temperature))
            }
        }
    }

    @Test("a neighbour without a label is an error", arguments: [1, -1, Int64.max])
    func unknownID(_ id: Int64) throws {
        let classifier = try KNNClassifier(classes: [0], classCount: 1, metric: .cosine)
        #expect(throws: ClassificationError.unknownID(id)) {
            try classifier.predict(neighbors([[(id, 1)]]), k: [1], vote: .majority)
        }
    }

    @Test("one own id per query")
    func ownIDs() throws {
        let classifier = try KNNClassifier(classes: [0], classCount: 1, metric: .cosine)
        #expect(throws: ClassificationError.queryCountMismatch(queries: 1, given: 2)) {
            try classifier.predict(row, k: [1], vote: .majority, leavingOut: [0, 1])
        }
    }

    @Test("messages name what was expected and what came")
    func messages() {
        #expect(
            "\(ClassificationError.notPositive(name: "k", value: 0))" == "k is 0; it must be greater than 0 and finite")
        #expect(
            "\(ClassificationError.missingLabels(set: "training", count: 2, example: "a.jpg"))"
                == "2 images of the training set have no label, the first is a.jpg; put images in one folder per class")
        #expect("\(ClassificationError.notPositive(name: "t", value: .infinity))".contains("inf"))
    }
}
