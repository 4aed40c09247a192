import AkinServer
import AkinStore
import AkinVision
import ArgumentParser
import Foundation
import Logging

/// What makes vectors of pictures, and what is served beside the collections of the folder.
struct PictureOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "An index file to serve as a collection that is only read; may come again.", valueName: "file"))
    var index: [String] = []

    @Flag(help: "Draw pictures into the collection demo, unless it is there already.")
    var demo = false

    var maxPixels: Int { model.maxPixels }

    func embedder() throws -> any Embedder { try model.embedder() }

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
