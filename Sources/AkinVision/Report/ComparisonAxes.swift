internal import Foundation

/// The axis of recall: the share that is missed, on a logarithmic scale from right to left.
struct RecallAxis {
    /// Recalls with a line and a number.
    let ticks: [Double]
    private let least: Double

    /// What is missed at the right end; all that is less is drawn there.
    private static let fewest = 0.0005
    private static let all = [0, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1]

    /// An axis that starts at or below `least`.
    init(least: Double) {
        let start = Self.all.last { $0 <= min(least, 0.9) } ?? 0
        self.least = start
        ticks = Self.all.filter { $0 >= start }
    }

    /// 0 at the left end, 1 at the right end.
    func place(_ recall: Double) -> Double {
        func depth(_ recall: Double) -> Double { -log(max(1 - recall, Self.fewest)) }
        return min(max((depth(recall) - depth(least)) / (depth(1) - depth(least)), 0), 1)
    }

    /// "0.95", without zeros that say nothing.
    static func text(_ recall: Double) -> String { String(format: "%g", recall) }
}

/// The axis of speed: powers of ten.
struct SpeedAxis {
    /// Values with a line, and whether it is a power of ten.
    let ticks: [(value: Double, isMain: Bool)]
    /// Whether lines between powers of ten can have a number too.
    var hasRoom: Bool { last - first <= 3 }

    private let first, last: Double

    /// An axis that holds all values, which are above zero.
    init(_ values: [Double]) {
        let least = log10(values.min() ?? 1), most = log10(values.max() ?? 10)
        // Ends at 1, 2 or 5 times a power of ten, whatever is nearest outside.
        let steps: [Double] = [0, log10(2.0), log10(5.0)]
        func below(_ value: Double) -> Double {
            let whole = value.rounded(.down)
            return whole + (steps.last { whole + $0 <= value + 1e-9 } ?? 0)
        }
        func above(_ value: Double) -> Double {
            let whole = value.rounded(.down)
            return steps.map { whole + $0 }.first { $0 >= value - 1e-9 } ?? whole + 1
        }
        let low = below(least - 0.03), high = max(above(most + 0.03), low + 1)
        (first, last) = (low, high)
        var ticks: [(Double, Bool)] = []
        for power in Int(low.rounded(.down))...Int(high.rounded(.up)) {
            for (i, step) in steps.enumerated() {
                let value = Double(power) + step
                if value >= low - 1e-9, value <= high + 1e-9 { ticks.append((pow(10, value), i == 0)) }
            }
        }
        self.ticks = ticks
    }

    /// 0 at the lower end, 1 at the upper end.
    func place(_ value: Double) -> Double { (log10(value) - first) / (last - first) }
}
