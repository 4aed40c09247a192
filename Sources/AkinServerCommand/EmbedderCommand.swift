import AkinCluster
import AkinServer
import AkinVision
import ArgumentParser
import Foundation
import Logging

/// `akin-server embedder`: makes vectors of pictures for the routers of a cluster.
struct EmbedderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embedder",
        abstract: "Makes vectors of pictures for the routers of a cluster.",
        discussion: """
            Any number may run; NATS gives each picture to one of them. All must have the same model. Routers use them with \
            --embedders. SIGTERM or Ctrl-C ends it once all pictures that came are answered.

            Example:
              akin-server embedder --nats nats://127.0.0.1:4222 --model clip/ --gather 10
            """)

    @OptionGroup(title: "NATS") var nats: NATSOptions
    @OptionGroup(title: "Pictures") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "Milliseconds that a picture may wait for others, so that the model gets several at once; models that like one at a time do not wait.",
            valueName: "ms"))
    var gather = 5.0

    @Option(help: "Pictures decoded and embedded at once (default: one per core).")
    var threads: Int?

    @Option(help: "Pictures that may wait for a thread; others are refused.")
    var queue = ServerLimits().queue

    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard (0...1000).contains(gather) else {
            throw ValidationError("--gather: expected 0 to 1000 milliseconds, got \(gather)")
        }
        if let threads, !(1...4096).contains(threads) {
            throw ValidationError("--threads: expected 1 to 4096, got \(threads)")
        }
        guard (1...1 << 20).contains(queue) else {
            throw ValidationError("--queue: expected 1 to \(1 << 20), got \(queue)")
        }
    }

    func run() async throws {
        let logger = log.logger()
        var limits = ServerLimits()
        limits.imagePixels = model.maxPixels
        limits.queue = queue
        let embedder = try model.embedder()
        try await Termination.run { [limits] in
            let connection = try await nats.connect("akin-embedder", logger)
            defer { connection.close() }
            let embedding = ImageEmbedding(
                embedder, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, limits: limits,
                gathering: .seconds(gather / 1000))
            let worker = EmbeddingWorker(connection, try nats.names, embedding, logger)
            try worker.start()
            logger.info("making vectors of space \(embedder.space.name) on \(embedder.deviceName)")
            // Until it is cancelled.
            while (try? await Task.sleep(for: .seconds(3600))) != nil {}
            // Beside this task, in which nothing waits any more.
            await Task {
                await worker.stop()
                await embedding.close()
            }.value
            logger.info("closed")
        }
    }
}
