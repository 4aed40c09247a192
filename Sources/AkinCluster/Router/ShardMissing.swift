internal import AkinServer

/// A shard did not answer in time.
package struct ShardMissing: Error, Equatable, Sendable {
    /// Its number.
    package var shard: Int
    /// What was heard of it last, in a sentence.
    package var reason: String

    /// Describes a shard that did not answer.
    package init(shard: Int, reason: String) {
        self.shard = shard
        self.reason = reason
    }
}

extension RequestError {
    /// The reply to a request that cannot be answered without a shard.
    static func missing(_ missing: ShardMissing, of collection: String) -> RequestError {
        .unavailable(
            "shard_missing",
            "shard \(missing.shard) of collection \"\(collection)\" does not answer: \(missing.reason); ask again")
    }
}
