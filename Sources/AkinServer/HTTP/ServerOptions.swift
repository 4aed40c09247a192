public import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
internal import NIOCore
package import ServiceLifecycle
internal import UnixSignals

/// Where a server listens, to whom, and how.
public struct ServerOptions: Sendable {
    /// The address to listen at.
    public var host = "127.0.0.1"
    /// The port to listen at; 0 is any that is free.
    public var port = 6333
    /// Who may ask.
    public var keys = AccessKeys()
    /// Paths of the certificate chain and of its key, both in PEM; plain HTTP without.
    public var certificate: (chain: String, key: String)?

    /// Listens on this machine only, to everybody, without TLS.
    public init() {}

    /// A server of these routes, ready to run.
    ///
    /// - Parameters:
    ///   - routes: what it answers.
    ///   - environment: what its handlers share.
    ///   - logger: where it tells what happens.
    ///   - onRunning: gets the port once the server listens.
    /// - Returns: the server, which listens once it is run.
    /// - Throws: ``CertificateError``.
    public func application(
        _ routes: Routes, _ environment: ServerEnvironment, logger: Logger,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> Application<Frame> {
        let limits = environment.limits
        let http = HTTPServerBuilder { responder in
            LoopChannel(
                HTTP1Channel(
                    responder: responder,
                    configuration: .init(
                        idleTimeout: .seconds(Int64(limits.idleSeconds)),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                            maxHeaderFieldCount: 100))))
        }
        let server = try certificate.map { certificate in
            let chain = try CertificateError.naming(certificate.chain, "certificates in PEM") {
                try NIOSSLCertificate.fromPEMFile($0)
            }
            let key = try CertificateError.naming(certificate.key, "a private key in PEM") {
                try NIOSSLPrivateKey(file: $0, format: .pem)
            }
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            return try CertificateError.naming(certificate.chain, "the certificate of \(certificate.key)") { _ in
                try HTTPServerBuilder.tls(http, tlsConfiguration: tls)
            }
        }
        var configuration = ApplicationConfiguration(
            address: .hostname(host, port: port), serverName: "akin", backlog: 1024)
        configuration.availableConnectionsDelegate = .maximum(limits.connections, logger: logger)
        return Application(
            responder: Frame(routes, environment, keys: keys), server: server ?? http, configuration: configuration,
            onServerRunning: { channel in
                // Connections that come together are accepted together, not four by four between requests of the first;
                // never so many that they would be far more than the limit, which is looked at in between.
                let together = min(128, max(1, limits.connections / 32))
                try? await channel.setOption(.maxMessagesPerRead, value: UInt(together)).get()
                await onRunning(channel.localAddress?.port ?? 0)
            }, logger: logger)
    }

    /// Runs a server until SIGTERM or SIGINT comes; then it accepts nothing more and answers what is under way.
    ///
    /// - Parameters:
    ///   - application: the server.
    ///   - seconds: after which requests that are still not answered are given up.
    ///   - logger: where it tells what happens.
    /// - Throws: why it cannot listen.
    public static func run(_ application: Application<Frame>, within seconds: Int = 30, logger: Logger) async throws {
        try await group(application, within: seconds, logger: logger).run()
    }

    /// What runs a server, and ends it as ``run(_:within:logger:)`` says.
    package static func group(
        _ application: Application<Frame>, within seconds: Int = 30, logger: Logger
    ) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: application)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(seconds)
        return ServiceGroup(configuration: configuration)
    }
}

/// Why a certificate, or its key, cannot be used.
public struct CertificateError: Error, CustomStringConvertible {
    /// Names the file, what was expected there, and what TLS makes of it.
    public let description: String

    /// Names a file where reading it fails.
    static func naming<T>(_ file: String, _ expected: String, _ body: (String) throws -> T) throws -> T {
        do { return try body(file) } catch {
            throw Self(description: "\(file): expected \(expected): \(error)")
        }
    }
}
