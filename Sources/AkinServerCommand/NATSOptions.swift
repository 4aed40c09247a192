import AkinCluster
import AkinServer
import ArgumentParser
import Foundation
import Logging

/// Where the servers of NATS are, and what a cluster is called there.
struct NATSOptions: ParsableArguments {
    @Option(
        name: .customLong("nats"),
        help: ArgumentHelp(
            "A NATS server with JetStream, as nats://host:port or tls://host:port; may come again, and several may be joined with commas.",
            valueName: "url"))
    var servers: [String]

    @Option(
        help: ArgumentHelp(
            "What subjects, streams and buckets of this cluster begin with: tells clusters on the same servers apart.",
            valueName: "name"))
    var prefix = "akin"

    @Option(
        name: .customLong("nats-credentials"),
        help: ArgumentHelp("Credentials, as NATS's own tools make them.", valueName: "file"))
    var credentials: String?

    @Option(
        name: .customLong("nats-ca"),
        help: ArgumentHelp("Certificates of the authorities that vouch for the servers, in PEM.", valueName: "file"))
    var authorities: String?

    @Option(
        name: .customLong("nats-certificate"),
        help: ArgumentHelp("The certificate that is shown to the servers, in PEM.", valueName: "file"))
    var certificate: String?

    @Option(name: .customLong("nats-key"), help: ArgumentHelp("The certificate's key, in PEM.", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Servers of NATS that keep the cluster's maps, where this is the first to come: 1 to 5 (default: 3 where there are as many, else 1).",
            valueName: "n"))
    var natsReplicas: Int?

    func validate() throws {
        if let natsReplicas, !(1...5).contains(natsReplicas) {
            throw ValidationError("--nats-replicas: expected 1 to 5, got \(natsReplicas)")
        }
        for url in urls {
            guard let parts = URLComponents(string: url), ["nats", "tls"].contains(parts.scheme),
                parts.host?.isEmpty == false
            else { throw ValidationError("--nats: expected nats://host:port or tls://host:port, got \"\(url)\"") }
        }
        guard !urls.isEmpty else { throw ValidationError("--nats: expected nats://host:port, got nothing") }
        guard ClusterNames.isName(prefix) else {
            throw ValidationError("--prefix: expected 1 to 64 letters, digits, '_' and '-', got \"\(prefix)\"")
        }
        if (certificate == nil) != (key == nil) {
            throw ValidationError("--nats-certificate and --nats-key go together")
        }
        for (name, file) in [
            ("--nats-credentials", credentials), ("--nats-ca", authorities), ("--nats-certificate", certificate),
            ("--nats-key", key),
        ] {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            throw ValidationError("\(name): expected a file that can be read, got \"\(file)\"")
        }
    }

    /// The servers, one by one.
    private var urls: [String] {
        servers.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// What things of the cluster are called.
    var names: ClusterNames {
        get throws {
            guard let names = ClusterNames(prefix: prefix) else { throw ValidationError("--prefix: \"\(prefix)\"") }
            return names
        }
    }

    /// Where the servers are.
    ///
    /// - Parameter name: what they call the connection in their reports.
    /// - Returns: what a connection is made of.
    func settings(_ name: String) -> NATSSettings {
        var settings = NATSSettings(servers: urls, name: name)
        settings.credentials = credentials
        settings.authorities = authorities
        if let certificate, let key { settings.certificate = (certificate, key) }
        return settings
    }

    /// Connects, however long it takes until a server answers.
    ///
    /// - Parameters:
    ///   - name: what the servers call the connection in their reports.
    ///   - logger: told once that no server answers, and of what becomes of the connection later.
    /// - Returns: the connection.
    /// - Throws: `NATSFailure` where waiting does not help; `CancellationError` once the task is cancelled.
    func connect(_ name: String, _ logger: Logger) async throws -> NATSConnection {
        let settings = settings(name)
        var wait = 0.1
        var isFirst = true
        while true {
            try Task.checkCancellation()
            do {
                return try await Blocking.run {
                    try NATSConnection(settings, patience: 0) { Self.report($0, logger) }
                }
            } catch let failure as NATSFailure where [.away, .timeout].contains(failure.kind) {
                if isFirst { logger.warning("\(failure.description); waiting for one") }
                isFirst = false
            }
            try await Task.sleep(for: .seconds(wait))
            wait = min(2, wait * 2)
        }
    }

    private static func report(_ event: NATSConnection.Event, _ logger: Logger) {
        switch event {
        case .disconnected: logger.warning("no NATS server is connected; waiting for one")
        case .reconnected: logger.info("a NATS server is connected again")
        case .closed: logger.debug("the connection to NATS is closed")
        case .failed(let what): logger.warning("NATS: \(what)")
        }
    }
}
