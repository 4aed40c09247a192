/// Whatever a router asks: a shard of a collection, or one of a published set.
package enum AskedShard: Hashable, Sendable {
    case collection(ShardName)
    case set(SetShard)

    /// 0 to one less than there are shards.
    package var number: Int {
        switch self {
        case .collection(let shard): shard.number
        case .set(let shard): shard.number
        }
    }
}

extension ClusterNames {
    /// Where whoever holds it answers.
    func questions(_ shard: AskedShard) -> String {
        switch shard {
        case .collection(let shard): questions(shard)
        case .set(let shard): questions(shard)
        }
    }

    /// Where one worker answers for it.
    func questions(_ shard: AskedShard, worker: String) -> String {
        switch shard {
        case .collection(let shard): questions(shard, worker: worker)
        case .set(let shard): questions(shard, worker: worker)
        }
    }
}
