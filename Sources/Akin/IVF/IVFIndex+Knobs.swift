extension IVFIndex: TunableIndex {
    /// The lists to look at, where there are several, and the candidates to compare again, where there is refinement.
    public var knobs: [SearchKnob] {
        var knobs: [SearchKnob] = []
        if nlist > 1 { knobs.append(SearchKnob(.nprobe, 1...Double(nlist), standard: Double(defaults.nprobe))) }
        if specification.refinement != nil {
            knobs.append(SearchKnob(.refine, 1...Double(max(1, count)), standard: defaults.refineFactor))
        }
        return knobs
    }
}
