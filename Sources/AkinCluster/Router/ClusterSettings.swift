/// How a router behaves.
package struct ClusterSettings: Sendable {
    /// Seconds after which an answer is given without those shards that have not answered, or refused.
    package var deadline = 5.0
    /// Seconds after which a second replica is asked beside one that has not answered.
    package var hedge = 0.03
    /// Whether a search that misses a shard is refused rather than answered by the others.
    package var isWhole = false
    /// Shards of collections that do not ask for a number.
    package var shards = 4
    /// Replicas of shards that do not ask for a number.
    package var replicas = 2
    /// NATS servers that keep each stream and the bucket of maps, 1 to 5.
    package var streamReplicas = 1
    /// Seconds in which the workers of a new collection must be ready.
    package var creationPatience = 30.0

    /// What is good for most.
    package init() {}
}
