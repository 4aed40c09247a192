import AkinVision
public import ArgumentParser

extension ONNXEmbedder.TokenPooling: ExpressibleByArgument {}

/// `--model` and what belongs to it: how images become vectors.
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

    var isBuiltIn: Bool { model == "builtin" }

    func validate() throws {
        guard isBuiltIn else { return }
        if outputName != nil { throw ValidationError("--output-name needs --model DIR; builtin has one output") }
        if pool != .cls { throw ValidationError("--pool needs --model DIR; builtin has no tokens") }
        if normalize { throw ValidationError("--normalize needs --model DIR; builtin vectors have one length") }
    }

    /// Loads what makes vectors of images.
    func makeEmbedder(on place: WorkPlace = .cpu) throws -> any Embedder {
        var gpu: ONNXEmbedder.GPU?
        if place.isGPU {
            if isBuiltIn {
                throw CommandError("--device: builtin runs on the processor; expected --model DIR, or --device cpu")
            }
            // What is missing of the library is said before what is missing of the driver: it is asked for by name.
            try ONNXRuntime.find().requireCUDA()
            gpu = try place.single(for: "embedding").map {
                ONNXEmbedder.GPU(ordinal: $0.device.ordinal, name: $0.device.name)
            }
        }
        if isBuiltIn { return GradientColorEmbedder() }
        return try ONNXEmbedder(
            directory: model, output: outputName, pooling: pool, normalize: normalize, gpu: gpu)
    }
}

/// `--strict`, `--restart`, `--max-pixels`: what happens on the way from images to vectors.
struct EmbedOptions: ParsableArguments {
    @Flag(help: "Stop at an image that cannot be read, instead of recording and skipping it.")
    var strict = false

    @Flag(help: "Begin anew, instead of going on where an interrupted run stopped.")
    var restart = false

    @Option(help: ArgumentHelp("Refuse larger images.", valueName: "n"))
    var maxPixels = ImageLimits.standard.pixels

    func validate() throws {
        try checkPositive(maxPixels, "--max-pixels")
    }

    /// The same for the library.
    func options(threads: Int?) -> EmbeddingOptions {
        EmbeddingOptions(
            threads: threads, strict: strict, limits: ImageLimits(pixels: maxPixels), restart: restart)
    }
}
