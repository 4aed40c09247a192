import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Classification scores")
struct ClassificationScoresTests {
    private func scores(
        _ lists: [[Int]], truth: [Int], training: [Int], leavingOneOut: Bool = false
    ) throws -> ClassificationScores {
        try ClassificationScores(
            ClassPredictions(vote: .majority, k: 10, ranked: lists), truth: truth, trainingCounts: training,
            leavingOneOut: leavingOneOut)
    }

    @Test("top-1 and top-5 are shares of all queries")
    func topShares() throws {
        let s = try scores(
            [[0, 1], [1, 0], [2, 3, 4, 5, 6, 0], [3, 0, 1, 2, 4]], truth: [0, 0, 0, 4],
            training: [Int](repeating: 1, count: 7))
        #expect(s.top1Count == 1)
        #expect(s.top1 == 0.25)
        #expect(s.top5Count == 3)
        #expect(s.top5 == 0.75)
    }

    @Test("precision, recall and F1 of a small case worked by hand")
    func byHand() throws {
        // Class 0: three queries, two right. Class 1: two queries, one right. Class 2: never true, predicted once.
        let s = try scores([[0], [0], [1], [1], [2]], truth: [0, 0, 0, 1, 1], training: [4, 4, 4, 4])
        #expect(s.classes[0].precision == 1)
        #expect(s.classes[0].recall == 2.0 / 3)
        #expect(s.classes[0].f1 == 0.8)
        #expect(s.classes[1].precision == 0.5)
        #expect(s.classes[1].recall == 0.5)
        #expect(s.classes[2].precision == 0)
        #expect(s.classes[2].recall == nil)
        #expect(s.classes[2].f1 == 0)
        #expect(s.classes[3].precision == nil)
        #expect(s.classes[3].f1 == nil)
        // Class 3 is neither true nor predicted and takes no part; class 2's recall counts as 0.
        #expect(s.macro.precision == 0.5)
        #expect(abs(s.macro.recall - (2.0 / 3 + 0.5) / 3) < 1e-15)
        #expect(abs(s.macro.f1 - (0.8 + 0.5) / 3) < 1e-15)
    }

    @Test("agrees with a dense count on random predictions")
    func agreesWithDenseCount() throws {
        var random = SeededRandom(seed: 7)
        let classes = 12, n = 500
        let truth = (0..<n).map { _ in Int.random(in: 0..<classes, using: &random) }
        let lists = (0..<n).map { _ in Array((0..<classes).shuffled(using: &random).prefix(5)) }
        let s = try scores(lists, truth: truth, training: [Int](repeating: 3, count: classes))
        var dense = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for (t, list) in zip(truth, lists) { dense[t][list[0]] += 1 }
        for t in 0..<classes {
            for p in 0..<classes { #expect(s.confusion[t, p] == dense[t][p]) }
            #expect(s.classes[t].support == dense[t].reduce(0, +))
            #expect(s.classes[t].predicted == dense.map { $0[t] }.reduce(0, +))
            #expect(s.classes[t].correct == dense[t][t])
        }
        #expect(s.top1Count == (0..<classes).map { dense[$0][$0] }.reduce(0, +))
        #expect(s.top5Count == zip(truth, lists).count { $1.contains($0) })
    }

    @Test("queries of a class that training lacks are wrong and counted")
    func unseenClasses() throws {
        let s = try scores([[0], [0]], truth: [0, 1], training: [5, 0])
        #expect(s.unseen == 1)
        #expect(s.top1 == 0.5)
    }

    @Test("leaving one out, the only member of a class is unseen")
    func unseenWhenLeftOut() throws {
        #expect(try scores([[0], [0]], truth: [0, 1], training: [5, 1], leavingOneOut: true).unseen == 1)
        #expect(try scores([[0], [0]], truth: [0, 1], training: [5, 1]).unseen == 0)
    }

    @Test("a query without neighbours is wrong and in no cell")
    func unanswered() throws {
        let s = try scores([[], [1]], truth: [0, 1], training: [1, 1])
        #expect(s.unanswered == 1)
        #expect(s.top1 == 0.5)
        #expect(s.confusion.cells.count == 1)
        #expect(s.classes[0].recall == 0)
    }

    @Test("no queries give zeros, not NaN")
    func noQueries() throws {
        let s = try scores([], truth: [], training: [1, 1])
        #expect(s.top1 == 0 && s.top5 == 0)
        #expect(s.macro.precision == 0 && s.macro.recall == 0 && s.macro.f1 == 0)
        #expect(s.confusion.mostConfused(limit: 3).isEmpty)
    }

    @Test("a wrong number of true classes, or one out of range, is refused")
    func refusals() {
        #expect(throws: ClassificationError.queryCountMismatch(queries: 1, given: 2)) {
            try scores([[0]], truth: [0, 0], training: [1])
        }
        #expect(throws: ClassificationError.classOutOfRange(row: 0, value: 1, classes: 1)) {
            try scores([[0]], truth: [1], training: [1])
        }
        #expect(throws: ClassificationError.classOutOfRange(row: 0, value: 4, classes: 1)) {
            try scores([[4]], truth: [0], training: [1])
        }
    }

    @Test("scores survive JSON")
    func json() throws {
        let s = try scores([[0], [0], [1], []], truth: [0, 1, 0, 1], training: [2, 2])
        let decoded = try JSONDecoder().decode(ClassificationScores.self, from: JSONEncoder().encode(s))
        #expect(decoded == s)
    }
}

