extension HNSWIndex {
    /// Removes the vectors of some ids, and links those that were linked to them with what they led to.
    ///
    /// A vector that loses links is offered the links of those it lost, and takes what the rule of building leaves of
    /// them (Singh et al.: "FreshDiskANN" (2021), arXiv 2105.09613), so the graph finds as much as one that is built of
    /// the vectors left. Their places are taken by others: memory does not grow with removals.
    ///
    /// - Parameters:
    ///   - ids: ids that are not stored are passed over.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    /// - Returns: how many vectors were removed.
    /// - Complexity: O(``count`` · m), and O(m²) comparisons of codes for each link lost; remove many at once.
    @discardableResult
    public mutating func remove(_ ids: some Sequence<Int64>, threads: Int? = nil) -> Int {
        let gone = Set(ids)
        guard !gone.isEmpty else { return 0 }
        return remove(threads: threads) { gone.contains($0) }
    }

    /// Removes the vectors whose ids a filter lets pass; gives how many.
    @discardableResult
    public mutating func remove(where filter: IDFilter, threads: Int? = nil) -> Int {
        remove(threads: threads) { filter.allows($0) }
    }

    private mutating func remove(threads: Int?, _ isGone: (Int64) -> Bool) -> Int {
        let stored = ids.base.assumingMemoryBound(to: Int64.self)
        let gone = (0..<count).map { isGone(stored[$0]) }
        let removed = gone.count { $0 }
        guard removed > 0 else { return 0 }
        idsAreRows = false
        guard removed < count else {
            clear()
            return removed
        }
        let threads = max(1, threads ?? availableCores())
        var members: [[Bool]] = []
        for level in layers.indices {
            let view = LayerView(layers[level], isBase: level == 0)
            members.append(level == 0 ? gone : (0..<view.count).map { gone[Int(view.row(of: UInt32($0)))] })
            let links = layers[level].links.mutableBase().assumingMemoryBound(to: UInt32.self)
            GraphRepair(self, level: level, links: links, gone: members[level]).run(threads: threads)
        }
        compact(without: members)
        connect()
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
        changed.remove(ids, threads: threads)
        try changed.add(vectors, ids: ids, threads: threads, monitor: monitor)
        self = changed
    }

    /// Takes over the vectors of an index that was trained alike, and links them.
    ///
    /// - Parameters:
    ///   - other: an index with the same codes, as copies of one trained index are.
    ///   - idOffset: added to the ids of `other`.
    ///   - threads: threads to use; `nil` means one per core.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError/incompatible(_:)`` for another training, ``IndexError/duplicateID(_:)``,
    ///   ``IndexError/outOfRange(name:value:allowed:)`` for too many vectors, `CancellationError`; the index is then as
    ///   it was.
    /// - Complexity: that of adding the vectors of `other`.
    public mutating func merge(
        _ other: HNSWIndex, idOffset: Int64 = 0, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        try checkCompatible(with: other)
        try VectorCheck.room(for: other.count, beside: count, of: Self.maximumCount)
        guard other.count > 0 else { return }
        let theirs = other.ids.base.assumingMemoryBound(to: Int64.self)
        var moved: [Int64] = []
        moved.reserveCapacity(other.count)
        for i in 0..<other.count {
            let (id, overflow) = theirs[i].addingReportingOverflow(idOffset)
            guard !overflow, id < .max else { throw IndexError.reservedID(.max) }
            moved.append(id)
        }
        try check(moved, count: moved.count)

        var merged = self
        let first = count
        let newIDs = merged.ids.append(moved.count).assumingMemoryBound(to: Int64.self)
        for i in moved.indices { newIDs[i] = moved[i] }
        merged.codes.append(of: other.codes)
        merged.refined.append(of: other.refined)
        let continues = idsAreRows && other.idsAreRows && idOffset == nextID
        merged.idsAreRows = continues || (first == 0 && other.idsAreRows && idOffset == 0)
        merged.nextID = max(nextID, (moved.max() ?? 0) + 1)
        try merged.link(first..<merged.count, threads: threads ?? availableCores(), monitor: monitor)
        merged.connect(added: first..<merged.count)
        self = merged
    }

    private func checkCompatible(with other: HNSWIndex) throws(IndexError) {
        func check(_ isSame: Bool, _ what: String) throws(IndexError) {
            if !isSame { throw .incompatible(what) }
        }
        try check(dimension == other.dimension, "dimension \(dimension) and \(other.dimension)")
        try check(metric == other.metric, "metric \(metric.rawValue) and \(other.metric.rawValue)")
        try check(spec == other.spec, "\(spec) and \(other.spec)")
        try check(space == nil || other.space == nil || space?.id == other.space?.id, "vectors of two embedding spaces")
        try check(
            points.largestSquare == other.points.largestSquare && codec.tables == other.codec.tables
                && refinement?.codec.tables == other.refinement?.codec.tables
                && points.transforms.transforms.elementsEqual(other.points.transforms.transforms) {
                    $0.record == $1.record && $0.values == $1.values
                },
            "the codes were trained on other vectors")
    }

    /// Drops every vector.
    private mutating func clear() {
        layers = [GraphLayer(degree: layers[0].degree)]
        entry = 0
        codes = RowStore(rowByteCount: codes.rowByteCount)
        refined = RowStore(rowByteCount: refined.rowByteCount)
        ids = RowStore(rowByteCount: 8)
        linkedSinceCheck = 0
    }
}
