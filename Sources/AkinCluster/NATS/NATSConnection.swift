internal import CNATS
internal import Foundation
internal import Synchronization

/// A connection to a cluster of NATS servers, which mends itself.
///
/// Every method may be called from any thread. Handlers run on the library's threads, in the order of the messages of
/// their subscription, and must not block for long.
package final class NATSConnection: @unchecked Sendable {
    /// What became of the connection, for a log.
    package enum Event: Sendable {
        case disconnected, reconnected, closed
        case failed(String)
    }

    let handle: OpaquePointer
    private let inbox: Inbox
    private let events: Unmanaged<EventBox>

    /// Connects, and waits until a server answers.
    ///
    /// - Parameters:
    ///   - settings: where the servers are.
    ///   - patience: seconds in which one must answer.
    ///   - event: hears what becomes of the connection later.
    /// - Throws: ``NATSFailure``: of kind `away` where no server answers.
    package init(
        _ settings: NATSSettings, patience: Double = 5, event: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws {
        let options = try settings.make()
        defer { natsOptions_Destroy(options) }
        let events = Unmanaged.passRetained(EventBox(event))
        Self.report(to: events, options)
        var made: OpaquePointer?
        let end = ContinuousClock.now + .seconds(patience)
        var status = natsConnection_Connect(&made, options)
        while status != NATS_OK, ContinuousClock.now < end, NATSFailure.kind(status) != .refused {
            Thread.sleep(forTimeInterval: 0.1)
            status = natsConnection_Connect(&made, options)
        }
        guard status == NATS_OK, let made else {
            events.release()
            throw NATSFailure(status, Self.problem(status, settings))
        }
        self.events = events
        handle = made
        do { inbox = try Inbox(made) } catch {
            natsConnection_Close(made)
            natsConnection_Destroy(made)
            throw error
        }
    }

    private static func problem(_ status: natsStatus, _ settings: NATSSettings) -> String {
        let places = settings.places
        return switch NATSFailure.kind(status) {
        case .refused where status == NATS_SSL_ERROR:
            "no TLS with the NATS server at \(places); expected a certificate that --nats-ca FILE or the system vouches for"
        case .refused where status == NATS_SECURE_CONNECTION_REQUIRED || status == NATS_SECURE_CONNECTION_WANTED:
            "the NATS server at \(places) and its URL differ about TLS; expected tls://host:port for servers with a "
                + "certificate, nats://host:port for others"
        case .refused:
            "the NATS server at \(places) does not let this client in; expected --nats-credentials FILE, a user and "
                + "password in its URL (tls://user:password@host:port), or --nats-certificate and --nats-key"
        // So it looks where TLS 1.3 is used and the server misses a certificate; and where a server ends meanwhile.
        case _ where status == NATS_PROTOCOL_ERROR && settings.isSecure && settings.certificate == nil:
            "the NATS server at \(places) ended the connection at once; expected --nats-certificate and --nats-key where it "
                + "asks clients for certificates"
        default: "no NATS server answers at \(places)"
        }
    }

    deinit {
        inbox.close()
        natsConnection_Close(handle)
        natsConnection_Destroy(handle)
        // `events` stays: the library may still be telling that the connection is closed.
    }

    /// Bytes of one message at most, as the servers say.
    package var greatestMessage: Int { Int(natsConnection_GetMaxPayload(handle)) }

    /// Whether a server is there now.
    package var isConnected: Bool { natsConnection_Status(handle) == NATS_CONN_STATUS_CONNECTED }

    /// Servers that are known: those that were given, and those that they told of.
    package var serverCount: Int {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: Int32 = 0
        guard natsConnection_GetServers(handle, &list, &count) == NATS_OK, let list else { return 1 }
        for place in 0..<Int(count) { free(list[place]) }
        free(list)
        return Int(count)
    }

    /// Sends a message, and hopes.
    package func publish(_ bytes: [UInt8], to subject: String) throws {
        try send(bytes, to: subject, reply: nil, [])
    }

    func send(_ bytes: [UInt8], to subject: String, reply: String?, _ headers: NATSHeaders) throws {
        guard headers.isEmpty else {
            return try withMessage(to: subject, reply: reply, bytes, headers) {
                try check(natsConnection_PublishMsg(handle, $0), subject)
            }
        }
        let status = bytes.withUnsafeBytes { bytes in
            if let reply {
                natsConnection_PublishRequest(handle, subject, reply, bytes.baseAddress, Int32(bytes.count))
            } else {
                natsConnection_Publish(handle, subject, bytes.baseAddress, Int32(bytes.count))
            }
        }
        try check(status, subject)
    }

    /// Asks, and waits for one message.
    ///
    /// - Throws: ``NATSFailure``: of kind `noResponders` at once where nobody listens, `timeout`.
    package func request(_ bytes: [UInt8], to subject: String, within seconds: Double) async throws -> [UInt8] {
        try await request(bytes, to: subject, [], within: seconds, isWhole: false)
    }

    /// Asks somebody who answers through ``answer(_:_:)``, and waits for all parts of the answer.
    ///
    /// - Throws: ``NATSFailure``: of kind `noResponders` at once where nobody listens, `timeout`.
    package func ask(_ bytes: [UInt8], to subject: String, within seconds: Double) async throws -> [UInt8] {
        try await request(bytes, to: subject, [], within: seconds, isWhole: true)
    }

    func request(
        _ bytes: [UInt8], to subject: String, _ headers: NATSHeaders, within seconds: Double, isWhole: Bool
    ) async throws -> [UInt8] {
        try await inbox.wait(for: subject, within: seconds, isWhole: isWhole) { [self] reply in
            try send(bytes, to: subject, reply: reply, headers)
        }
    }

    /// Answers a question, in as many parts as it takes.
    package func answer(_ message: NATSMessage, _ bytes: [UInt8]) throws {
        guard let reply = message.reply else { return }
        for part in Parts.split(bytes, limit: greatestMessage) { try publish(part, to: reply) }
    }

    /// Hears what is sent to a subject, which may hold wildcards.
    ///
    /// - Parameters:
    ///   - subject: what to hear.
    ///   - queue: of all that hear in one queue group, each message reaches one.
    ///   - handler: runs on a thread of the library.
    /// - Returns: the subscription, which ends when it is let go of.
    /// - Throws: ``NATSFailure`` where the connection is closed, or the subject may not be heard.
    package func subscribe(
        _ subject: String, queue: String? = nil, _ handler: @escaping @Sendable (NATSMessage) -> Void
    ) throws -> NATSSubscription {
        try NATSSubscription(handle, subject, queue: queue) { handler(NATSMessage($0)) }
    }

    /// Waits until all that was sent has reached a server.
    ///
    /// Blocks.
    package func flush(within seconds: Double = 2) throws {
        try check(natsConnection_FlushTimeout(handle, Int64(seconds * 1000)), "flushing")
    }

    /// Ends the connection; whoever waits for an answer is told.
    package func close() {
        events.takeUnretainedValue().isClosing.store(true, ordering: .relaxed)
        inbox.close()
        natsConnection_Close(handle)
    }
}

/// Who hears of the connection.
private final class EventBox: Sendable {
    let event: @Sendable (NATSConnection.Event) -> Void
    /// A connection that is closed on purpose is not lost.
    let isClosing = Atomic<Bool>(false)

    init(_ event: @escaping @Sendable (NATSConnection.Event) -> Void) { self.event = event }
}

extension NATSConnection {
    private static func report(to events: Unmanaged<EventBox>, _ options: OpaquePointer) {
        let context = events.toOpaque()
        natsOptions_SetDisconnectedCB(options, { _, box in NATSConnection.tell(box, .disconnected) }, context)
        natsOptions_SetReconnectedCB(options, { _, box in NATSConnection.tell(box, .reconnected) }, context)
        natsOptions_SetClosedCB(options, { _, box in NATSConnection.tell(box, .closed) }, context)
        natsOptions_SetErrorHandler(
            options,
            { _, _, status, box in
                NATSConnection.tell(box, .failed(String(cString: natsStatus_GetText(status))))
            }, context)
    }

    private static func tell(_ box: UnsafeMutableRawPointer?, _ event: Event) {
        guard let box else { return }
        let events = Unmanaged<EventBox>.fromOpaque(box).takeUnretainedValue()
        if case .disconnected = event, events.isClosing.load(ordering: .relaxed) { return }
        events.event(event)
    }
}
