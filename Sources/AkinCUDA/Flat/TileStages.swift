/// The stages of a search by tiles: how many tiles each looks at.
package enum TileStages {
    /// Says where the stages end.
    ///
    /// The first stage has no bounds yet, so it takes as many rows as a list holds; each later one takes some times what
    /// was seen before.
    ///
    /// - Parameters:
    ///   - tiles: all of them.
    ///   - rowsBefore: `[tiles + 1]`, rows in those before each; `nil` where all are full.
    ///   - capacity: rows that a list holds, a tile at least.
    ///   - growth: rows seen after a stage over those seen before, above 1.
    /// - Returns: tiles after which each stage ends, the last of them all.
    package static func ends(tiles: Int, rowsBefore: [Int]?, capacity: Int, growth: Double) -> [Int] {
        guard tiles > 0 else { return [] }
        func rows(_ count: Int) -> Int { rowsBefore?[count] ?? count * CodedLayout.tile }
        /// The most tiles from `least` on with no more than so many rows.
        func most(_ least: Int, within limit: Double) -> Int {
            var (low, high) = (least, tiles)
            while low < high {
                let middle = (low + high + 1) / 2
                if Double(rows(middle)) <= limit { low = middle } else { high = middle - 1 }
            }
            return low
        }
        var ends = [most(1, within: Double(capacity))]
        while let seen = ends.last, seen < tiles { ends.append(most(seen + 1, within: Double(rows(seen)) * growth)) }
        return ends
    }
}
