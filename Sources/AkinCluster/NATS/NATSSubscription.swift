internal import CNATS
internal import Synchronization

/// Hears messages until it is let go of.
package final class NATSSubscription: @unchecked Sendable {
    private let handle: OpaquePointer
    private let isEnded = Atomic<Bool>(false)

    private final class Handler: Sendable {
        let body: @Sendable (OpaquePointer) -> Void
        init(_ body: @escaping @Sendable (OpaquePointer) -> Void) { self.body = body }
    }

    init(
        _ connection: OpaquePointer, _ subject: String, queue: String?,
        _ handler: @escaping @Sendable (OpaquePointer) -> Void
    ) throws {
        let box = Unmanaged.passRetained(Handler(handler))
        let call: natsMsgHandler = { _, _, message, box in
            guard let message else { return }
            defer { natsMsg_Destroy(message) }
            guard let box else { return }
            Unmanaged<Handler>.fromOpaque(box).takeUnretainedValue().body(message)
        }
        var made: OpaquePointer?
        let status =
            if let queue {
                natsConnection_QueueSubscribe(&made, connection, subject, queue, call, box.toOpaque())
            } else {
                natsConnection_Subscribe(&made, connection, subject, call, box.toOpaque())
            }
        guard status == NATS_OK, let made else {
            box.release()
            throw NATSFailure(status, "hearing \(subject)")
        }
        handle = made
        // Called once no handler runs any more.
        natsSubscription_SetOnCompleteCB(
            made, { if let box = $0 { Unmanaged<Handler>.fromOpaque(box).release() } }, box.toOpaque())
        // A burst waits in memory rather than being dropped: senders limit themselves.
        natsSubscription_SetPendingLimits(made, 1 << 20, 1 << 30)
    }

    /// Hears no more; handlers under way end by themselves.
    package func end() {
        guard !isEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        natsSubscription_Unsubscribe(handle)
    }

    /// Hears no more, and waits until what had come already has been handled.
    ///
    /// Blocks.
    package func drain(within seconds: Double) {
        guard !isEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        guard natsSubscription_DrainTimeout(handle, Int64(seconds * 1000)) == NATS_OK else { return }
        natsSubscription_WaitForDrainCompletion(handle, Int64(seconds * 1000))
    }

    deinit {
        end()
        natsSubscription_Destroy(handle)
    }
}
