import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Classification experiment")
struct ClassificationExperimentTests {
    private func records(_ labels: [String?]) -> [ImageRecord] {
        labels.enumerated().map { ImageRecord(path: "\($0).jpg", label: $1, row: $0) }
    }

    private func set(_ rows: [[Float]], _ labels: [String?], space: EmbeddingSpace? = nil) -> EmbeddedSet {
        EmbeddedSet(vectors: Matrix(rows), records: records(labels), space: space)
    }

    private func accuracy(
        _ report: ClassificationReport, _ scoring: ClassificationReport.Scoring, _ vote: NeighborVote, _ k: Int
    ) -> ClassificationReport.Accuracy? {
        report.accuracies.first { $0.scoring == scoring && $0.vote == vote && $0.k == k }
    }

    @Test("a case worked by hand")
    func byHand() throws {
        let train = set([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], ["a", "a", "b", "b"])
        // Directions: a, b, near a but called b, and a class that training lacks.
        let validation = set([[2, 0], [0, 3], [5, 1], [1, 1.1]], ["a", "b", "b", "c"])
        var options = ClassificationExperiment.Options()
        options.k = [2, 1]
        options.includesSelf = true
        let report = try ClassificationExperiment(train: train, validation: validation, options: options).run().report
        #expect(report.classes == ["a", "b", "c"])
        for vote in options.votes {
            for k in options.k {
                #expect(accuracy(report, .heldOut, vote, k)?.top1 == 0.5)
                #expect(accuracy(report, .heldOut, vote, k)?.unseen == 1)
                #expect(accuracy(report, .leaveOneOut, vote, k)?.top1 == 1)
                #expect(accuracy(report, .selfIncluded, vote, k)?.top1 == 1)
            }
        }
        #expect(report.accuracies.count == 12)
        #expect(report.accuracies.map(\.k).prefix(2) == [2, 1])
        #expect(report.searches.map(\.part) == [.train, .validation])
        #expect(report.searches.map(\.k) == [3, 2])
        #expect(report.searches.map(\.queries) == [4, 4])
        #expect(report.searches.allSatisfy { $0.isExact && $0.seconds > 0 })
        #expect(report.build.count == 4 && report.build.index == "Flat")
        #expect(report.details.map(\.part) == [.train, .validation])
        #expect(report.details[1].scores.confusion[1, 0] == 1)
        #expect(report.samples.count == 4)
        #expect(report.samples.count(where: \.isCorrect) == 2)
    }

    @Test("leaving one out and including oneself differ where neighbours are of other classes")
    func leaveOneOutDiffers() throws {
        // Two pairs of duplicates with different labels: alone, each takes its twin's label.
        let train = set([[1, 0], [1, 0], [0, 1], [0, 1]], ["a", "b", "c", "d"])
        var options = ClassificationExperiment.Options()
        options.k = [1]
        options.includesSelf = true
        let report = try ClassificationExperiment(train: train, validation: nil, options: options).run().report
        #expect(accuracy(report, .leaveOneOut, .majority, 1)?.top1 == 0)
        #expect(accuracy(report, .leaveOneOut, .majority, 1)?.unseen == 4)
        // Of two at the same distance the smaller id is the nearer, so every second row finds its twin first.
        #expect(accuracy(report, .selfIncluded, .majority, 1)?.top1 == 0.5)
        #expect(report.details.map(\.scoring) == [.leaveOneOut])
        #expect(report.samples.allSatisfy { $0.part == .train && !$0.isCorrect && $0.voters == 1 })
        #expect(report.samples.allSatisfy { sample in sample.neighbors.allSatisfy { $0.row != sample.row } })
    }

