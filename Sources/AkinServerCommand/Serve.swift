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
            Speaks the core of Qdrant's REST API, so that its clients work. SIGTERM or Ctrl-C ends it once all requests \
            under way are answered. Without keys, everybody who reaches the port may do everything.
            """)

    @Option(help: ArgumentHelp("The folder of the collections; made where there is none.", valueName: "folder"))
    var data: String

    @OptionGroup(title: "Listening") var listening: ListeningOptions
    @OptionGroup(title: "Durability") var durability: DurabilityOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "Log") var log: LogOptions

    func run() async throws {
        let logger = log.logger()
        let limits = try limits.limits()
        let options = try listening.options()
        let store = try Store(path: data, settings: try durability.settings())
        let uploads = try Self.makeUploads(data)
        let service = LocalService(store, limits: limits)
        let environment = ServerEnvironment(service: service, limits: limits, uploads: uploads)
        let application = try options.application(.qdrant(environment), environment, logger: logger) { port in
            listening.announce(port, logger)
        }
        do {
            try await ServerOptions.run(application, logger: logger)
        } catch {
            await service.close()
            throw error
        }
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
