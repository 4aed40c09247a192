import Akin

/// The rows of an index that a filter lets pass, a bit each.
struct AllowedRows: Sendable {
    /// Bit `row % 32` of word `row / 32`; whole tiles, zeros behind the last row.
    let words: [UInt32]
    /// Rows that pass.
    let count: Int
    /// Tiles that have one or more of them.
    let tiles: Int

    private static let tileWords = CodedLayout.tile / 32

    /// Asks a filter about each id.
    ///
    /// - Parameters:
    ///   - filter: what it says of an id must not change meanwhile.
    ///   - ids: of all rows; `nil` when they are the row numbers.
    ///   - rows: how many there are.
    ///   - threads: how many share the work.
    /// - Throws: nothing; sharing work could.
    /// - Complexity: O(count).
    init(_ filter: IDFilter, ids: [Int64]?, count rows: Int, threads: Int) throws {
        let length = (rows + CodedLayout.tile - 1) / CodedLayout.tile * Self.tileWords
        let share = 1 << 11
        let words = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: length)
        defer { words.deallocate() }
        words.initialize(repeating: 0)
        nonisolated(unsafe) let shared = words
        try parallelFor(threads: threads, count: (length + share - 1) / share) { task in
            for place in task * share..<min(length, (task + 1) * share) {
                var word: UInt32 = 0
                for row in min(rows, place * 32)..<min(rows, place * 32 + 32)
                where filter.allows(ids?[row] ?? Int64(row)) {
                    word |= 1 << UInt32(row % 32)
                }
                shared[place] = word
            }
        }
        self.words = Array(words)
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
        tiles = stride(from: 0, to: length, by: Self.tileWords).reduce(0) { sum, first in
            sum + ((0..<Self.tileWords).contains { words[first + $0] != 0 } ? 1 : 0)
        }
    }

    /// Those of a range, which begins with a tile, counted from its first row.
    func rows(in range: Range<Int>) -> [UInt32] {
        var found: [UInt32] = []
        for place in range.lowerBound / 32..<(range.upperBound + 31) / 32 {
            var word = words[place]
            while word != 0 {
                found.append(UInt32(place * 32 - range.lowerBound + word.trailingZeroBitCount))
                word &= word - 1
            }
        }
        return found
    }

    /// How many pass of a range that begins with a tile.
    func count(in range: Range<Int>) -> Int {
        words[range.lowerBound / 32..<(range.upperBound + 31) / 32].reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Tiles of a range that have some, counted from its first, and how many rows pass in each of them.
    func tiles(in range: Range<Int>) -> (numbers: [UInt32], rows: [Int]) {
        var found: (numbers: [UInt32], rows: [Int]) = ([], [])
        for first in stride(from: range.lowerBound, to: range.upperBound, by: CodedLayout.tile) {
            let passing = count(in: first..<first + CodedLayout.tile)
            guard passing > 0 else { continue }
            found.numbers.append(UInt32((first - range.lowerBound) / CodedLayout.tile))
            found.rows.append(passing)
        }
        return found
    }
}
