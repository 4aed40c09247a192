import AkinTestSupport
import AkinVision
import Foundation

/// Models for pictures of 4 x 4 pixels whose outputs can be computed by hand.
enum TestModels {
    /// Whether ONNX Runtime is there; tests that run a model are skipped, visibly, where it is not.
    static let hasRuntime = (try? ONNXRuntime.find()) != nil

    /// The directory with real images and models, where there is one.
    static let data = ProcessInfo.processInfo.environment["AKIN_DATA"]

    /// What ``means(batch:)`` multiplies the channels' means with, `[3, 5]`.
    static let weights: [Float] = [1, 0, 0, 1, 2, 0, 1, 0, 1, -1, 0, 0, 1, 1, 0.5]

    /// `embedding`: the means of the three channels times ``weights``; `logits`: the means.
    static func means(batch: Int? = nil, height: Int? = 4, width: Int? = 4) -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", [batch, 3, height, width])
        model.node("GlobalAveragePool", ["pixels"], "pooled")
        model.node("Flatten", ["pooled"], "logits", integers: ["axis": 1])
        model.constant("weights", [3, 5], weights)
        model.node("MatMul", ["logits", "weights"], "embedding")
        model.output("logits", [batch, 3])
        model.output("embedding", [batch, 5])
        return model
    }

    /// ``means(batch:height:width:)`` with its weights in a file of this name.
    static func external(_ file: String) -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", [nil, 3, 4, 4])
        model.node("GlobalAveragePool", ["pixels"], "pooled")
        model.node("Flatten", ["pooled"], "means", integers: ["axis": 1])
        model.constant("weights", [3, 5], inFile: file)
        model.node("MatMul", ["means", "weights"], "embedding")
        model.output("embedding", [nil, 5])
        return model
    }

    /// `last_hidden_state`: three tokens, one per channel, of 16 components, its pixels.
    static func tokens() -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", [nil, 3, 4, 4])
        model.constant("shape", [0, 3, 16])
        model.node("Reshape", ["pixels", "shape"], "last_hidden_state")
        model.output("last_hidden_state", [nil, 3, 16])
        return model
    }

    /// `features`: the pixels, negative ones cut, as a map of three channels.
    static func map() -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", [nil, 3, 4, 4])
        model.node("Relu", ["pixels"], "features")
        model.output("features", [nil, 3, 4, 4])
        return model
    }

    /// One output of the input's own shape.
    static func identity(_ shape: [Int?], type: Int = ONNXModelBuilder.float) -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", shape, type: type)
        model.node("Identity", ["pixels"], "features")
        model.output("features", shape, type: type)
        return model
    }

    /// Two pictures in, their sum out.
    static func twoInputs() -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("left", [nil, 3, 4, 4])
        model.input("right", [nil, 3, 4, 4])
        model.node("Add", ["left", "right"], "sum")
        model.output("sum", [nil, 3, 4, 4])
        return model
    }

    /// Two maps, neither of a name that says it is an embedding.
    static func twoMaps() -> ONNXModelBuilder {
        var model = ONNXModelBuilder()
        model.input("pixels", [nil, 3, 4, 4])
        model.node("Relu", ["pixels"], "a")
        model.node("Neg", ["pixels"], "b")
        model.output("a", [nil, 3, 4, 4])
        model.output("b", [nil, 3, 4, 4])
        return model
    }

    /// Writes a model's directory; its preprocessing makes `side` x `side` pictures of values 0...1.
    static func write(_ model: [UInt8], to directory: String, side: Int = 4) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(model).write(to: URL(fileURLWithPath: directory + "/model.onnx"))
        let configuration = """
            {"do_resize": true, "size": {"height": \(side), "width": \(side)}, "resample": 2,
             "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": false}
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: directory + "/preprocessor_config.json"))
    }

    /// A 4 x 4 picture of one colour.
    static func plain(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> RGBImage {
        RGBImage(width: 4, height: 4, pixels: (0..<16).flatMap { _ in [red, green, blue] })
    }
}
