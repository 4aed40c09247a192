extension KDTreeIndex: TunableIndex {
    /// The leaves to look at, and the candidates to compare again where there is refinement.
    public var knobs: [SearchKnob] {
        let most = Double(max(1, leafCount * treeCount))
        var knobs = [SearchKnob(.leaves, 1...most, standard: leaves.map(Double.init) ?? most)]
        if specification.refinement != nil {
            knobs.append(SearchKnob(.refine, 1...Double(max(1, count)), standard: refineFactor))
        }
        return knobs
    }
}
