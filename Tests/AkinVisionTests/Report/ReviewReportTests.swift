import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("Suspect labels and outliers in reports")
struct ReviewReportTests {
    /// Three clusters; one picture has another's label, one lies apart.
    private func outcome(suspects: Int) throws -> ClassificationExperiment.Outcome {
        let set = ReportCase.set(labels: ["cat", "dog", "<b>bird"], perClass: 12, noise: 0.2, seed: 3)
        var records = set.records
        records[5].label = "dog"
        var rows = (0..<set.vectors.rows).map { set.vectors[$0] }
        rows[20] = rows[20].map { $0 * 0.5 + 0.8 }
        var options = ClassificationExperiment.Options()
        options.k = [1, 5]
        options.suspects = suspects
        let train = EmbeddedSet(vectors: Matrix(rows), records: records)
        return try ClassificationExperiment(train: train, validation: nil, options: options).run(
            pictures: { _, paths, take in
                for path in paths {
                    try take(path, RGBImage(width: 3, height: 3, pixels: .init(repeating: 90, count: 27)))
                }
            })
    }

    @Test("a wrong label and an outlier are listed, with pictures, in all three files")
    func listed() throws {
        let outcome = try outcome(suspects: 3)
        let review = try #require(outcome.report.review)
        #expect(review.k == 5 && review.suspectCount == 1)
        let suspect = try #require(review.suspects.first)
        #expect(suspect.sample.row == 5 && suspect.disagreement == 1)
        #expect(outcome.report.classes[suspect.sample.truth] == "dog")
        #expect(outcome.report.classes[suspect.sample.predicted] == "cat")
        #expect(suspect.sample.votersForPredicted == 5 && suspect.sample.neighbors.count == 5)
        #expect(review.outliers.first?.sample.row == 20)
        #expect(review.outliers.count <= 3 && review.outlierCount >= review.outliers.count)
        #expect(outcome.pictures[.init(part: .train, row: 5)] != nil)
        let page = outcome.report.html(pictures: outcome.pictures)
        #expect(page.contains("Labels to look at") && page.contains("Outliers"))
        #expect(!page.contains("<b>bird"))
        let text = outcome.report.markdown()
        #expect(text.contains("| cat/5.jpg | dog | cat | 0 | 5 | 5 |"))
        let read = try JSONDecoder().decode(ClassificationReport.self, from: Data(outcome.report.json().utf8))
        #expect(read == outcome.report)
    }

    @Test("a report without a review says nothing of it, and is still read")
    func without() throws {
        let outcome = try outcome(suspects: 0)
        #expect(outcome.report.review == nil)
        #expect(!outcome.report.html().contains("Labels to look at"))
        let json = try outcome.report.json()
        #expect(!json.contains("\"review\""))
        #expect(try JSONDecoder().decode(ClassificationReport.self, from: Data(json.utf8)) == outcome.report)
    }
}