    @Test("figures equal those of a plain nested loop", arguments: Metric.allCases)
    func agreesWithReference(_ metric: Metric) throws {
        let labels = ["x", "y", "z", "w"]
        let train = ReportCase.set(labels: labels, perClass: 20, noise: 2.5, seed: 3)
        let validation = ReportCase.set(labels: labels, perClass: 15, noise: 2.5, seed: 4)
        var options = ClassificationExperiment.Options()
        options.k = [7]
        options.metric = metric
        options.votes = [.majority, .softmax(temperature: 0.5)]
        let report = try ClassificationExperiment(train: train, validation: validation, options: options).run().report

        func reference(_ queries: EmbeddedSet, leavingOut: Bool, _ vote: NeighborVote) -> Double {
            var right = 0
            for q in 0..<queries.vectors.rows {
                let x = queries.vectors[q].map(Double.init)
                var near = (0..<train.vectors.rows).filter { !(leavingOut && $0 == q) }.map { row -> (Double, String) in
                    let y = train.vectors[row].map(Double.init)
                    let dot = zip(x, y).map(*).reduce(0, +)
                    let (xx, yy) = (x.map { $0 * $0 }.reduce(0, +), y.map { $0 * $0 }.reduce(0, +))
                    let similarity =
                        switch metric {
                        case .cosine: dot / (xx * yy).squareRoot()
                        case .innerProduct: dot
                        case .l2: 1 - (xx + yy - 2 * dot) / 2
                        }
                    return (similarity, train.records[row].label ?? "")
                }
                near = Array(near.sorted { $0.0 > $1.0 }.prefix(7))
                var sums: [String: Double] = [:], first: [String: Int] = [:]
                for (place, (s, label)) in near.enumerated() {
                    sums[label, default: 0] += vote == .majority ? 1 : exp((s - near[0].0) / 0.5)
                    first[label] = first[label] ?? place
                }
                let best = sums.keys.min { a, b in
                    let (x, y) = (sums[a] ?? 0, sums[b] ?? 0)
                    return x != y ? x > y : (first[a] ?? 0) < (first[b] ?? 0)
                }
                if best == queries.records[q].label { right += 1 }
            }
            return Double(right) / Double(queries.vectors.rows)
        }
        for vote in options.votes {
            let held = try #require(accuracy(report, .heldOut, vote, 7))
            #expect(held.top1 == reference(validation, leavingOut: false, vote))
            #expect((0.3..<1).contains(held.top1), "the case is too easy or too hard to tell anything")
            #expect(accuracy(report, .leaveOneOut, vote, 7)?.top1 == reference(train, leavingOut: true, vote))
        }
    }

    @Test("a k beyond the set counts all, and blocks of queries do not change a figure")
    func blocks() throws {
        let labels = ["x", "y", "z"]
        let train = ReportCase.set(labels: labels, perClass: 10, noise: 2, seed: 5)
        let validation = ReportCase.set(labels: labels, perClass: 200, noise: 2, seed: 6)
        func report(_ k: Int) throws -> ClassificationReport {
            var options = ClassificationExperiment.Options()
            options.k = [k]
            options.leavesOneOut = false
            return try ClassificationExperiment(train: train, validation: validation, options: options).run().report
        }
        // Such a k makes the blocks as small as they get, so 600 queries take several.
        let (many, all) = (try report(70_000), try report(30))
        #expect(many.details[0].scores == all.details[0].scores)
    }

    @Test("the vote and k shown are the best of the training set, or those asked for")
    func detailed() throws {
        let labels = ["x", "y", "z", "w"]
        let train = ReportCase.set(labels: labels, perClass: 20, noise: 2.5, seed: 3)
        let validation = ReportCase.set(labels: labels, perClass: 15, noise: 2.5, seed: 4)
        var options = ClassificationExperiment.Options()
        options.k = [1, 3, 15]
        let report = try ClassificationExperiment(train: train, validation: validation, options: options).run().report
        let left = report.accuracies.filter { $0.scoring == .leaveOneOut }
        let best = try #require(left.first { $0.top1 == left.map(\.top1).max() })
        #expect(report.details.allSatisfy { $0.k == best.k && $0.vote == best.vote })
        options.detailed = (.softmax, 1)
        let asked = try ClassificationExperiment(train: train, validation: validation, options: options).run().report
        #expect(asked.details.allSatisfy { $0.k == 1 && $0.vote == .softmax })
    }

