internal import CNATS
internal import Foundation

/// Reads a stream in order from some place on, and goes on behind whatever happens to servers and connections.
///
/// It holds that the numbers of messages follow each other: a number that is missing is an error, never passed over.
/// Used by one thread at a time; its methods block.
package final class StreamReader {
    private let jetStream: JetStream
    private let stream, subject: String
    /// The number of the message that comes next.
    package private(set) var next: UInt64
    private var subscription: OpaquePointer?
    private var lastNews = ContinuousClock.now

    /// Messages that should be there and are not: the stream begins behind them, or ends before.
    package struct Gap: Error, Equatable, Sendable {
        /// The message that was to come.
        package var expected: UInt64
        /// The messages that the stream holds.
        package var first, last: UInt64

        /// Describes a gap.
        package init(expected: UInt64, first: UInt64, last: UInt64) {
            self.expected = expected
            self.first = first
            self.last = last
        }
    }

    /// Reads from message `next` on.
    package init(_ jetStream: JetStream, stream: String, subject: String, from next: UInt64) {
        self.jetStream = jetStream
        self.stream = stream
        self.subject = subject
        self.next = max(1, next)
    }

    deinit { end() }

    /// The messages that come next.
    ///
    /// - Parameters:
    ///   - count: of them at most.
    ///   - seconds: how long to wait for the first.
    /// - Returns: messages whose numbers follow each other; none where none came in time.
    /// - Throws: ``Gap``, ``NATSFailure``; it may be called again after each.
    package func read(_ count: Int, within seconds: Double) throws -> [NATSMessage] {
        do {
            let subscription = try begin()
            var list = natsMsgList()
            let status = natsSubscription_Fetch(&list, subscription, Int32(count), Int64(seconds * 1000), nil)
            defer { natsMsgList_Destroy(&list) }
            guard status == NATS_OK else {
                if status == NATS_TIMEOUT {
                    try look()
                    return []
                }
                throw NATSFailure(status, "reading stream \(stream)")
            }
            var messages: [NATSMessage] = []
            messages.reserveCapacity(Int(list.Count))
            for place in 0..<Int(list.Count) {
                guard let message = list.Msgs[place] else { continue }
                let sequence = try Self.sequence(of: message)
                if sequence < next { continue }
                guard sequence == next else {
                    // What was read before it is good.
                    if messages.isEmpty { try gap() }
                    end()
                    break
                }
                messages.append(NATSMessage(message, sequence: sequence))
                next += 1
            }
            lastNews = .now
            return messages
        } catch {
            end()
            throw error
        }
    }

    private static func sequence(of message: OpaquePointer) throws -> UInt64 {
        var about: UnsafeMutablePointer<jsMsgMetaData>?
        try check(natsMsg_GetMetaData(&about, message), "the number of a message")
        defer { jsMsgMetaData_Destroy(about) }
        return about?.pointee.Sequence.Stream ?? 0
    }

    /// Lets the servers forget about this reader.
    package func end() {
        guard let subscription else { return }
        natsSubscription_Unsubscribe(subscription)
        natsSubscription_Destroy(subscription)
        self.subscription = nil
    }

    private func begin() throws -> OpaquePointer {
        if let subscription { return subscription }
        try gap()
        var options = jsSubOptions()
        try check(jsSubOptions_Init(&options), "options of a reader")
        let name = strdup(stream)
        defer { free(name) }
        options.Stream = UnsafePointer(name)
        options.Config.DeliverPolicy = js_DeliverByStartSequence
        options.Config.OptStartSeq = next
        options.Config.AckPolicy = js_AckNone
        options.Config.Replicas = 1
        options.Config.MemoryStorage = true
        options.Config.InactiveThreshold = 30_000_000_000
        var made: OpaquePointer?
        var code = jsErrCode(rawValue: 0)
        let status = js_PullSubscribe(&made, jetStream.handle, subject, nil, nil, &options, &code)
        try check(status, "reading stream \(stream)", code)
        guard let made else { throw NATSFailure(.other, "stream \(stream) cannot be read") }
        subscription = made
        lastNews = .now
        return made
    }

    /// Sees that the next message is in the stream or will be.
    private func gap() throws {
        let state = try jetStream.state(of: stream)
        if state.first > next || state.last + 1 < next {
            throw Gap(expected: next, first: state.first, last: state.last)
        }
    }

    /// Sees, after a while without messages, that there are none rather than that the servers have forgotten the reader.
    private func look() throws {
        guard ContinuousClock.now - lastNews > .seconds(2) else { return }
        lastNews = .now
        let state = try jetStream.state(of: stream)
        if state.last + 1 < next { throw Gap(expected: next, first: state.first, last: state.last) }
        if state.last >= next { end() }
    }
}
