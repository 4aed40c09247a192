package import Akin

/// Ascending row numbers, and the position of each among them.
package struct RowTable: Sendable {
    /// `[count, 1]`, ascending.
    let rows: Matrix<Int64>
    let first: Int64
    let last: Int64
    private let ranks: Ranks

    private enum Ranks {
        /// No number is left out.
        case contiguous
        /// A bit for each number from the first on, and how many are set before each word.
        case bits([UInt64], before: [UInt32])
        /// Numbers are so far apart that bits would take more than they do.
        case sparse
    }

    /// Takes row numbers; `nil` where they do not ascend.
    package init?(_ rows: Matrix<Int64>) {
        self.rows = rows
        let ends: (Int64, Int64)? = rows.withUnsafeElements { numbers in
            guard let first = numbers.first, let last = numbers.last else { return (0, -1) }
            for i in 1..<max(1, numbers.count) where numbers[i] <= numbers[i - 1] { return nil }
            return first >= 0 ? (first, last) : nil
        }
        guard let ends else { return nil }
        (first, last) = ends
        let span = last - first + 1
        if span == Int64(rows.rows) {
            ranks = .contiguous
        } else if span <= 64 * Int64(rows.rows) {
            var words = [UInt64](repeating: 0, count: Int(span + 63) / 64)
            var before = [UInt32](repeating: 0, count: words.count)
            rows.withUnsafeElements { numbers in
                for number in numbers {
                    let bit = Int(number - ends.0)
                    words[bit >> 6] |= 1 << UInt64(bit & 63)
                }
            }
            for i in words.indices.dropFirst() { before[i] = before[i - 1] + UInt32(words[i - 1].nonzeroBitCount) }
            ranks = .bits(words, before: before)
        } else {
            ranks = .sparse
        }
    }

    /// How many numbers there are.
    var count: Int { rows.rows }

    /// The number at a position.
    package subscript(position: Int) -> Int64 {
        rows.withUnsafeElements { $0[position] }
    }

    /// Where a number is; `nil` where it is not there.
    package func position(of row: Int64) -> Int? {
        guard row >= first, row <= last else { return nil }
        switch ranks {
        case .contiguous: return Int(row - first)
        case .bits(let words, let before):
            let bit = Int(row - first), word = words[bit >> 6], shift = UInt64(bit & 63)
            guard word >> shift & 1 == 1 else { return nil }
            return Int(before[bit >> 6]) + (word & ((1 << shift) - 1)).nonzeroBitCount
        case .sparse:
            return rows.withUnsafeElements { numbers in
                let place = numbers.firstPosition { $0 >= row }
                return place < numbers.count && numbers[place] == row ? place : nil
            }
        }
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first position whose element fulfils a condition that none before and all behind it do; the end where none
    /// does.
    func firstPosition(where isReached: (Element) -> Bool) -> Int {
        var low = startIndex, high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if isReached(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
