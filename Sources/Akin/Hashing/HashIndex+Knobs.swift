extension HashIndex: TunableIndex {
    /// The candidates to compare again, where there is refinement.
    public var knobs: [SearchKnob] {
        guard specification.refinement != nil else { return [] }
        return [SearchKnob(.refine, 1...Double(max(1, count)), standard: refineFactor)]
    }
}
