internal import CAkinKernels

/// What a training keeps of its points between passes: their 8-bit codes, and lower bounds of their distances to groups of
/// centroids.
///
/// A bound shrinks by as much as the farthest moving centroid of its group moved ([Hamerly 2010], [Ding et al. 2015]
/// with groups); while it stays above the distance to the centroid at hand, nothing of the group can be nearer, and
/// the group is not scanned. All of this is certain, so the answer is that of a full pass.
///
/// [Hamerly 2010]: https://doi.org/10.1137/1.9781611972801.12
/// [Ding et al. 2015]: https://proceedings.mlr.press/v37/ding15.html
final class RetainedPoints: Sendable {
    /// Terms and codes of all points; `nil` in 32 bits, where they are made anew for each block.
    let terms: PointTerms?
    /// `[blocks, groups, block points]`.
    let bounds: Buffer<Float>
    let groups: Int
    let groupPanels: Int
    /// `[groups]`: how far the centroids of a group moved since the bounds were made; `nil` where there are none yet.
    let drift: Buffer<Float>?
    /// Whether this pass makes or uses bounds.
    let hasBounds: Bool

    private init(
        terms: PointTerms?, bounds: Buffer<Float>, groups: Int, groupPanels: Int, drift: Buffer<Float>?, hasBounds: Bool
    ) {
        self.terms = terms
        self.bounds = bounds
        self.groups = groups
        self.groupPanels = groupPanels
        self.drift = drift
        self.hasBounds = hasBounds
    }

    /// Groups for some panels: bounds take no more memory than the points themselves.
    static func grouping(panels: Int, dimension: Int) -> (groups: Int, groupPanels: Int) {
        let size = max(1, (panels + max(8, dimension) - 1) / max(8, dimension))
        return ((panels + size - 1) / size, size)
    }

    convenience init(terms: PointTerms?, count: Int, panels: Int, dimension: Int, hasBounds: Bool) {
        let (groups, size) = Self.grouping(panels: panels, dimension: dimension)
        let block = CentroidAssigner.blockPoints
        let blocks = (count + block - 1) / block
        self.init(
            terms: terms, bounds: Buffer(repeating: -.infinity, count: hasBounds ? blocks * groups * block : 0),
            groups: groups,
            groupPanels: size, drift: nil, hasBounds: false)
    }

    /// The same points in another pass.
    func next(hasBounds: Bool, drift: Buffer<Float>?) -> RetainedPoints {
        RetainedPoints(
            terms: terms, bounds: bounds, groups: groups, groupPanels: groupPanels, drift: drift,
            hasBounds: hasBounds && bounds.count > 0)
    }

    /// Forgets the bounds of the block that begins at point `first`: its points were assigned without making any.
    func void(from first: Int) {
        guard bounds.count > 0 else { return }
        let size = groups * CentroidAssigner.blockPoints, start = first / CentroidAssigner.blockPoints * size
        for i in start..<start + size { bounds[i] = -.infinity }
    }

    /// The bounds of the block that begins at point `first`.
    func view(from first: Int, upper: UnsafePointer<Float>) -> akin_group_bounds {
        let block = CentroidAssigner.blockPoints
        return akin_group_bounds(
            groups: groups, group_panels: groupPanels, stride: block,
            bounds: bounds.pointer + first / block * groups * block, drift: drift.map { UnsafePointer($0.pointer) },
            upper: upper)
    }
}
