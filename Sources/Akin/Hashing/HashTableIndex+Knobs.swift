extension HashTableIndex: TunableIndex {
    /// The buckets to look at, and the candidates to compare again where there is refinement.
    public var knobs: [SearchKnob] {
        let most = Double(1 << min(hashCount, 12))
        var knobs = [SearchKnob(.probes, 1...most, standard: Double(probes))]
        if specification.refinement != nil {
            knobs.append(SearchKnob(.refine, 1...Double(max(1, count)), standard: refineFactor))
        }
        return knobs
    }
}
