internal import AkinServer
internal import AkinStore
package import Logging
internal import Synchronization

/// A cluster's NATS servers, whether they are there yet or not.
package final class ClusterLink: ShardTransport {
    /// What can be done once a server has answered.
    package struct Session: Sendable {
        /// The connection, which mends itself.
        package let connection: NATSConnection
        /// Streams.
        package let jetStream: JetStream
        /// The bucket of maps.
        package let bucket: KeyValueBucket
    }

    /// What things are called.
    package let names: ClusterNames
    private let state = Mutex<Session?>(nil)
    private let problem = Mutex("no NATS server has answered yet")
    private let connecting = Mutex<Task<Void, Never>?>(nil)

    /// Connects in the background, however long it takes.
    ///
    /// - Parameters:
    ///   - settings: where the servers are.
    ///   - names: what things are called.
    ///   - streamReplicas: servers that keep the bucket of maps where it is made.
    ///   - logger: told what becomes of the connection.
    ///   - onSession: called once, when a server has answered.
    package init(
        _ settings: NATSSettings, _ names: ClusterNames, streamReplicas: Int, logger: Logger,
        onSession: @escaping @Sendable (Session) throws -> Void
    ) {
        self.names = names
        let task = Task { [weak self] in
            var wait = 0.1, told = ""
            while !Task.isCancelled {
                do {
                    let session = try await Blocking.run {
                        let session = try Self.connect(settings, names, streamReplicas: streamReplicas, logger)
                        try onSession(session)
                        return session
                    }
                    self?.state.withLock { $0 = session }
                    logger.info("connected to NATS")
                    return
                } catch {
                    let text = "\(error)"
                    self?.problem.withLock { $0 = text }
                    if text != told { logger.warning("\(text); trying on") }
                    told = text
                }
                try? await Task.sleep(for: .seconds(wait))
                wait = min(2, wait * 2)
            }
        }
        connecting.withLock { $0 = task }
    }

    /// Works through a connection that is there; without one nothing can be done.
    package init(_ session: Session?, _ names: ClusterNames) {
        self.names = names
        state.withLock { $0 = session }
    }

    deinit { connecting.withLock { $0 }?.cancel() }

    /// Connects once.
    ///
    /// Blocks.
    package static func connect(
        _ settings: NATSSettings, _ names: ClusterNames, streamReplicas: Int, patience: Double = 0, _ logger: Logger
    ) throws -> Session {
        let connection = try NATSConnection(settings, patience: patience) { event in
            switch event {
            case .disconnected: logger.warning("no NATS server is connected; waiting for one")
            case .reconnected: logger.info("a NATS server is connected again")
            case .closed: logger.debug("the connection to NATS is closed")
            case .failed(let what): logger.warning("NATS: \(what)")
            }
        }
        return try session(connection, names, streamReplicas: streamReplicas)
    }

    /// What can be done through a connection.
    ///
    /// Blocks.
    package static func session(
        _ connection: NATSConnection, _ names: ClusterNames, streamReplicas: Int
    ) throws -> Session {
        let jetStream = try JetStream(connection)
        let bucket = try KeyValueBucket(jetStream, names.bucket, replicas: streamReplicas)
        return Session(connection: connection, jetStream: jetStream, bucket: bucket)
    }

    /// What can be done now.
    ///
    /// - Throws: `StoreError.unavailable` where no server has answered yet.
    package var session: Session {
        get throws {
            if let session = state.withLock({ $0 }) { return session }
            throw StoreError.unavailable(problem.withLock { $0 })
        }
    }

    /// Whether a server is there now.
    package var isConnected: Bool { state.withLock { $0 }?.connection.isConnected ?? false }

    /// Bytes of one message at most.
    package var greatestMessage: Int { get throws { try session.connection.greatestMessage } }

    /// Asks, and waits for all of an answer.
    package func ask(_ bytes: [UInt8], to subject: String, within seconds: Double) async throws -> [UInt8] {
        try await session.connection.ask(bytes, to: subject, within: seconds)
    }

    /// Writes a message to a stream.
    package func publish(
        _ bytes: [UInt8], to subject: String, name: String, within seconds: Double
    ) async throws -> UInt64 {
        try await session.jetStream.publish(bytes, to: subject, name: name, within: seconds)
    }

    /// Ends the connection.
    package func close() {
        connecting.withLock { $0 }?.cancel()
        state.withLock { $0 }?.connection.close()
    }
}
