package import Foundation

/// What a worker is told to do, as JSON, at ``ClusterNames/orders(_:)``; it answers with a ``WorkerReply``.
package enum WorkerOrder: Sendable, Equatable, Codable {
    /// Publish a snapshot of its replica of a shard.
    ///
    /// - `id`: what the snapshot is called, the same for all shards of a collection; see ``PublishedSnapshot/id``.
    /// - `isPurging`: whether the shard's stream forgets what the older of its snapshots has.
    case publishSnapshot(shard: ShardName, id: String, isPurging: Bool)

    /// A name for a snapshot that is taken now: milliseconds of UTC, `20261121T101500123`.
    package static func snapshotID(at date: Date = Date()) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .nanosecond], from: date)
        func digits(_ value: Int?, _ count: Int) -> String {
            let text = String(value ?? 0)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return digits(parts.year, 4) + digits(parts.month, 2) + digits(parts.day, 2) + "T" + digits(parts.hour, 2)
            + digits(parts.minute, 2) + digits(parts.second, 2) + digits((parts.nanosecond ?? 0) / 1_000_000, 3)
    }

    /// Its bytes in a message.
    package func encoded() throws -> [UInt8] { [UInt8](try JSONEncoder().encode(self)) }

    /// Reads an order; `nil` where the bytes are none that this program knows, or name what cannot be a shard or a
    /// snapshot.
    package init?(decoding bytes: [UInt8]) {
        guard let order = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        switch order {
        case .publishSnapshot(let shard, let id, _):
            guard shard.incarnation.utf8.count == 16, shard.incarnation.allSatisfy(\.isHexDigit), shard.number >= 0,
                ClusterNames.isName(id)
            else { return nil }
        }
        self = order
    }
}

/// What a worker answers to an order.
package enum WorkerReply: Sendable, Equatable, Codable {
    /// The snapshot is published and listed.
    case snapshot(PublishedSnapshot)
    /// Why the order was not followed, in a sentence.
    case refused(String)

    /// Its bytes in a message.
    package func encoded() throws -> [UInt8] { [UInt8](try JSONEncoder().encode(self)) }

    /// Reads a reply; `nil` where the bytes are none that this program knows.
    package init?(decoding bytes: [UInt8]) {
        guard let reply = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = reply
    }
}
