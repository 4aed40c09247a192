extension IVFIndex {
    /// Removes the vectors of some ids.
    ///
    /// - Parameter ids: ids that are not stored are passed over.
    /// - Returns: how many vectors were removed.
    /// - Complexity: O(``count``) to find them, and the length of the lists they are in.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>) -> Int {
        let gone = Set(ids)
        guard !gone.isEmpty else { return 0 }
        return remove { gone.contains($0) }
    }

    /// Removes the vectors whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter) -> Int { remove { filter.allows($0) } }

    private mutating func remove(_ isGone: (Int64) -> Bool) -> Int {
        var removed = 0
        for list in 0..<nlist {
            let view = lists.view(list)
            let kept = (0..<view.count).filter { !isGone(view.ids[$0]) }
            guard kept.count < view.count else { continue }
            removed += view.count - kept.count
            lists.replace(list, with: copy(view, kept, of: list))
        }
        if removed > 0 {
            idsAreRows = false
            lists.recount()
        }
        return removed
    }

    /// Replaces the vectors of some ids, and adds those that are not stored yet.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one per row, different from each other.
    ///   - threads: threads to use; `nil` means one per core.
    ///   - monitor: progress and cancellation.
    /// - Throws: the same as ``add(_:ids:threads:monitor:)``; the index is then as it was.
    public mutating func update(
        _ vectors: Matrix<Float>, ids: [Int64], threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        var changed = self
        changed.remove(ids)
        try changed.add(vectors, ids: ids, threads: threads, monitor: monitor)
        self = changed
    }

    /// Takes over the vectors of an index that was trained alike.
    ///
    /// - Parameters:
    ///   - other: an index with the same centroids and codes, as copies of one trained index are.
    ///   - idOffset: added to the ids of `other`.
    /// - Throws: ``IndexError/incompatible(_:)`` for another training, ``IndexError/duplicateID(_:)``,
    ///   ``IndexError/outOfRange(name:value:allowed:)`` for too many vectors.
    public mutating func merge(_ other: IVFIndex, idOffset: Int64 = 0) throws(IndexError) {
        try checkCompatible(with: other)
        try VectorCheck.room(for: other.count, beside: count, of: Self.maximumCount)
        let (greatest, overflow) = other.nextID.addingReportingOverflow(idOffset)
        guard !overflow else { throw .reservedID(.max) }
        try checkDisjoint(from: other, idOffset: idOffset)
        let continuesRows = idsAreRows && other.idsAreRows && idOffset == nextID
        for list in 0..<nlist {
            let view = other.lists.view(list)
            guard view.count > 0 else { continue }
            let target = lists.unique(list, capacity: lists.currentSize(of: list) + view.count)
            put(view, 0..<view.count, of: list, into: target, idOffset: idOffset)
        }
        nextID = max(nextID, greatest)
        idsAreRows = continuesRows || (count == 0 && other.idsAreRows && idOffset == 0)
        lists.recount()
    }

    private func checkCompatible(with other: IVFIndex) throws(IndexError) {
        func check(_ isSame: Bool, _ what: String) throws(IndexError) {
            if !isSame { throw .incompatible(what) }
        }
        try check(dimension == other.dimension, "dimension \(dimension) and \(other.dimension)")
        try check(metric == other.metric, "metric \(metric.rawValue) and \(other.metric.rawValue)")
        try check(spec == other.spec, "\(spec) and \(other.spec)")
        try check(space == nil || other.space == nil || space?.id == other.space?.id, "vectors of two embedding spaces")
        try check(coarse?.centroids == other.coarse?.centroids, "the centroids are others")
        try check(
            isResidual == other.isResidual && codec.isEqual(to: other.codec)
                && (refinement?.codec).map { mine in other.refinement.map { mine.isEqual(to: $0.codec) } ?? false }
                    ?? true,
            "the codes were trained on other vectors")
    }

    private func checkDisjoint(from other: IVFIndex, idOffset: Int64) throws(IndexError) {
        let (least, overflow) = (other.leastID ?? .max).addingReportingOverflow(idOffset)
        if count == 0 || other.count == 0 || (!overflow && least >= nextID) { return }
        var stored = Set<Int64>(minimumCapacity: count)
        for list in 0..<nlist {
            let view = lists.view(list)
            for i in 0..<view.count { stored.insert(view.ids[i]) }
        }
        for list in 0..<nlist {
            let view = other.lists.view(list)
            for i in 0..<view.count where stored.contains(view.ids[i] + idOffset) {
                throw .duplicateID(view.ids[i] + idOffset)
            }
        }
    }

    private var leastID: Int64? {
        (0..<nlist).compactMap { list in
            let view = lists.view(list)
            return (0..<view.count).lazy.map { view.ids[$0] }.min()
        }.min()
    }

    /// A list of some places of another.
    private func copy(_ view: ListView, _ places: [Int], of list: Int) -> InvertedList {
        let target = InvertedList(shape: lists.shape, capacity: places.count)
        put(view, places, of: list, into: target, idOffset: 0)
        return target
    }

    /// Puts some places of a list behind what another holds.
    func put(
        _ view: ListView, _ places: some Collection<Int>, of list: Int, into target: InvertedList, idOffset: Int64
    ) {
        let refined = lists.shape.refinedByteCount
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: codec.codeByteCount) { code in
            guard let code = code.baseAddress else { return }
            withCentroid(of: list) { centroid in
                for place in places {
                    let position = target.count
                    codec.load(place, in: view.blocks, into: code)
                    codec.store(
                        code, count: 1, at: position, in: target.blocks, centroid: centroid, metric: codedMetric)
                    target.ids[position] = view.ids[place] + idOffset
                    (target.refined + position * refined).update(from: view.refined + place * refined, count: refined)
                    target.grow(by: 1)
                }
            }
        }
    }
}
