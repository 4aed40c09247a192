/// Tables of the parts of binary codes.
enum MultiIndex {
    /// Bits of a part that buckets are told apart by: no more than make about one bucket for each code.
    static func bucketBits(_ part: Int, count: Int) -> Int {
        min(part, max(1, Int.bitWidth - max(count, 1).leadingZeroBitCount))
    }
}
