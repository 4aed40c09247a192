import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite(
    "Real models",
    .enabled(if: TestModels.data != nil, "AKIN_DATA does not name a directory with models and images"),
    .enabled(if: TestModels.hasRuntime, "ONNX Runtime is not installed; run make setup"))
struct ReferenceModelTests {
    static let models = ["vit_tiny_patch16_224", "mobilenet_v2_1.0_224_quant", "squeezenet1.1"]

    private func path(_ name: String) throws -> String { "\(try #require(TestModels.data))/\(name)" }

    /// The reference crops, 8 of 224 x 224.
    private func crops() throws -> [RGBImage] {
        // The array has four axes and 8-bit elements, `[8, 224, 224, 3]`, behind a header of 128 bytes.
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path("models/reference/crops_u8_nhwc.npy"))))
        let size = 224 * 224 * 3
        try #require(bytes.count == 128 + 8 * size)
        return (0..<8).map { i in
            RGBImage(width: 224, height: 224, pixels: Array(bytes[(128 + i * size)..<(128 + (i + 1) * size)]))
        }
    }

    @Test("embeddings of the reference crops are within a thousandth", arguments: models)
    func referenceCrops(model: String) throws {
        let embedder = try ONNXEmbedder(directory: path("models/\(model)"))
        let expected = try VectorFile(path: path("models/reference/\(model)_embedding.npy")).floats()
        let inputs = try crops().map { embedder.preprocessing.normalized($0) }
        let vectors = try embedder.embed(inputs)
        try #require(vectors.rows == expected.rows && vectors.columns == expected.columns)
        var largest: Float = 0
        var difference: Float = 0
        for row in 0..<8 {
            for (a, b) in zip(vectors[row], expected[row]) {
                largest = max(largest, abs(b))
                difference = max(difference, abs(a - b))
            }
        }
        #expect(difference <= 1e-3 * largest)
    }

    @Test("vectors do not depend on the batch or the threads of a run", arguments: models)
    func batchesAndThreads(model: String) throws {
        let embedder = try ONNXEmbedder(directory: path("models/\(model)"))
        let inputs = try crops().map { embedder.preprocessing.normalized($0) }
        let whole = try embedder.embed(inputs)
        let single = try Matrix(inputs.map { try embedder.embed([$0])[0] })
        #expect(single == whole)
        let threaded = try ONNXEmbedder(directory: path("models/\(model)"), threads: 2)
        let shared = try threaded.embed(inputs)
        #expect(shared == whole)
        #expect(threaded.space == embedder.space)
    }

    @Test("the pipeline gives the same vectors for any number of threads")
    func pipeline() throws {
        let embedder = try ONNXEmbedder(directory: path("models/squeezenet1.1"), normalize: true)
        let source = try ImageSources.open(path("images/imagenet-samples"))
        let one = try EmbeddingPipeline.embed(source: source, embedder: embedder, options: .init(threads: 1))
        let four = try EmbeddingPipeline.embed(source: source, embedder: embedder, options: .init(threads: 4))
        #expect(one.vectors == four.vectors)
        #expect(one.records == four.records)
        #expect(one.vectors.rows == 64 && one.skipped.isEmpty)
    }
}
