import Akin

/// Kinds of rows that selection must order.
package enum SelectionRows: String, CaseIterable, Sendable {
    case random, constant, ascending, descending, ties, notANumber, infinite, signedZeros, subnormal

    /// `[rows][stride]`, of which `count` are meant; what lies between is better than all.
    package func values(rows: Int, count: Int, stride: Int, largest: Bool, seed: UInt64 = 1) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<rows * stride).map { i in
            let column = i % stride
            let x = Float.random(in: -1..<1, using: &random)
            if column >= count { return largest ? 1e30 : -1e30 }
            switch self {
            case .random: return x
            case .constant: return 1.5
            case .ascending: return Float(column)
            case .descending: return -Float(column)
            case .ties: return (x * 4).rounded(.down)
            case .notANumber: return x > 0.2 ? .nan : x
            case .infinite: return x > 0.6 ? .infinity : x < -0.6 ? -.infinity : x > 0.4 ? .nan : x
            case .signedZeros: return x > 0.5 ? 0 : x > 0 ? -0.0 : -x
            case .subnormal: return x * 1e-40
            }
        }
    }

    /// Columns of the k best of a part of a row: best first, NaN last, equal ones by column.
    package static func best(_ row: ArraySlice<Float>, columns: Range<Int>, k: Int, largest: Bool) -> [Int] {
        let values = columns.map { column -> Float in
            let x = row[row.startIndex + column]
            return largest ? 0 - x : x
        }
        let order = values.indices.sorted { i, j in
            let (a, b) = (values[i], values[j])
            if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? i < j : b.isNaN }
            return a == b ? i < j : a < b
        }
        return order.prefix(k).map { $0 + columns.lowerBound }
    }
}
