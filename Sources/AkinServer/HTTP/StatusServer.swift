public import Hummingbird
public import Logging
internal import NIOCore
internal import ServiceLifecycle

/// Tells whoever starts and stops a process how it is: `/healthz`, `/livez`, `/readyz`, `/metrics`.
public struct StatusServer: Sendable {
    private let host: String
    private let port: Int
    private let isReady: @Sendable () -> Bool
    private let metrics: @Sendable () -> String

    /// Describes a server.
    ///
    /// - Parameters:
    ///   - host: the address to listen at.
    ///   - port: the port to listen at; 0 is any that is free.
    ///   - isReady: whether the process does its work.
    ///   - metrics: what it counts, as Prometheus reads it.
    public init(
        host: String, port: Int, isReady: @escaping @Sendable () -> Bool, metrics: @escaping @Sendable () -> String
    ) {
        self.host = host
        self.port = port
        self.isReady = isReady
        self.metrics = metrics
    }

    /// Answers until the task is cancelled.
    ///
    /// - Parameters:
    ///   - logger: where it tells what happens.
    ///   - onRunning: gets the port once the server listens.
    /// - Throws: why it cannot listen.
    public func run(_ logger: Logger, onRunning: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let router = Router()
        func on(_ path: String, _ text: @escaping @Sendable () -> (HTTPResponse.Status, String)) {
            router.get(RouterPath(path)) { _, _ in
                let (status, text) = text()
                return Response(
                    status: status, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(string: text)))
            }
        }
        for path in ["/healthz", "/livez"] { on(path) { (.ok, "ok\n") } }
        on("/readyz") { isReady() ? (.ok, "ready\n") : (.serviceUnavailable, "not ready\n") }
        on("/metrics") { (.ok, metrics()) }
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: "akin"),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? 0) }, logger: logger)
        try await ServiceGroup(services: [application], logger: logger).run()
    }
}
