package import Akin

/// A set of rows: a sorted list, or a bitmap where that is smaller.
package struct RowSet: Sendable, Equatable {
    private enum Form: Sendable, Equatable {
        case list([Int64])
        /// Row `first + i` is in the set where bit `i` is set; `first` is a multiple of 64.
        case bits(first: Int64, words: [UInt64])
    }

    private var form: Form
    /// How many rows there are.
    package let count: Int

    /// No rows.
    package static let empty = RowSet([])

    /// Takes rows in any order, each once or more often; none is negative.
    package init(_ rows: [Int64]) {
        guard let least = rows.min(), let greatest = rows.max() else {
            self.init(list: [])
            return
        }
        let first = least & ~63
        if (greatest - first) / 64 < Int64(rows.count) {
            var words = [UInt64](repeating: 0, count: Int((greatest - first) / 64) + 1)
            for row in rows { words[Int((row - first) / 64)] |= 1 << UInt64(row & 63) }
            self.init(first: first, words: words)
        } else {
            let sorted = rows.sorted()
            var list: [Int64] = []
            list.reserveCapacity(sorted.count)
            for row in sorted where row != list.last { list.append(row) }
            self.init(list: list)
        }
    }

    private init(list: [Int64]) { (form, count) = (.list(list), list.count) }

    private init(first: Int64, words: [UInt64]) {
        form = .bits(first: first, words: words)
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// Whether there is no row.
    package var isEmpty: Bool { count == 0 }

    /// Bytes that it takes.
    var byteCount: Int {
        switch form {
        case .list(let list): 8 * list.count
        case .bits(_, let words): 8 * words.count
        }
    }

    /// The rows, ascending.
    package var rows: [Int64] {
        switch form {
        case .list(let list): return list
        case .bits(let first, let words):
            var rows: [Int64] = []
            rows.reserveCapacity(count)
            for (i, word) in words.enumerated() {
                var rest = word
                while rest != 0 {
                    rows.append(first + Int64(i * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
            return rows
        }
    }

    /// Whether a row is in the set.
    package func contains(_ row: Int64) -> Bool {
        switch form {
        case .list(let list):
            var (low, high) = (0, list.count)
            while low < high {
                let middle = (low + high) / 2
                if list[middle] < row { low = middle + 1 } else { high = middle }
            }
            return low < list.count && list[low] == row
        case .bits(let first, let words):
            guard row >= first, (row - first) / 64 < words.count else { return false }
            return words[Int((row - first) / 64)] >> UInt64(row & 63) & 1 == 1
        }
    }

    /// Lets the rows of the set pass in a search whose ids are rows.
    package var idFilter: IDFilter {
        switch form {
        case .list(let list): .members(of: Set(list))
        case .bits(let first, let words): .bitmap(words, first: first)
        }
    }

    // MARK: Algebra

    /// The rows of either set.
    package func union(_ other: RowSet) -> RowSet {
        if isEmpty { return other }
        if other.isEmpty { return self }
        return wordByWord(other) { $0 | $1 } ?? RowSet(rows + other.rows)
    }

    /// The rows of both sets.
    package func intersection(_ other: RowSet) -> RowSet {
        if let result = wordByWord(other, { $0 & $1 }) { return result }
        let (small, large) = count <= other.count ? (self, other) : (other, self)
        return RowSet(small.rows.filter(large.contains))
    }

    /// The rows of this set that are not in the other.
    package func subtracting(_ other: RowSet) -> RowSet {
        if other.isEmpty { return self }
        return wordByWord(other) { $0 & ~$1 } ?? RowSet(rows.filter { !other.contains($0) })
    }

    /// What becomes of two bitmaps; `nil` where one is none, or where they lie too far apart.
    private func wordByWord(_ other: RowSet, _ combine: (UInt64, UInt64) -> UInt64) -> RowSet? {
        guard case .bits(let first, let words) = form, case .bits(let otherFirst, let otherWords) = other.form else {
            return nil
        }
        // In words, which do not overflow where rows would.
        let start = min(first, otherFirst) / 64
        let (shift, otherShift) = (Int(first / 64 - start), Int(otherFirst / 64 - start))
        let wordCount = max(shift + words.count, otherShift + otherWords.count)
        guard wordCount <= 2 * (count + other.count) else { return nil }
        let combined = (0..<wordCount).map { i in
            let a = words.indices.contains(i - shift) ? words[i - shift] : 0
            let b = otherWords.indices.contains(i - otherShift) ? otherWords[i - otherShift] : 0
            return combine(a, b)
        }
        return RowSet(first: start * 64, words: combined).compact
    }

    /// The same set in the smaller form.
    private var compact: RowSet {
        guard case .bits(_, let words) = form, words.count > count else { return self }
        return RowSet(rows)
    }

    /// Equal where the same rows are in them.
    package static func == (a: RowSet, b: RowSet) -> Bool { a.count == b.count && a.rows == b.rows }
}
