import AkinServer
import AkinVision
public import ArgumentParser

extension ONNXEmbedder.TokenPooling: ExpressibleByArgument {}

/// What makes vectors of pictures.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A directory with model.onnx and preprocessor_config.json, or builtin: gradients and colours, no weights.",
            valueName: "dir"))
    var model = "builtin"

    @Option(help: ArgumentHelp("The model's output to take (default: guessed).", valueName: "name"))
    var outputName: String?

    @Option(help: "Of an output with a vector per token, take the first (cls) or the mean.")
    var pool = ONNXEmbedder.TokenPooling.cls

    @Flag(inversion: .prefixedNo, help: "Bring vectors to length 1.")
    var normalize = false

    @Option(help: ArgumentHelp("Refuse larger pictures.", valueName: "n"))
    var maxPixels = ServerLimits().imagePixels

    func validate() throws {
        guard maxPixels >= 1 else { throw ValidationError("--max-pixels: expected 1 or more, got \(maxPixels)") }
        if model == "builtin", outputName != nil || pool != .cls || normalize {
            throw ValidationError("--output-name, --pool and --normalize need --model DIR")
        }
    }

    func embedder() throws -> any Embedder {
        if model == "builtin" { return GradientColorEmbedder() }
        return try ONNXEmbedder(directory: model, output: outputName, pooling: pool, normalize: normalize)
    }
}
