internal import Foundation

/// What a worker says of itself a few times a second, as JSON.
package struct Heartbeat: Sendable, Equatable, Codable {
    /// Seconds between two.
    package static let interval = 0.25
    /// Seconds of silence after which a worker is passed over.
    package static let patience = 1.0

    /// What the worker is called.
    package var worker: String
    /// Tells one run of the worker from others.
    package var instance: String
    /// Where it runs.
    package var host: String
    /// Its process.
    package var pid: Int32
    /// Whether it is going away, and wants no more questions.
    package var isDraining = false
    /// Its replicas.
    package var replicas: [Replica] = []
    /// The versions of published sets that it has open: `NAME/VERSION/SHARD`.
    package var sets: [String] = []

    /// A replica of a shard.
    package struct Replica: Sendable, Equatable, Codable {
        /// Which shard.
        package var shard: ShardName
        /// How it is.
        package var state: State
        /// Up to which message of the stream it has come.
        package var position: UInt64
        /// Points that searches see.
        package var points: Int
        /// Bytes on disk.
        package var bytes: Int
        /// Why it does not serve.
        package var problem: String?

        /// Describes a replica.
        package init(
            shard: ShardName, state: State, position: UInt64 = 0, points: Int = 0, bytes: Int = 0,
            problem: String? = nil
        ) {
            self.shard = shard
            self.state = state
            self.position = position
            self.points = points
            self.bytes = bytes
            self.problem = problem
        }
    }

    /// How a replica is.
    package enum State: String, Sendable, Codable {
        /// It is being made from a snapshot.
        case restoring
        /// It has not yet come to where the stream was when it began.
        case catchingUp
        /// It answers.
        case ready
        /// Messages it has not read are gone, and no snapshot is there to go on from.
        case gap
        /// It cannot go on.
        case failed
    }

    /// Describes a worker.
    package init(worker: String, instance: String, host: String, pid: Int32) {
        self.worker = worker
        self.instance = instance
        self.host = host
        self.pid = pid
    }

    /// Its bytes in a message.
    package func encoded() throws -> [UInt8] { [UInt8](try JSONEncoder().encode(self)) }

    /// Reads a heartbeat; `nil` where the bytes are none.
    package init?(decoding bytes: [UInt8]) {
        guard let beat = try? JSONDecoder().decode(Self.self, from: Data(bytes)), ClusterNames.isName(beat.worker)
        else { return nil }
        self = beat
    }
}
