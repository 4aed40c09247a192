import AkinCluster
import AkinServer
import ArgumentParser
import Foundation
import Logging

/// `akin-server router`: answers for the collections of a cluster.
struct RouterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "router",
        abstract: "Serves collections that are spread over workers.",
        discussion: """
            Speaks the same HTTP as serve, and keeps nothing: any number of routers may run. Searches are answered by one \
            replica of each shard and merged; writes are acknowledged once the shards' streams have them.

            Example:
              akin-server router --nats nats://localhost:4222 --port 6333
            """)

    @OptionGroup(title: "NATS") var nats: NATSOptions
    @OptionGroup(title: "Cluster") var cluster: ClusterOptions

    @Option(
        help: ArgumentHelp(
            "A folder for uploads until they are read; made where there is none (default: a temporary one).",
            valueName: "folder"))
    var data: String?

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Pictures") var pictures: PictureOptions

    @Flag(help: "Let embedding workers (akin-server embedder) make vectors of pictures, with their model.")
    var embedders = false

    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        if embedders, pictures.model.model != "builtin" {
            throw ValidationError("--embedders: the model is that of akin-server embedder; expected no --model")
        }
    }

    func run() async throws {
        let logger = log.logger()
        var limits = try limits.limits()
        limits.imagePixels = pictures.maxPixels
        let options = try listening.options()
        let embedder = embedders ? nil : try pictures.embedder()
        let uploads = try makeUploads()
        defer { if data == nil { try? FileManager.default.removeItem(at: uploads) } }
        let names = try nats.names
        let directory = ClusterDirectory()
        let link = ClusterLink(
            nats.settings("akin-router"), names, streamReplicas: cluster.streamReplicas, logger: logger
        ) { session in try directory.attach(session, names) }
        let images =
            if let embedder {
                ImageEnvironment(embedder, limits: limits)
            } else {
                ImageEnvironment(RemoteEmbedding(names, limits: limits) { try link.session.connection })
            }
        let cluster = ServiceWithSets(ClusterService(link, directory, cluster.settings))
        let service = try await pictures.service(cluster, limits: limits)
        do {
            let environment = ServerEnvironment(service: service, limits: limits, uploads: uploads)
            var routes = Routes.qdrant(environment, page: Routes.page)
            routes.addImages(environment, images)
            routes.addPage()
            let loading = Task { try await load(into: service, images, logger) }
            defer { loading.cancel() }
            let application = try options.application(routes, environment, logger: logger) { port in
                listening.announce(port, logger)
            }
            try await ServerOptions.run(application, logger: logger)
        } catch {
            await images.embedding.close()
            await service.close()
            throw error
        }
        await images.embedding.close()
        await service.close()
        logger.info("closed")
    }

    /// Loads the demonstration once workers are there for it, beside answering.
    private func load(into service: any CollectionService, _ images: ImageEnvironment, _ logger: Logger) async throws {
        guard pictures.demo else { return }
        var told = ""
        while !Task.isCancelled {
            do { return try await pictures.load(into: service, images, logger) } catch {
                if "\(error)" != told { logger.warning("the demonstration cannot be loaded yet: \(error)") }
                told = "\(error)"
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func makeUploads() throws -> URL {
        let folder =
            data.map { URL(fileURLWithPath: $0).appendingPathComponent("uploads") }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("akin-router-\(UUID().uuidString)")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

/// How a router behaves, and where new collections are put.
struct ClusterOptions: ParsableArguments {
    @Option(help: "Shards of new collections that do not ask for a number.")
    var shards = ClusterSettings().shards

    @Option(help: "Replicas of each shard of new collections that do not ask for a number.")
    var replicas = ClusterSettings().replicas

    @Option(help: "NATS servers that keep the streams of new collections, 1 to 5.")
    var streamReplicas = ClusterSettings().streamReplicas

    @Option(
        help: ArgumentHelp(
            "Milliseconds after which shards that have not answered are left out of searches; all else is refused then.",
            valueName: "ms"))
    var deadline = Int(ClusterSettings().deadline * 1000)

    @Option(
        help: ArgumentHelp(
            "Milliseconds after which another replica is asked beside one that has not answered.", valueName: "ms"))
    var hedge = Int(ClusterSettings().hedge * 1000)

    @Flag(help: "Refuse a search that misses a shard, rather than answer from the others.")
    var whole = false

    func validate() throws {
        let counts = [
            ("--shards", shards, 1...1024), ("--replicas", replicas, 1...64),
            ("--stream-replicas", streamReplicas, 1...5),
            ("--deadline", deadline, 1...600_000), ("--hedge", hedge, 1...600_000),
        ]
        for (name, value, range) in counts where !range.contains(value) {
            throw ValidationError("\(name): expected \(range.lowerBound) to \(range.upperBound), got \(value)")
        }
    }

    var settings: ClusterSettings {
        var settings = ClusterSettings()
        settings.shards = shards
        settings.replicas = replicas
        settings.streamReplicas = streamReplicas
        settings.deadline = Double(deadline) / 1000
        settings.hedge = Double(hedge) / 1000
        settings.isWhole = whole
        return settings
    }
}
