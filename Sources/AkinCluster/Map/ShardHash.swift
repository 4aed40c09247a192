package import AkinStore

/// Which shard a point belongs to.
package enum ShardHash {
    /// Shards of one collection at most.
    package static let greatestCount = 1024

    /// The shard of a name among `count`: the same in every release, because points stay where they were put.
    ///
    /// FNV-1a over the number's eight bytes or the name's bytes, then the finalizer of MurmurHash3, because neighbouring
    /// numbers differ in few bits of FNV's sum.
    package static func shard(of id: PointID, among count: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        switch id {
        case .number(let number): withUnsafeBytes(of: number.littleEndian) { $0.forEach(add) }
        case .name(let name): name.utf8.forEach(add)
        }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 33
        // The high bits of the product: no shard is preferred by more than 2^-54.
        return Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(count)).high)
    }
}
