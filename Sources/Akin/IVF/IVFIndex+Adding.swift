extension IVFIndex {
    /// Adds vectors: each goes to the list of its nearest centroid, or about the nearest where a graph finds it.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other and from those stored; the numbers that follow the
    ///     greatest stored id when `nil`.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: told of the vectors assigned and coded; nothing is added when it says stop.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    /// - Complexity: O(n · nlist · dimension) for the assignment, and the coding.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, monitor: ProgressMonitor = .silent
    ) throws {
        try add(vectors, ids: ids, threads: threads, device: nil, monitor: monitor)
    }

    /// Adds vectors whose lists a device finds, and whose product codes of 4 to 8 bits it makes: the same lists and codes.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: as for ``add(_:ids:threads:monitor:)``.
    ///   - threads: threads to use; `nil` means one per core.
    ///   - device: where vectors are assigned and coded; the processor where it is `nil`, or a graph assigns them.
    ///   - monitor: told of the vectors assigned and coded; nothing is added when it says stop.
    /// - Throws: as ``add(_:ids:threads:monitor:)``, and what the device throws.
    public mutating func add(
        _ vectors: Matrix<Float>, ids: [Int64]? = nil, threads: Int? = nil, device: (any ClusteringDevice)?,
        monitor: ProgressMonitor = .silent
    ) throws {
        let threads = try VectorCheck.usable(vectors, dimension: dimension, threads: threads)
        try VectorCheck.room(for: vectors.rows, beside: count, of: Self.maximumCount)
        let newIDs = try checked(ids, count: vectors.rows)
        guard vectors.rows > 0 else { return }

        // Assigning can be stopped and takes longest: nothing changes before it is done.
        var assigned: [UInt32] = []
        assigned.reserveCapacity(vectors.rows)
        // Codes that the device made, of all vectors or of none.
        var made: [UInt8] = []
        let step = 1 << 16
        for first in stride(from: 0, to: vectors.rows, by: step) {
            try monitor.update("assigning", done: first, total: vectors.rows)
            let block = vectors.rows(first..<min(first + step, vectors.rows))
            if let coarse {
                let prepared = try prepared(block, threads: threads)
                if let device, coarse.graph == nil {
                    let held = try device.hold(prepared, centroids: nlist, metric: codedMetric)
                    assigned += try held.assign(to: coarse.centroids).numbers
                    if let quantizer = listQuantizer {
                        made += try held.codes(by: quantizer, isResidual: isResidual) ?? []
                    }
                } else {
                    assigned += try coarse.assign(prepared, threads: threads, monitor: monitor)
                }
            } else {
                assigned += repeatElement(0, count: block.rows)
            }
        }
        try monitor.update("assigning", done: vectors.rows, total: vectors.rows)
        reserve(for: assigned)
        for first in stride(from: 0, to: vectors.rows, by: step) {
            let range = first..<min(first + step, vectors.rows)
            let bytes = codec.codeByteCount
            let own = made.isEmpty ? nil : made[range.lowerBound * bytes..<range.upperBound * bytes]
            try append(
                vectors.rows(range), to: assigned[range], codes: own, ids: newIDs, firstID: first, threads: threads)
        }
        nextID = max(nextID, newIDs.upperBound)
        idsAreRows = idsAreRows && ids == nil
        lists.recount()
    }

    /// Ids given to new vectors: the caller's, or the next numbers.
    private enum NewIDs {
        case next(Int64, count: Int)
        case given([Int64])

        subscript(i: Int) -> Int64 {
            switch self {
            case .next(let first, _): first + Int64(i)
            case .given(let ids): ids[i]
            }
        }

        var upperBound: Int64 {
            switch self {
            case .next(let first, let count): first + Int64(count)
            case .given(let ids): (ids.max() ?? -1) + 1
            }
        }
    }

    private func checked(_ ids: [Int64]?, count: Int) throws(IndexError) -> NewIDs {
        guard let ids else { return .next(nextID, count: count) }
        guard ids.count == count else { throw .idCountMismatch(vectors: count, ids: ids.count) }
        var least = Int64.max, ascends = true
        for (i, id) in ids.enumerated() {
            // The next id must exist, too.
            guard id < .max else { throw .reservedID(id) }
            least = min(least, id)
            if i > 0, id <= ids[i - 1] { ascends = false }
        }
        if ascends, least >= nextID || self.count == 0 { return .given(ids) }
        var new = Set<Int64>(minimumCapacity: ids.count)
        for id in ids where !new.insert(id).inserted { throw .duplicateID(id) }
        for list in 0..<nlist {
            let view = lists.view(list)
            for i in 0..<view.count where new.contains(view.ids[i]) { throw .duplicateID(view.ids[i]) }
        }
        return .given(ids)
    }

    /// Makes room at once for all that is coming, so that lists are moved once.
    private mutating func reserve(for assigned: [UInt32]) {
        var added = [Int](repeating: 0, count: nlist)
        for list in assigned { added[Int(list)] += 1 }
        for list in 0..<nlist where added[list] > 0 {
            _ = lists.unique(list, capacity: lists.size(of: list) + added[list])
        }
    }

    /// Codes vectors, where `made` does not hold their codes, and puts them behind those of their lists.
    private mutating func append(
        _ vectors: Matrix<Float>, to assigned: ArraySlice<UInt32>, codes made: ArraySlice<UInt8>?, ids: NewIDs,
        firstID: Int, threads: Int
    ) throws {
        let order = GroupedRows(assigned, nlist: nlist)
        let codes = Buffer<UInt8>(uninitialized: vectors.rows * codec.codeByteCount)
        let fine = Buffer<UInt8>(uninitialized: vectors.rows * lists.shape.refinedByteCount)
        if let made {
            gather(made, order.rows, into: codes)
        } else {
            encode(try prepared(vectors, threads: threads), codec, order.rows, assigned, into: codes, threads: threads)
        }
        if let refinement { encode(vectors, refinement.codec, order.rows, nil, into: fine, threads: threads) }

        let targets = order.groups.map { group in
            lists.unique(group.list, capacity: lists.currentSize(of: group.list) + group.rows.count)
        }
        let (codec, metric, refinedByteCount) = (codec, codedMetric, lists.shape.refinedByteCount)
        let index = self
        try parallelFor(threads: threads, count: targets.count) { i in
            let (group, target) = (order.groups[i], targets[i])
            let (first, n) = (target.count, group.rows.count)
            index.withCentroid(of: group.list) { centroid in
                codec.store(
                    codes.pointer + group.rows.lowerBound * codec.codeByteCount, count: n, at: first,
                    in: target.blocks, centroid: centroid, metric: metric)
            }
            for j in 0..<n { target.ids[first + j] = ids[firstID + Int(order.rows[group.rows.lowerBound + j])] }
            (target.refined + first * refinedByteCount).update(
                from: fine.pointer + group.rows.lowerBound * refinedByteCount, count: n * refinedByteCount)
            target.grow(by: n)
        }
    }

    /// Copies the codes of rows in the given order.
    private func gather(_ made: ArraySlice<UInt8>, _ rows: [UInt32], into codes: Buffer<UInt8>) {
        let bytes = codec.codeByteCount
        made.withUnsafeBufferPointer { made in
            guard let from = made.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                (codes.pointer + place * bytes).update(from: from + Int(row) * bytes, count: bytes)
            }
        }
    }

    /// Codes rows in the given order; with `assigned`, less the centroid of their list.
    private func encode(
        _ vectors: Matrix<Float>, _ codec: any ListCodec, _ rows: [UInt32], _ assigned: ArraySlice<UInt32>?,
        into codes: Buffer<UInt8>, threads: Int
    ) {
        let dimension = codec.dimension, step = 256
        let lists = isResidual ? assigned : nil
        forEachChunk(of: rows.count, threads: threads) { range in
            let block = Buffer<Float>(uninitialized: step * dimension)
            vectors.withUnsafeElements { elements in
                guard let x = elements.baseAddress else { return }
                for first in stride(from: range.lowerBound, to: range.upperBound, by: step) {
                    let count = min(step, range.upperBound - first)
                    for i in 0..<count {
                        let row = Int(rows[first + i]), target = block.pointer + i * dimension
                        target.update(from: x + row * dimension, count: dimension)
                        guard let lists else { continue }
                        withCentroid(of: Int(lists[lists.startIndex + row])) { centroid in
                            guard let centroid else { return }
                            for c in 0..<dimension { target[c] -= centroid[c] }
                        }
                    }
                    codec.encode(block.pointer, count: count, into: codes.pointer + first * codec.codeByteCount)
                }
            }
        }
    }
}

/// Rows in the order of their lists, those of a list in their own order.
struct GroupedRows: Sendable {
    struct Group: Sendable {
        var list: Int
        /// Places within ``GroupedRows/rows``.
        var rows: Range<Int>
    }

    let rows: [UInt32]
    /// The lists that have rows, ascending.
    let groups: [Group]

    init(_ assigned: ArraySlice<UInt32>, nlist: Int) {
        var starts = [Int](repeating: 0, count: nlist + 1)
        for list in assigned { starts[Int(list) + 1] += 1 }
        var groups: [Group] = []
        for list in 0..<nlist {
            let count = starts[list + 1]
            starts[list + 1] += starts[list]
            if count > 0 { groups.append(Group(list: list, rows: starts[list]..<starts[list] + count)) }
        }
        var rows = [UInt32](repeating: 0, count: assigned.count)
        for (row, list) in assigned.enumerated() {
            rows[starts[Int(list)]] = UInt32(row)
            starts[Int(list)] += 1
        }
        self.rows = rows
        self.groups = groups
    }
}
