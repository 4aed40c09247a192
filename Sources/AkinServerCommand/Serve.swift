import AkinServer
import AkinStore
import ArgumentParser
import Foundation
import Logging

/// `akin-server serve`: answers for the collections of a folder.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the collections of a folder.",
        discussion: """
            Shows a page for browsers at /, and speaks the core of Qdrant's REST API, so that its clients work. SIGTERM or \
            Ctrl-C ends it once all requests under way are answered. Without keys, everybody who reaches the port may do \
            everything.
            """)

    @Option(
        help: ArgumentHelp(
            "The folder of the collections; made where there is none. With --demo alone nothing is kept.",
            valueName: "folder"))
    var data: String?

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Pictures") var pictures: PictureOptions
    @OptionGroup(title: "Durability") var durability: DurabilityOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard data != nil || pictures.demo else {
            throw ValidationError("expected --data FOLDER, or --demo to try it without one")
        }
    }

    func run() async throws {
        Scheduling.preferThroughput()
        guard let data else {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akin-demo-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            return try await serve(folder.path)
        }
        try await serve(data)
    }

    private func serve(_ data: String) async throws {
        let logger = log.logger()
        var limits = try limits.limits()
        limits.imagePixels = pictures.maxPixels
        let options = try listening.options()
        let images = ImageEnvironment(try pictures.embedder(), limits: limits)
        let store = try Store(path: data, settings: try durability.settings())
        let uploads = try Self.makeUploads(data)
        let local = LocalService(store, limits: limits)
        var service: any CollectionService = local
        do {
            service = try await pictures.service(local, limits: limits)
            let environment = ServerEnvironment(service: service, limits: limits, uploads: uploads)
            var routes = Routes.qdrant(environment, page: Routes.page)
            routes.addImages(environment, images)
            routes.addPage()
            try await pictures.load(into: service, images, logger)
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

    /// A folder for uploads beside the collections, so that they are on the same disk.
    ///
    /// What an earlier run left there is removed.
    private static func makeUploads(_ data: String) throws -> URL {
        let folder = URL(fileURLWithPath: data).appendingPathComponent("uploads")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
