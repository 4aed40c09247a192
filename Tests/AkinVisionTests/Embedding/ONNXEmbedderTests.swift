import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("ONNX embedder", .enabled(if: TestModels.hasRuntime, "ONNX Runtime is not installed; run make setup"))
struct ONNXEmbedderTests {
    /// Makes an embedder of a model and lends it.
    private func with<Result>(
        _ model: ONNXModelBuilder, side: Int = 4, output: String? = nil, pooling: ONNXEmbedder.TokenPooling = .cls,
        normalize: Bool = false, _ body: (ONNXEmbedder) throws -> Result
    ) throws -> Result {
        try withTemporaryDirectory { directory in
            try TestModels.write(model.build(), to: directory, side: side)
            return try body(
                try ONNXEmbedder(directory: directory, output: output, pooling: pooling, normalize: normalize))
        }
    }

    /// The error that making an embedder throws.
    private func failure(_ model: ONNXModelBuilder, side: Int = 4, output: String? = nil) -> EmbeddingError? {
        #expect(throws: EmbeddingError.self) { try with(model, side: side, output: output) { _ in } }
    }

    private static let colors: [(UInt8, UInt8, UInt8)] = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (51, 102, 204)]

    private func embed(_ embedder: ONNXEmbedder) throws -> Matrix<Float> {
        try embedder.embed(Self.colors.map { try embedder.prepare(TestModels.plain($0.0, $0.1, $0.2)) })
    }

    @Test("vectors are what the model computes", arguments: [nil, 1, 3])
    func vectorsAreWhatTheModelComputes(batch: Int?) throws {
        try with(TestModels.means(batch: batch)) { embedder in
            let vectors = try embed(embedder)
            #expect(embedder.outputName == "embedding" && embedder.dimension == 5)
            #expect(embedder.preferredBatch == batch ?? 1)
            for (row, color) in Self.colors.enumerated() {
                let means = [color.0, color.1, color.2].map { Float($0) / 255 }
                for column in 0..<5 {
                    let expected = (0..<3).map { means[$0] * TestModels.weights[$0 * 5 + column] }.reduce(0, +)
                    #expect(abs(vectors[row, column] - expected) < 1e-6)
                }
            }
        }
    }

    @Test("sizes that the model leaves open come from the preprocessing")
    func openSizes() throws {
        try with(TestModels.means(height: nil, width: nil), side: 8) { embedder in
            let vectors = try embed(embedder)
            #expect(vectors.rows == 4)
        }
    }

    @Test("an output can be named")
    func outputCanBeNamed() throws {
        try with(TestModels.means(), output: "logits") { #expect($0.dimension == 3) }
        #expect(
            failure(TestModels.means(), output: "features")
                == .outputMismatch(
                    file: "", expected: "an output named features",
                    actual: "logits float32 [any, 3], embedding float32 [any, 5]"))
    }

    @Test("a sequence of tokens is pooled", arguments: ONNXEmbedder.TokenPooling.allCases)
    func tokensArePooled(pooling: ONNXEmbedder.TokenPooling) throws {
        try with(TestModels.tokens(), pooling: pooling) { embedder in
            let vectors = try embed(embedder)
            #expect(vectors.columns == 16)
            let (red, green, blue): (Float, Float, Float) = (51.0 / 255, 102.0 / 255, 204.0 / 255)
            let expected = pooling == .cls ? red : (red + green + blue) / 3
            for column in 0..<16 { #expect(abs(vectors[3, column] - expected) < 1e-6) }
        }
    }

    @Test("a map of features is averaged")
    func mapIsAveraged() throws {
        try with(TestModels.map()) { embedder in
            let vectors = try embed(embedder)
            #expect(vectors.columns == 3)
            #expect(abs(vectors[3, 2] - 0.8) < 1e-6)
        }
    }

    @Test("vectors can be brought to length 1, those of length 0 stay")
    func normalization() throws {
        try with(TestModels.means(), normalize: true) { embedder in
            let vectors = try embed(embedder)
            for row in 0..<4 { #expect(abs(vectors[row].reduce(0) { $0 + $1 * $1 } - 1) < 1e-6) }
            let black = try embedder.embed([embedder.prepare(TestModels.plain(0, 0, 0))])
            #expect(black[0] == [0, 0, 0, 0, 0])
        }
    }

    @Test("the space names weights, preprocessing, output, pooling and normalisation")
    func spaceNamesEverything() throws {
        func id(_ model: ONNXModelBuilder, side: Int = 4, output: String? = nil, normalize: Bool = false) throws
            -> String
        {
            try with(model, side: side, output: output, normalize: normalize) { $0.space.id }
        }
        let open = TestModels.means(height: nil, width: nil)
        let ids = [
            try id(TestModels.means()), try id(open), try id(open, side: 8), try id(open, output: "logits"),
            try id(open, normalize: true),
            try with(TestModels.tokens()) { $0.space.id },
            try with(TestModels.tokens(), pooling: .mean) { $0.space.id },
        ]
        #expect(Set(ids).count == ids.count)
        #expect(try id(open) == ids[1])
        #expect(ids.allSatisfy { $0.count == 64 })
    }

    @Test("weights in other files belong to the model and to the space")
    func externalWeights() throws {
        try withTemporaryDirectory { directory in
            try TestModels.write(TestModels.external("weights.bin").build(), to: directory)
            #expect(throws: EmbeddingError.missingModelFile(directory: directory, file: "weights.bin")) {
                try ONNXEmbedder(directory: directory)
            }
            func embedder(_ weights: [Float]) throws -> ONNXEmbedder {
                try Data(ONNXModelBuilder.bytes(of: weights)).write(
                    to: URL(fileURLWithPath: directory + "/weights.bin"))
                return try ONNXEmbedder(directory: directory)
            }
            let first = try embedder(TestModels.weights)
            #expect(abs(try embed(first)[0, 4] - 2) < 1e-6)
            let second = try embedder(TestModels.weights.map { $0 * 2 })
            #expect(abs(try embed(second)[0, 4] - 4) < 1e-6)
            #expect(first.space != second.space)
        }
    }

    @Test("weights outside the model's directory are refused", arguments: ["../weights.bin", "/etc/passwd", ""])
    func weightsElsewhereAreRefused(file: String) throws {
        try withTemporaryDirectory { directory in
            try TestModels.write(TestModels.external(file).build(), to: directory)
            let error = #expect(throws: EmbeddingError.self) { try ONNXEmbedder(directory: directory) }
            guard case .damagedModel(_, let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("\"\(file)\""))
        }
    }

    @Test("a model that takes something else than pictures is refused")
    func wrongInputs() {
        let expected = "one input of pictures, float32 [N, 3, height, width]"
        let cases: [(ONNXModelBuilder, String)] = [
            (TestModels.identity([nil, 3, 4]), "pixels float32 [any, 3, 4]"),
            (TestModels.identity([nil, 1, 4, 4]), "pixels float32 [any, 1, 4, 4]"),
            (TestModels.identity([nil, 3, 4, 4], type: ONNXModelBuilder.int64), "pixels int64 [any, 3, 4, 4]"),
            (
                TestModels.twoInputs(),
                "2 inputs: left float32 [any, 3, 4, 4], right float32 [any, 3, 4, 4]"
            ),
        ]
        for (model, actual) in cases {
            #expect(failure(model) == .inputMismatch(file: "", expected: expected, actual: actual))
        }
    }

    @Test("preprocessing that makes pictures of another size than the model takes is refused")
    func wrongSize() {
        let error = failure(TestModels.means(height: 4, width: 6), side: 8)
        #expect(
            error
                == .inputMismatch(
                    file: "", expected: "pictures of 6 x 4, which the model takes",
                    actual: "8 x 8 from preprocessor_config.json"))
    }

    @Test("an output that cannot be a vector per picture is refused")
    func wrongOutputs() {
        guard case .outputMismatch(_, let expected, let actual) = failure(TestModels.twoMaps()) else {
            Issue.record("two outputs of unknown meaning must be refused")
            return
        }
        #expect(expected.contains("--output-name"))
        #expect(actual == "a float32 [any, 3, 4, 4], b float32 [any, 3, 4, 4]")
    }

    @Test("a damaged model is an error that names the file", arguments: [0, 1, 50, 200])
    func damagedModels(kept: Int) throws {
        try withTemporaryDirectory { directory in
            try TestModels.write(Array(TestModels.means().build().prefix(kept)), to: directory)
            let error = #expect(throws: EmbeddingError.self) { try ONNXEmbedder(directory: directory) }
            #expect("\(String(describing: error))".contains("model.onnx"))
        }
    }

    @Test("random damage never crashes")
    func randomDamage() throws {
        var random = SeededRandom(seed: 7)
        let good = TestModels.external("weights.bin").build()
        try withTemporaryDirectory { directory in
            for _ in 0..<100 {
                var bytes = good
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                try TestModels.write(bytes, to: directory)
                try Data(ONNXModelBuilder.bytes(of: TestModels.weights)).write(
                    to: URL(fileURLWithPath: directory + "/weights.bin"))
                // Some damage leaves a working model; what counts is that the process goes on.
                if let embedder = try? ONNXEmbedder(directory: directory) { #expect(embedder.dimension > 0) }
            }
        }
    }

    @Test(
        "an incomplete directory is an error that names what is missing",
        arguments: [
            "model.onnx", "preprocessor_config.json",
        ])
    func missingFiles(name: String) throws {
        try withTemporaryDirectory { directory in
            try TestModels.write(TestModels.means().build(), to: directory)
            try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
            #expect(throws: EmbeddingError.missingModelFile(directory: directory, file: name)) {
                try ONNXEmbedder(directory: directory)
            }
        }
    }

    @Test("pictures of another size than prepared ones are refused")
    func unpreparedPictures() throws {
        try with(TestModels.means()) { embedder in
            _ = #expect(throws: EmbeddingError.self) { try embedder.embed([[1, 2, 3]]) }
        }
    }

    @Test("many threads may embed at once")
    func manyThreads() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/akin-test-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try TestModels.write(TestModels.means().build(), to: directory)
        let embedder = try ONNXEmbedder(directory: directory)
        let expected = try embed(embedder)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try (0..<50).allSatisfy { _ in try embed(embedder) == expected } }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}

/// Errors are compared without their file, which lies in a temporary folder.
private func == (a: EmbeddingError?, b: EmbeddingError) -> Bool {
    switch (a, b) {
    case (.inputMismatch(_, let e1, let a1), .inputMismatch(_, let e2, let a2)),
        (.outputMismatch(_, let e1, let a1), .outputMismatch(_, let e2, let a2)):
        e1 == e2 && a1 == a2
    default: a.map { $0 == b } ?? false
    }
}