@Suite("Confusion matrix")
struct ConfusionMatrixTests {
    private func matrix(_ pairs: [(Int, Int)], classes: Int = 4) -> ConfusionMatrix {
        ConfusionMatrix(classCount: classes, pairs: pairs.map { (truth: $0.0, predicted: $0.1) })
    }

    @Test("keeps only cells that occur, in order")
    func sparse() {
        let m = matrix([(3, 0), (0, 1), (0, 1), (0, 0)])
        #expect(m.cells.map { [$0.truth, $0.predicted, $0.count] } == [[0, 0, 1], [0, 1, 2], [3, 0, 1]])
        #expect(m[0, 1] == 2)
        #expect(m[2, 2] == 0)
        #expect(m.row(1).isEmpty)
        #expect(m.row(0).count == 2)
    }

    @Test("pairs add both directions; the more often mistaken class is first; ties by smaller index")
    func mostConfused() {
        let m = matrix([(2, 1), (2, 1), (1, 2), (0, 3), (3, 0), (0, 1), (1, 1), (2, 2)])
        let pairs = m.mostConfused(limit: 10)
        #expect(
            pairs.map { [$0.first, $0.second, $0.firstAsSecond, $0.secondAsFirst] } == [
                [2, 1, 2, 1], [0, 3, 1, 1], [0, 1, 1, 0],
            ])
        #expect(pairs[0].total == 3)
        #expect(m.mostConfused(limit: 1).count == 1)
    }

    @Test("a thousand classes cost no million cells")
    func thousandClasses() throws {
        let m = matrix((0..<1000).map { ($0, ($0 * 7) % 1000) }, classes: 1000)
        #expect(m.cells.count == 1000)
        #expect(try JSONEncoder().encode(m).count < 20_000)
    }

    @Test("survives JSON")
    func json() throws {
        let m = matrix([(3, 0), (0, 1), (0, 1), (0, 0)])
        #expect(try JSONDecoder().decode(ConfusionMatrix.self, from: JSONEncoder().encode(m)) == m)
    }

    @Test(
        "damaged JSON is refused",
        arguments: [
            #"{"classCount":2,"cells":[[0,2,1]]}"#, #"{"classCount":2,"cells":[[0,1,0]]}"#,
            #"{"classCount":2,"cells":[[1,0,1],[0,0,1]]}"#, #"{"classCount":2,"cells":[[0,0]]}"#,
            #"{"classCount":-1,"cells":[]}"#, #"{"classCount":9000000000000000000,"cells":[]}"#,
        ])
    func damagedJSON(_ text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ConfusionMatrix.self, from: Data(text.utf8))
        }
    }
}

@Suite("Class names and votes")
struct ClassNamesTests {
    @Test("names are unique, sorted and found by name")
    func names() {
        let classes = ClassNames(of: ["dog", "cat", "dog", ""])
        #expect(classes.names == ["", "cat", "dog"])
        #expect(classes.count == 3)
        #expect(classes.index(of: "dog") == 2)
        #expect(classes.index(of: "bird") == nil)
    }

    @Test("votes survive JSON and damaged ones are refused")
    func votes() throws {
        for vote in [NeighborVote.majority, .softmax, .softmax(temperature: 0.5)] {
            #expect(try JSONDecoder().decode(NeighborVote.self, from: JSONEncoder().encode(vote)) == vote)
        }
        for text in [#"{"rule":"loudest"}"#, #"{"rule":"softmax"}"#, "{}"] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(NeighborVote.self, from: Data(text.utf8))
            }
        }
    }
}
