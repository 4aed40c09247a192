/// A shard of one version of a published set: an `.akin` file that is only read.
package struct SetShard: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// What the set is called: 1 to 64 letters, digits, `_` and `-`.
    package var set: String
    /// Which version of it, named in the same way.
    package var version: String
    /// 0 to one less than there are shards.
    package var number: Int

    /// Names a shard.
    package init(set: String, version: String, number: Int) {
        self.set = set
        self.version = version
        self.number = number
    }

    /// As heartbeats and messages have it: `SET/VERSION/NUMBER`.
    package var description: String { "\(set)/\(version)/\(number)" }

    /// Reads what ``description`` wrote; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, ClusterNames.isName(parts[0]), ClusterNames.isName(parts[1]),
            let number = Int(parts[2]), (0..<ShardHash.greatestCount).contains(number), "\(number)" == parts[2]
        else { return nil }
        self.init(set: parts[0], version: parts[1], number: number)
    }

    /// The name of its file in the folder of its version.
    package var fileName: String { "shard-\(number).akin" }

    /// By set, version and number.
    package static func < (a: SetShard, b: SetShard) -> Bool {
        (a.set, a.version, a.number) < (b.set, b.version, b.number)
    }
}
