/// Finds the settings of an index that are worth measuring, from fast to thorough.
///
/// Values of each knob grow by a constant factor; a knob is turned no further when that gains nothing any more, or
/// takes longer than is of interest.
package struct SearchSweep {
    /// One setting that was tried.
    package struct Trial {
        package var options: SearchOptions
        package var recall: Double
        package var seconds: Double
    }

    private let knobs: [SearchKnob]
    private let k: Int
    /// A setting that takes longer is the last of its row.
    private let longest: Double
    private let attempt: (SearchOptions) throws -> (recall: Double, seconds: Double)
    package private(set) var trials: [Trial] = []

    /// Recall that counts as a gain.
    private static let gain = 0.0005

    /// Tries settings.
    ///
    /// - Parameters:
    ///   - knobs: what there is to set, the setting of most effect first.
    ///   - options: what the settings share.
    ///   - k: neighbours wanted.
    ///   - longest: seconds beyond which a broader search is of no interest.
    ///   - attempt: searches once, and says how good and how long that was.
    /// - Throws: what `attempt` throws.
    package init(
        _ knobs: [SearchKnob], options: SearchOptions, k: Int, longest: Double,
        attempt: @escaping (SearchOptions) throws -> (recall: Double, seconds: Double)
    ) throws {
        self.knobs = knobs
        self.k = k
        self.longest = longest
        self.attempt = attempt
        _ = try climb(knobs.count, options)
    }

    /// Tries the first `count` knobs; gives the best recall, and the time of the quickest trial.
    private mutating func climb(_ count: Int, _ options: SearchOptions) throws -> (recall: Double, seconds: Double) {
        guard count > 0 else {
            let found = try attempt(options)
            trials.append(Trial(options: options, recall: found.recall, seconds: found.seconds))
            return found
        }
        var best = 0.0, quickest = Double.infinity
        var idle = 0
        for value in Self.values(of: knobs[count - 1], k: k, isAlone: knobs.count == 1) {
            var options = options
            options[knobs[count - 1].name] = value
            let found = try climb(count - 1, options)
            idle = found.recall > best + Self.gain ? 0 : idle + 1
            best = max(best, found.recall)
            quickest = min(quickest, found.seconds)
            if idle == 2 || found.seconds > longest || (count == 1 && best >= 1) { break }
        }
        return (best, quickest)
    }

    /// Values from the least to the greatest, each a constant factor above the one before.
    package static func values(of knob: SearchKnob, k: Int, isAlone: Bool) -> [Double] {
        var (least, most, factor) = (knob.range.lowerBound, knob.range.upperBound, isAlone ? 1.5 : 2)
        switch knob.name {
        case .nprobe, .leaves, .probes: break
        // A beam keeps k at least.
        case .ef: least = max(least, Double(k))
        case .refine: (most, factor) = (min(most, 64), 2)
        }
        least = min(least, most)
        var values = [least]
        while let last = values.last, last < most {
            let next = last * factor
            values.append(min(most, knob.name.isWhole ? max(last + 1, next.rounded()) : next))
        }
        return values
    }
}
