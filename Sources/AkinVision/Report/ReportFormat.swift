internal import Akin
internal import Foundation

/// How figures read in a report, the same in every locale.
enum ReportFormat {
    /// "87.34 %".
    static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

    /// "87.3 %", or a dash for a share that is not defined.
    static func shortPercent(_ share: Double?) -> String { share.map { String(format: "%.1f %%", $0 * 100) } ?? "–" }

    /// "21,600".
    static func count(_ value: Int) -> String {
        var digits = Array(String(value.magnitude))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return (value < 0 ? "-" : "") + String(digits)
    }

    /// Three significant digits: "0.0123 s", "4.56 s", "1,234 s".
    static func seconds(_ value: Double) -> String { significant(value) + " s" }

    /// Three significant digits, all digits before the point: "45,678", "12.3".
    static func significant(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        switch abs(value) {
        case 100...: return count(Int(min(value.rounded(), 1e18)))
        case 10...: return String(format: "%.1f", value)
        case 1...: return String(format: "%.2f", value)
        case 0.001...: return String(format: "%.3g", value)
        default: return String(format: "%.5f", value)
        }
    }

    /// "1,230 vectors/s"; a dash where the time is too short to tell.
    static func rate(_ count: Int, in seconds: Double, _ unit: String) -> String {
        seconds > 1e-4 ? significant(Double(count) / seconds) + " \(unit)/s" : "–"
    }

    /// "47.0 MB", in powers of ten.
    static func bytes(_ value: UInt64) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
        var scaled = Double(value)
        var unit = 0
        while scaled >= 999.5 && unit < units.count - 1 {
            scaled /= 1000
            unit += 1
        }
        return unit == 0 ? "\(value) bytes" : String(format: scaled < 99.95 ? "%.1f " : "%.0f ", scaled) + units[unit]
    }

    /// "softmax (T = 0.07)".
    static func vote(_ vote: NeighborVote) -> String {
        vote.temperature.map { "\(vote.name) (T = \(String(format: "%g", $0)))" } ?? vote.name
    }

    /// "validation", "training, leave-one-out".
    static func set(_ part: ClassificationReport.Part, _ scoring: ClassificationReport.Scoring) -> String {
        switch scoring {
        case .heldOut: name(part)
        case .leaveOneOut: name(part) + ", leave-one-out"
        case .selfIncluded: name(part) + ", itself included"
        }
    }

    /// "training" or "validation".
    static func name(_ part: ClassificationReport.Part) -> String { part == .train ? "training" : "validation" }

    /// What a score is called: a distance or a similarity.
    static func score(_ metric: Metric) -> String {
        switch metric {
        case .l2: "squared distance"
        case .innerProduct: "inner product"
        case .cosine: "cosine"
        }
    }
}

extension ReportFormat {
    /// "0.912": a fixed number of digits after the point.
    static func fixed(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
