/// What things of a cluster are called in NATS; a cluster is told from others on the same servers by its prefix.
///
/// ```
/// P.w.INCARNATION.SHARD            writes, kept in stream P-w-INCARNATION-SHARD
/// P.r.INCARNATION.SHARD            questions to whichever replica
/// P.d.INCARNATION.SHARD.WORKER     questions to one replica
/// P.v.SET.VERSION.SHARD            questions to whoever has a shard of a published set open
/// P.x.SET.VERSION.SHARD.WORKER     questions to one of them
/// P.beat.WORKER                    heartbeats
/// P.ask.WORKER                     orders
/// P.embed                          pictures to be made vectors of
/// P.s.INCARNATION.SHARD.SNAPSHOT   pieces of snapshots, kept in stream P-s-INCARNATION
/// bucket P                         collections.NAME, snapshots.INCARNATION.SHARD, sets.NAME
/// bucket P-workers                 who has the name of a worker
/// ```
package struct ClusterNames: Sendable, Equatable {
    /// Letters, digits, `_` and `-`.
    package let prefix: String

    /// The prefix of clusters that do not ask for another: `akin`.
    package init() { prefix = "akin" }

    /// Takes a prefix; `nil` where it is not 1 to 64 letters, digits, `_` and `-`.
    package init?(prefix: String) {
        guard Self.isName(prefix) else { return nil }
        self.prefix = prefix
    }

    /// Whether a prefix or a worker may be called so: 1 to 64 letters, digits, `_` and `-` of ASCII.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Where writes of a shard go.
    package func writes(_ shard: ShardName) -> String { "\(prefix).w.\(shard.incarnation).\(shard.number)" }
    /// The stream that keeps them.
    package func writeStream(_ shard: ShardName) -> String { "\(prefix)-w-\(shard.incarnation)-\(shard.number)" }
    /// Where whichever replica of a shard answers.
    package func questions(_ shard: ShardName) -> String { "\(prefix).r.\(shard.incarnation).\(shard.number)" }
    /// The queue group of the replicas of a shard.
    package static let replicas = "replicas"
    /// Where one replica of a shard answers.
    package func questions(_ shard: ShardName, worker: String) -> String {
        "\(prefix).d.\(shard.incarnation).\(shard.number).\(worker)"
    }
    /// Where whoever has a shard of a published set open answers: no version ever answers for another.
    package func questions(_ shard: SetShard) -> String {
        "\(prefix).v.\(shard.set).\(shard.version).\(shard.number)"
    }
    /// Where one worker answers for a shard of a published set.
    package func questions(_ shard: SetShard, worker: String) -> String {
        "\(prefix).x.\(shard.set).\(shard.version).\(shard.number).\(worker)"
    }
    /// Where a worker says that it is alive; `*` for all.
    package func heartbeats(_ worker: String) -> String { "\(prefix).beat.\(worker)" }
    /// Where a worker takes orders.
    package func orders(_ worker: String) -> String { "\(prefix).ask.\(worker)" }
    /// Where pictures go.
    package var pictures: String { "\(prefix).embed" }
    /// The queue group of those that make vectors of pictures.
    package static let embedders = "embedders"
    /// Where the pieces of a snapshot go.
    package func snapshot(_ shard: ShardName, _ id: String) -> String {
        "\(prefix).s.\(shard.incarnation).\(shard.number).\(id)"
    }
    /// Where all pieces of a collection's snapshots go.
    package func snapshots(_ incarnation: String) -> String { "\(prefix).s.\(incarnation).>" }
    /// The stream that keeps them.
    package func snapshotStream(_ incarnation: String) -> String { "\(prefix)-s-\(incarnation)" }
    /// The bucket of maps.
    package var bucket: String { prefix }
    /// The bucket of who has which name.
    package var leases: String { prefix + "-workers" }
    /// The key of a collection's map.
    package static func collection(_ name: String) -> String { "collections." + name }
    /// The key of a shard's snapshots.
    package static func snapshots(of shard: ShardName) -> String { "snapshots.\(shard.incarnation).\(shard.number)" }
    /// The key of a published set.
    package static func set(_ name: String) -> String { "sets." + name }
}

/// One shard of one collection.
package struct ShardName: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Tells a collection from others of its name, earlier and later.
    package var incarnation: String
    /// 0 to one less than there are shards.
    package var number: Int

    /// Names a shard.
    package init(incarnation: String, number: Int) {
        self.incarnation = incarnation
        self.number = number
    }

    /// What a worker calls the collection that holds its replica.
    package var description: String { "\(incarnation)-\(number)" }
}