    @Test("samples are drawn by the seed and hold their neighbours in order")
    func samples() throws {
        let first = try ReportCase.outcome(labels: ["a", "b", "c"], perClass: 30, noise: 2).report.samples
        let again = try ReportCase.outcome(labels: ["a", "b", "c"], perClass: 30, noise: 2).report.samples
        #expect(first == again)
        #expect(first.contains(where: \.isCorrect) && first.contains { !$0.isCorrect })
        for sample in first {
            #expect(sample.neighbors.count == 5)
            #expect(zip(sample.neighbors, sample.neighbors.dropFirst()).allSatisfy { $0.score >= $1.score })
            #expect(sample.votersForTruth + sample.votersForPredicted >= 1)
        }
    }

    @Test("the two sets must be of one space and one dimension")
    func mismatches() {
        let one = EmbeddingSpace(id: "1", name: "one"), two = EmbeddingSpace(id: "2", name: "two")
        #expect(throws: IndexError.spaceMismatch(expected: "one (1)", actual: "two (2)")) {
            try ClassificationExperiment(
                train: set([[1]], ["a"], space: one), validation: set([[1]], ["a"], space: two))
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 1, actual: 2)) {
            try ClassificationExperiment(train: set([[1]], ["a"]), validation: set([[1, 2]], ["a"]))
        }
    }

    @Test("labels and vectors must be there")
    func missing() {
        #expect(throws: ClassificationError.missingLabels(set: "validation", count: 2, example: "1.jpg")) {
            try ClassificationExperiment(
                train: set([[1]], ["a"]), validation: set([[1], [2], [3]], ["a", nil, nil]))
        }
        #expect(throws: ClassificationError.labelCountMismatch(set: "training", vectors: 1, labels: 0)) {
            try ClassificationExperiment(
                train: EmbeddedSet(vectors: Matrix([[1]]), records: []), validation: nil)
        }
        #expect(throws: ClassificationError.emptySet("training")) {
            try ClassificationExperiment(
                train: EmbeddedSet(vectors: Matrix([[Float]]()), records: []), validation: nil)
        }
    }

    @Test("k, votes and what is shown are checked before any work")
    func options() {
        func make(_ change: (inout ClassificationExperiment.Options) -> Void) throws {
            var options = ClassificationExperiment.Options()
            change(&options)
            _ = try ClassificationExperiment(train: set([[1]], ["a"]), validation: nil, options: options)
        }
        #expect(throws: ClassificationError.notPositive(name: "k", value: 0)) { try make { $0.k = [1, 0] } }
        #expect(throws: ClassificationError.notPositive(name: "number of k", value: 0)) { try make { $0.k = [] } }
        #expect(throws: ClassificationError.notPositive(name: "number of votes", value: 0)) {
            try make { $0.votes = [] }
        }
        #expect(throws: ClassificationError.notPositive(name: "temperature", value: 0)) {
            try make { $0.votes = [.softmax(temperature: 0)] }
        }
        #expect(throws: ClassificationError.notTried(vote: "majority", k: 3)) {
            try make { $0.detailed = (.majority, 3) }
        }
    }

    @Test("an index that does not hold the training set is refused")
    func foreignIndex() throws {
        let experiment = try ClassificationExperiment(train: set([[1], [2]], ["a", "b"]), validation: nil)
        #expect(throws: ClassificationError.labelCountMismatch(set: "training", vectors: 1, labels: 2)) {
            try experiment.run(buildIndex: { vectors, metric, _ in try FlatIndex(vectors.rows(0..<1), metric: metric) })
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 1, actual: 2)) {
            try experiment.run(buildIndex: { _, metric, _ in try FlatIndex(Matrix([[1, 2], [3, 4]]), metric: metric) })
        }
    }

    @Test("it can be stopped")
    func cancellation() throws {
        let experiment = try ClassificationExperiment(train: set([[1], [2]], ["a", "b"]), validation: nil)
        #expect(throws: CancellationError.self) {
            try experiment.run(monitor: ProgressMonitor(shouldStop: { true }))
        }
    }
}
