import AkinServer
import AkinStore
import AkinVision
public import ArgumentParser
import Foundation
import Logging

extension ONNXEmbedder.TokenPooling: ExpressibleByArgument {}

/// What makes vectors of pictures, and what is served beside the collections of the folder.
struct PictureOptions: ParsableArguments {
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

    @Option(
        help: ArgumentHelp(
            "An index file to serve as a collection that is only read; may come again.", valueName: "file"))
    var index: [String] = []

    @Flag(help: "Draw pictures into the collection demo, unless it is there already.")
    var demo = false

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

    /// The collections of a service, and the index files beside them.
    func service(_ local: any CollectionService, limits: ServerLimits) async throws -> any CollectionService {
        guard !index.isEmpty else { return local }
        return try await ServiceWithIndexes(
            local, try index.map { try IndexCollection(path: $0) },
            threads: ProcessInfo.processInfo.activeProcessorCount, limits: limits)
    }

    /// Draws and stores the demonstration's pictures where they are wanted.
    func load(into service: any CollectionService, _ images: ImageEnvironment, _ logger: Logger) async throws {
        guard demo else { return }
        logger.info("drawing pictures into the collection \(DemoCollection.name)")
        let stored = try await DemoCollection.load(into: service, images)
        logger.info("\(stored == 0 ? "they are there already" : "\(stored) pictures stored")")
    }
}
