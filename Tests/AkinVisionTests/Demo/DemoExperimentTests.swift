import Akin
import AkinVision
import Testing

@Suite("The demonstration as a whole")
struct DemoExperimentTests {
    private func embed(_ demo: DemoImages, _ part: DemoImages.Part) throws -> EmbeddedSet {
        let embedder = GradientColorEmbedder()
        var inputs: [[Float]] = []
        var records: [ImageRecord] = []
        for (label, name) in DemoImages.labels.enumerated() {
            for number in 0..<demo.perClass(part) {
                inputs.append(try embedder.prepare(demo.image(class: label, number: number, part: part)))
                records.append(
                    ImageRecord(path: demo.path(class: label, number: number), label: name, row: records.count))
            }
        }
        return EmbeddedSet(vectors: try embedder.embed(inputs), records: records, space: embedder.space)
    }

    @Test("the built-in descriptor recognises most demo pictures, but not all", arguments: [1] as [UInt64])
    func accuracy(_ seed: UInt64) throws {
        let demo = DemoImages(seed: seed, trainPerClass: 30, validationPerClass: 10)
        let report = try ClassificationExperiment(
            train: try embed(demo, .train), validation: try embed(demo, .validation)
        ).run().report
        let held = report.accuracies.filter { $0.scoring == .heldOut }
        #expect(held.count == 2)
        for accuracy in held {
            #expect((0.5..<0.99).contains(accuracy.top1))
            #expect(accuracy.top5 > accuracy.top1)
        }
    }
}
