/// Tables of the parts of binary codes, by which codes are found that agree with a query in some part.
///
/// Codes that differ in few bits differ in very few within one part at least. Each table sorts all rows by some bits of
/// its part: as many as make about one bucket for each code.
struct MultiIndex: Sendable {
    /// One part: its first bits choose a bucket.
    struct Table: Sendable {
        /// The first bit of the part, and how many choose a bucket.
        let firstBit, bits: Int
        /// `[2^bits + 1]`: where buckets begin in `rows`.
        let starts: Buffer<UInt32>
        let rows: Buffer<UInt32>
    }

    let tables: [Table]
    let count: Int
    var byteCount: Int { tables.reduce(0) { $0 + 4 * ($1.starts.count + $1.rows.count) } }

    /// Bits of a part that buckets are told apart by: no more than make about one bucket for each code.
    static func bucketBits(_ part: Int, count: Int) -> Int {
        min(part, max(1, Int.bitWidth - max(count, 1).leadingZeroBitCount))
    }

    /// Sorts the rows of codes, which lie in whole words of 64 bits.
    init(parts: Int, bits: Int, rows: RowStore) {
        count = rows.count
        let n = rows.count, words = rows.rowByteCount / 8
        let codes = rows.base.assumingMemoryBound(to: UInt64.self)
        tables = (0..<parts).map { part in
            let first = bits * part / parts
            let length = Self.bucketBits(bits * (part + 1) / parts - first, count: n)
            let starts = Buffer<UInt32>(repeating: 0, count: 1 << length + 1)
            let order = Buffer<UInt32>(uninitialized: n)
            let numbers = Buffer<UInt32>(uninitialized: n)
            for row in 0..<n {
                let number = Self.number(codes + row * words, first: first, bits: length)
                numbers[row] = number
                starts[Int(number) + 1] += 1
            }
            for i in 1..<starts.count { starts[i] += starts[i - 1] }
            // Each start moves on to the next one while its bucket fills, and is moved back.
            for row in 0..<n {
                let bucket = Int(numbers[row])
                order[Int(starts[bucket])] = UInt32(row)
                starts[bucket] += 1
            }
            for i in stride(from: starts.count - 1, to: 0, by: -1) { starts[i] = starts[i - 1] }
            starts[0] = 0
            return Table(firstBit: first, bits: length, starts: starts, rows: order)
        }
    }

    /// Some bits of a code, at most 32.
    static func number(_ code: UnsafePointer<UInt64>, first: Int, bits: Int) -> UInt32 {
        let (word, shift) = (first / 64, UInt64(first % 64))
        var value = code[word] >> shift
        if Int(shift) + bits > 64 { value |= code[word + 1] << (64 - shift) }
        return UInt32(truncatingIfNeeded: value & (1 << UInt64(bits) - 1))
    }
}
