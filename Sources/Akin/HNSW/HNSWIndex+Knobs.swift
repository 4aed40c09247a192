extension HNSWIndex: TunableIndex {
    /// The candidates to keep while walking, and, with refinement, those to compare again.
    public var knobs: [SearchKnob] {
        var knobs = [SearchKnob(.ef, 1...Double(max(1, count)), standard: Double(defaults.efSearch))]
        if refinement != nil {
            knobs.append(SearchKnob(.refine, 1...Double(max(1, count)), standard: defaults.refineFactor))
        }
        return knobs
    }
}
