/// Which positions of a segment hold points that have been deleted or replaced.
struct Tombstones: Sendable, Equatable {
    private var words: [UInt64] = []
    /// Positions that are dead.
    private(set) var count = 0

    /// Whether the point at a position is dead.
    @inline(__always)
    func contains(_ position: Int) -> Bool {
        let word = position >> 6
        return word < words.count && words[word] >> UInt64(position & 63) & 1 == 1
    }

    /// Buries the point at a position; gives whether it was alive.
    @discardableResult
    mutating func insert(_ position: Int) -> Bool {
        let word = position >> 6
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: max(word + 1, words.count * 3 / 2) - words.count))
        }
        let bit: UInt64 = 1 << UInt64(position & 63)
        guard words[word] & bit == 0 else { return false }
        words[word] |= bit
        count += 1
        return true
    }

    /// The positions below `end` that are alive.
    func living(below end: Int) -> [Int] {
        count == 0 ? Array(0..<end) : (0..<end).filter { !contains($0) }
    }
}
