internal import Foundation
internal import Synchronization

/// Says a few times a second that a worker is alive, and how its replicas are.
///
/// Sizes are measured beside it, so that a busy store does not make a worker look dead.
final class HeartbeatSender: Sendable {
    private static let secondsOfSizes = 2.0

    private let beat: Mutex<Heartbeat>
    private let subject: String
    private let connection: NATSConnection
    private let replicas: ReplicaSet
    private let sets: SetServer?
    private let stop = StopSignal()

    /// Begins to send.
    init(
        _ beat: Heartbeat, to subject: String, _ connection: NATSConnection, _ replicas: ReplicaSet, _ sets: SetServer?
    ) {
        self.beat = Mutex(beat)
        self.subject = subject
        self.connection = connection
        self.replicas = replicas
        self.sets = sets
        let sender = Thread { [self] in
            repeat { send() } while !stop.wait(Heartbeat.interval)
        }
        sender.name = "akin-heartbeat"
        sender.start()
        let meter = Thread { [replicas, stop] in
            while !stop.wait(Self.secondsOfSizes) { replicas.measure() }
        }
        meter.name = "akin-sizes"
        meter.start()
    }

    /// Says at once, and from now on, that the worker is going.
    func drain() {
        beat.withLock { $0.isDraining = true }
        send()
    }

    /// Sends no more.
    func end() { stop.stop() }

    private func send() {
        var beat = beat.withLock { $0 }
        beat.replicas = replicas.current
        beat.sets = sets?.shards.map(\.description) ?? []
        // While no server is there nobody hears it.
        if let bytes = try? beat.encoded() { try? connection.publish(bytes, to: subject) }
    }
}
