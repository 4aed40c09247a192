internal import Foundation

/// A snapshot of a shard that lies in a stream; a shard's are listed in the bucket of maps, oldest first.
package struct PublishedSnapshot: Sendable, Equatable, Codable {
    /// Tells it from the shard's others, and sorts by time: `20261121T101500123`.
    package var id: String
    /// The message of the shard's stream up to which it reaches, at least.
    package var position: UInt64
    /// Bytes of the snapshot's file.
    package var byteCount: Int
    /// Messages it is cut into, and the first and last of them in the stream of snapshots.
    package var pieces: Int
    package var first, last: UInt64
    /// CRC-32C of the file.
    package var checksum: UInt32
    /// The embedding space of its vectors, where it is known.
    package var spaceID: String?
    /// Seconds since 1970 when it was made.
    package var time: Double

    /// Describes a snapshot.
    package init(
        id: String, position: UInt64, byteCount: Int, pieces: Int, first: UInt64, last: UInt64, checksum: UInt32,
        spaceID: String?, time: Double
    ) {
        self.id = id
        self.position = position
        self.byteCount = byteCount
        self.pieces = pieces
        self.first = first
        self.last = last
        self.checksum = checksum
        self.spaceID = spaceID
        self.time = time
    }

    /// Reads a list; empty where there is none.
    package static func list(decoding bytes: [UInt8]?) throws -> [PublishedSnapshot] {
        guard let bytes else { return [] }
        return try JSONDecoder().decode([PublishedSnapshot].self, from: Data(bytes))
    }

    /// The bytes of a list in the bucket.
    package static func encoded(_ list: [PublishedSnapshot]) throws -> [UInt8] {
        [UInt8](try JSONEncoder().encode(list))
    }
}
