/// A hash table: rows sorted by the key that a few hashes of their vectors make.
struct HashTable: Sendable {
    /// Bits that choose a bucket; keys of more bits are mixed first.
    private let bits: Int
    /// `[2^bits + 1]`: where buckets begin.
    private let starts: Buffer<UInt32>
    /// Row and key of each entry, bucket after bucket.
    private let rows: Buffer<UInt32>
    private let keys: Buffer<UInt32>

    var byteCount: Int { 4 * (starts.count + rows.count + keys.count) }

    /// Sorts `count` rows by their keys.
    init(count: Int, key: (Int) -> UInt32) {
        bits = MultiIndex.bucketBits(32, count: count)
        starts = Buffer(repeating: 0, count: 1 << bits + 1)
        rows = Buffer(uninitialized: count)
        keys = Buffer(uninitialized: count)
        for row in 0..<count { starts[bucket(key(row)) + 1] += 1 }
        for i in 1..<starts.count { starts[i] += starts[i - 1] }
        // Each start moves on to the next one while its bucket fills, and is moved back.
        for row in 0..<count {
            let key = key(row), bucket = bucket(key)
            let place = Int(starts[bucket])
            (rows[place], keys[place]) = (UInt32(row), key)
            starts[bucket] += 1
        }
        for i in stride(from: starts.count - 1, to: 0, by: -1) { starts[i] = starts[i - 1] }
        starts[0] = 0
    }

    private func bucket(_ key: UInt32) -> Int { Int((key &* 0x9E37_79B1) >> UInt32(32 - bits)) }

    /// Gives the rows of a key, ascending.
    func forEach(_ key: UInt32, _ body: (UInt32) -> Void) {
        let bucket = bucket(key)
        for i in Int(starts[bucket])..<Int(starts[bucket + 1]) where keys[i] == key { body(rows[i]) }
    }
}
