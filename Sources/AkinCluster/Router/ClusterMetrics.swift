package import AkinServer
internal import Synchronization

/// What a router counts.
package final class ClusterMetrics: Sendable {
    /// Counts of one shard.
    package struct Counts: Sendable, Equatable {
        /// Questions, whoever answered; questions asked again beside the first; questions asked again after a failure.
        package var questions = 0, hedges = 0, retries = 0
        /// Answers without it.
        package var missing = 0
        /// Messages that its stream acknowledged, and those that had to be sent again.
        package var writes = 0, writeRetries = 0
    }

    private let counts = Mutex<[AskedShard: Counts]>([:])
    private let overhead = Mutex(LatencyHistogram())

    /// Counts from zero.
    package init() {}

    func count(_ what: any WritableKeyPath<Counts, Int> & Sendable, _ shard: AskedShard) {
        counts.withLock { $0[shard, default: Counts()][keyPath: what] += 1 }
    }

    func count(_ what: any WritableKeyPath<Counts, Int> & Sendable, _ shard: ShardName) {
        count(what, .collection(shard))
    }

    /// Notes how long a question to several shards took beyond the time of the slowest.
    func noteOverhead(_ seconds: Double) { overhead.withLock { $0.add(max(0, seconds)) } }

    /// What was counted of a shard.
    package func counts(of shard: ShardName) -> Counts { counts.withLock { $0[.collection(shard)] ?? Counts() } }

    /// Forgets shards that are gone.
    func keep(_ shards: Set<ShardName>) {
        counts.withLock { counts in
            counts = counts.filter { entry in
                if case .collection(let shard) = entry.key { shards.contains(shard) } else { true }
            }
        }
    }

    /// Adds what was counted, and how the replicas are, to a page of measurements.
    package func add(_ directory: ClusterDirectory, to text: inout PrometheusText) {
        let maps = directory.maps.sorted { $0.key < $1.key }
        keep(Set(maps.flatMap { $0.value.shards }))
        text.family(
            "akin_cluster_overhead_seconds", "histogram",
            "Time of a question to all its shards beyond the slowest shard's own.")
        text.add("akin_cluster_overhead_seconds", [], overhead.withLock { $0 })
        let families: [(String, String, KeyPath<Counts, Int>)] = [
            ("questions", "Questions to a shard.", \.questions),
            ("hedges", "Questions sent to another replica because the first was slow.", \.hedges),
            ("retries", "Questions sent again because a replica could not answer.", \.retries),
            ("missing", "Questions that no replica answered in time.", \.missing),
            ("writes", "Messages that the shard's stream acknowledged.", \.writes),
            ("write_retries", "Messages sent again to the shard's stream.", \.writeRetries),
        ]
        for (family, help, path) in families {
            text.family("akin_cluster_\(family)_total", "counter", help)
            for (name, map) in maps {
                for shard in map.shards {
                    text.add(
                        "akin_cluster_\(family)_total", Self.labels(name, shard), counts(of: shard)[keyPath: path])
                }
            }
        }
        text.family("akin_cluster_live_replicas", "gauge", "Replicas of a shard that answer.")
        for (name, map) in maps {
            for (shard, workers) in zip(map.shards, map.replicas) {
                let live = directory.replicas(of: shard, on: workers).live.count
                text.add("akin_cluster_live_replicas", Self.labels(name, shard), live)
            }
        }
        text.family(
            "akin_cluster_position", "gauge", "The message of the shard's stream up to which a replica has read.")
        for (name, map) in maps {
            for (shard, workers) in zip(map.shards, map.replicas) {
                for worker in workers {
                    guard let replica = directory.worker(worker)?.0.replica(shard) else { continue }
                    text.add(
                        "akin_cluster_position", Self.labels(name, shard) + [("worker", worker)], replica.position)
                }
            }
        }
    }

    private static func labels(_ name: String, _ shard: ShardName) -> [(String, String)] {
        [("collection", name), ("shard", String(shard.number))]
    }
}
