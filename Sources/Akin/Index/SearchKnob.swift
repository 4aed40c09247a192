/// A setting of a search that trades time for recall, as far as an index has it.
public struct SearchKnob: Sendable, Hashable {
    /// The settings there are; the words are those of the command line.
    public enum Name: String, Sendable, CaseIterable {
        /// ``SearchOptions/nprobe``.
        case nprobe
        /// ``SearchOptions/efSearch``.
        case ef
        /// ``SearchOptions/refineFactor``.
        case refine
        /// ``SearchOptions/leaves``.
        case leaves
        /// ``SearchOptions/probes``.
        case probes

        /// Whether values are whole numbers.
        public var isWhole: Bool { self != .refine }

        /// Whether a value can be set at all, whatever the index.
        public func isPossible(_ value: Double) -> Bool { value >= 1 && value <= 1e9 }
    }

    /// Which setting it is.
    public var name: Name
    /// Values that make a difference; the largest gives the best recall that this knob can give.
    public var range: ClosedRange<Double>
    /// What a search takes that does not say.
    public var standard: Double

    /// Describes a setting; the standard value is brought into the range.
    public init(_ name: Name, _ range: ClosedRange<Double>, standard: Double) {
        self.name = name
        self.range = range
        self.standard = min(max(standard, range.lowerBound), range.upperBound)
    }
}

/// An index whose searches can be made faster, or better.
public protocol TunableIndex: VectorIndex {
    /// What there is to set, the setting of most effect first; empty where it makes no difference.
    var knobs: [SearchKnob] { get }
}

extension SearchOptions {
    /// The value of a setting; `nil` leaves it to the index.
    ///
    /// Values that must be whole are rounded towards zero when they are set.
    public subscript(knob: SearchKnob.Name) -> Double? {
        get {
            switch knob {
            case .nprobe: nprobe.map(Double.init)
            case .ef: efSearch.map(Double.init)
            case .refine: refineFactor
            case .leaves: leaves.map(Double.init)
            case .probes: probes.map(Double.init)
            }
        }
        set {
            switch knob {
            case .nprobe: nprobe = newValue.map { Int($0) }
            case .ef: efSearch = newValue.map { Int($0) }
            case .refine: refineFactor = newValue
            case .leaves: leaves = newValue.map { Int($0) }
            case .probes: probes = newValue.map { Int($0) }
            }
        }
    }

    /// What an index makes of the settings, as on the command line: "nprobe=16,refine=4"; empty for one without any.
    ///
    /// A value beyond the range of a knob is shown as the end of the range, which is what it amounts to.
    public func settingText(of index: any VectorIndex) -> String {
        guard let index = index as? any TunableIndex else { return "" }
        return index.knobs.map { knob in
            let value = min(max(self[knob.name] ?? knob.standard, knob.range.lowerBound), knob.range.upperBound)
            return "\(knob.name.rawValue)=\(value == value.rounded() ? "\(Int(value))" : "\(value)")"
        }.joined(separator: ",")
    }
}
