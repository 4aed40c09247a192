import Akin
import AkinTestSupport
import AkinVision
import Foundation
import Testing

@Suite("akin embed with a model")
struct ModelTests {
    /// Whether ONNX Runtime is there, in the same places where the program looks for it.
    static let hasRuntime = (try? ONNXRuntime.find()) != nil
    static let data = ProcessInfo.processInfo.environment["AKIN_DATA"]

    /// A directory with a model that gives the means of the three channels of a picture of `side` x `side` pixels.
    private func writeModel(side: Int = 4, configured: Int = 4, in scratch: Scratch) throws -> String {
        var model = ONNXModelBuilder()
        model.input("pixels", [nil, 3, side, side])
        model.node("GlobalAveragePool", ["pixels"], "pooled")
        model.node("Flatten", ["pooled"], "embedding", integers: ["axis": 1])
        model.output("embedding", [nil, 3])
        try scratch.write("model/model.onnx", Data(model.build()))
        let configuration = """
            {"do_resize": true, "size": {"height": \(configured), "width": \(configured)}, "resample": 2,
             "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": false}
            """
        try scratch.write("model/preprocessor_config.json", Data(configuration.utf8))
        return scratch.path("model")
    }

    @Test("without ONNX Runtime it says what is missing, and leaves nothing")
    func noRuntime() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        let model = try writeModel(in: scratch)
        let before = try scratch.names
        let output = try Program.run(
            ["embed", images, "--model", model, "-o", scratch.path("v.npy")],
            environment: ["AKIN_ONNXRUNTIME": "/nonexistent/libonnxruntime.so"])
        #expect(output.status == 1)
        #expect(output.standardError.hasPrefix("error: /nonexistent/libonnxruntime.so cannot be used as ONNX Runtime"))
        #expect(try scratch.names == before)
    }

    @Test(
        "a model on a GPU says what is missing of the library, or of the driver",
        .enabled(if: hasRuntime, "needs ONNX Runtime"))
    func embedsOnGPU() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        let model = try writeModel(in: scratch)
        let before = try scratch.names
        let runtime = try ONNXRuntime.find()
        let forGPUs = try runtime.providers().contains("CUDAExecutionProvider")
        let parts =
            forGPUs
            ? ["/nowhere/libcuda.so.1"]
            : [runtime.path, runtime.version, "CPUExecutionProvider", "onnxruntime-gpu", "AKIN_ONNXRUNTIME"]
        for command in [
            ["embed", images, "-o", scratch.path("v.npy")],
            ["classify", "--train", images, "--report", scratch.path("report")],
        ] {
            let output = try Program.run(
                command + ["--model", model, "--device", "cuda"], environment: ["AKIN_CUDA": "/nowhere/libcuda.so.1"])
            #expect(output.status == 1)
            for part in parts { #expect(output.standardError.contains(part), "\(output.standardError)") }
        }
        #expect(try scratch.names == before)
    }

    @Test("what needs no model runs on the processor, and says so")
    func builtInOnGPU() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        let output = try Program.run(["embed", images, "-o", scratch.path("v.npy"), "--device", "cuda"])
        #expect(output.status == 1)
        for part in ["builtin", "--model", "--device cpu"] { #expect(output.standardError.contains(part)) }
    }

    @Test("embeds with a model", .enabled(if: hasRuntime, "needs ONNX Runtime"))
    func embeds() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 2, in: scratch)
        let model = try writeModel(in: scratch)
        for options in [[], ["--normalize"]] {
            let output = try Program.succeed(
                ["embed", images, "--model", model, "-o", scratch.path("v.npy"), "--json"] + options)
            #expect(try output.objects.first?["dimension"] as? Int == 3)
            let vectors = try EmbeddedSet(path: scratch.path("v.npy")).vectors
            let length = vectors[0].reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect((abs(length - 1) < 1e-5) == options.contains("--normalize"))
        }
    }

    @Test("refuses a configuration that does not fit the model's input", .enabled(if: hasRuntime, "needs ONNX Runtime"))
    func mismatch() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        let model = try writeModel(side: 4, configured: 6, in: scratch)
        let output = try Program.run(["embed", images, "--model", model, "-o", scratch.path("v.npy")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("model.onnx: expected pictures of 4 x 4"))
        #expect(output.standardError.contains("6 x 6"))
        #expect(!scratch.exists("v.npy") && !scratch.exists("v.jsonl.partial"))
    }

    @Test("refuses to search one model's vectors with another's")
    func mixedModels() throws {
        let scratch = try Scratch()
        let images = try Pictures.folder("images", classes: 1, in: scratch)
        try Program.succeed(["embed", images, "-o", scratch.path("v.npy")])
        try Program.succeed(["build", scratch.path("v.npy"), "-o", scratch.path("v.akin")])
        let set = try EmbeddedSet(path: scratch.path("v.npy"))
        try FlatIndex(set.vectors, space: EmbeddingSpace(id: "other", name: "another model"))
            .save(to: scratch.path("other.akin"))
        try Program.succeed(["search", scratch.path("v.akin"), scratch.path("v.npy")])
        let output = try Program.run(["search", scratch.path("other.akin"), scratch.path("v.npy")])
        #expect(output.status == 1)
        #expect(output.standardError.contains("another model"))
    }

    @Test(
        "embeds real images with a real network",
        .enabled(if: hasRuntime && data != nil, "needs AKIN_DATA and ONNX Runtime"))
    func realNetwork() throws {
        let scratch = try Scratch()
        let root = try #require(Self.data)
        let output = try Program.succeed([
            "embed", "\(root)/images/imagenet-samples", "--model", "\(root)/models/vit_tiny_patch16_224", "-o",
            scratch.path("v.npy"), "--json",
        ])
        #expect(try output.objects.first?["images"] as? Int == 64)
        #expect(try output.objects.first?["dimension"] as? Int == 192)
    }
}
