extension HNSWIndex {
    /// Links rows that are coded but in no layer yet.
    ///
    /// Rows join in batches. Each row of a batch looks for its neighbours in the graph as it was before the batch, on any
    /// thread; then the links back are added, grouped by the member they start from. So the graph does not depend on
    /// the number of threads.
    ///
    /// - Parameters:
    ///   - rows: behind those of level 0.
    ///   - threads: to use.
    ///   - monitor: told of the rows linked; when it says stop, layers hold whole batches.
    /// - Throws: `CancellationError`.
    mutating func link(_ rows: Range<Int>, threads: Int, monitor: ProgressMonitor) throws {
        layers[0].links.reserve(rows.upperBound)
        var first = rows.lowerBound
        while first < rows.upperBound {
            try monitor.update("linking", done: first - rows.lowerBound, total: rows.count)
            // A row misses the near ones that are in its batch, so a batch is small beside what joined before it: in all,
            // and of these rows, which may be unlike those that were there.
            let size = max(1, min((first - rows.lowerBound) / 8, max(rows.upperBound / 50, 64)))
            let batch = first..<min(first + size, rows.upperBound)
            linkBatch(batch, threads: threads)
            first = batch.upperBound
        }
        try monitor.update("linking", done: rows.count, total: rows.count)
    }

    /// The highest level of a row: each level holds one in `m` of the one below, drawn by the seed for its id.
    ///
    /// Not for its number: rows that come and go at the same places would all draw the same.
    func level(row: Int) -> Int {
        var generator = SplitMix64(
            seeds: construction.seed,
            UInt64(bitPattern: ids.base.assumingMemoryBound(to: Int64.self)[row]))
        var left = generator.next()
        let share = UInt64(max(m, 2))
        var level = 0
        while level < 12, left < UInt64.max / share {
            left *= share
            level += 1
        }
        return level
    }

    private mutating func linkBatch(_ batch: Range<Int>, threads: Int) {
        let top = layers.count - 1
        let start = layers[0].count == 0 ? nil : entry
        let members = join(batch)
        guard let start else { return }

        let views = layerViews
        let links = layers.indices.map { layers[$0].links.mutableBase().assumingMemoryBound(to: UInt32.self) }
        let work = GraphLinker(self, batch: batch, members: members, links: links)
        work.linkForward(views, top: top, entry: start, threads: threads)
        for layer in 0...top { work.linkBack(views[layer], layer: layer, threads: threads) }
    }

    /// Puts rows into their layers, without links, and raises the entry where a row goes higher than all before.
    ///
    /// - Returns: for each row of the batch its members, level 0 first.
    private mutating func join(_ batch: Range<Int>) -> [[UInt32]] {
        layers[0].append(batch.count)
        return batch.map { row in
            var members = [UInt32(row)]
            for level in stride(from: 1, through: level(row: row), by: 1) {
                let isNew = level == layers.count
                if isNew { layers.append(GraphLayer(degree: m)) }
                layers[level].append(row: UInt32(row), below: members[level - 1])
                members.append(UInt32(layers[level].count - 1))
                if isNew { entry = members[level] }
            }
            return members
        }
    }
}

/// Links one batch of rows; threads share it.
private final class GraphLinker: @unchecked Sendable {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let construction: HNSWIndex.Construction
    private let batch: Range<Int>
    private let members: [[UInt32]]
    private let links: [UnsafeMutablePointer<UInt32>]
    private let memberCount: Int
    private let degree: Int

    init(_ index: HNSWIndex, batch: Range<Int>, members: [[UInt32]], links: [UnsafeMutablePointer<UInt32>]) {
        codec = index.codec
        codes = index.codes.base
        construction = index.construction
        memberCount = index.count
        degree = index.layers[0].degree
        self.batch = batch
        self.members = members
        self.links = links
    }

    private func pruner(_ degree: Int) -> GraphPruner {
        GraphPruner(codec: codec, codes: codes, degree: degree, alpha: construction.alpha, kernels: .best)
    }

    /// Finds neighbours of every row of the batch, on all its levels up to `top`, and writes the links to them.
    func linkForward(_ views: [LayerView], top: Int, entry: UInt32, threads: Int) {
        let blocks = min(batch.count, threads == 1 ? 1 : 8 * threads)
        nonisolated(unsafe) let layers = Array(views[...top])
        parallel(threads: threads, count: blocks) { [self] block in
            let searchers = (0..<GraphSearcher.together).map { _ in
                GraphSearcher(codec: codec, codes: codes, members: memberCount, degree: degree, kernels: .best)
            }
            let pruner = pruner(degree)
            // Rows that are on the lowest level alone, which are most, are searched for together.
            var group: [(searcher: GraphSearcher, entry: UInt32)] = []
            var rows: [Int] = []
            func flush() {
                GraphSearcher.search(layers[0], group, ef: construction.efConstruction)
                for (row, start) in zip(rows, group) { choose(row, 0, layers[0], start.searcher, pruner) }
                group.removeAll(keepingCapacity: true)
                rows.removeAll(keepingCapacity: true)
            }
            for i in batch.count * block / blocks..<batch.count * (block + 1) / blocks {
                let searcher = searchers[group.count]
                searcher.ask(row: UInt32(batch.lowerBound + i))
                let own = min(members[i].count - 1, top)
                var start = searcher.descend(layers, from: entry, to: own)
                for level in stride(from: own, to: 0, by: -1) {
                    searcher.search(layers[level], from: start, ef: construction.efConstruction)
                    choose(i, level, layers[level], searcher, pruner)
                    start = layers[level].below(searcher[0].member)
                }
                group.append((searcher, start))
                rows.append(i)
                if group.count == GraphSearcher.together { flush() }
            }
            flush()
        }
    }

    /// Links a row of the batch to what a searcher found.
    private func choose(_ i: Int, _ level: Int, _ view: LayerView, _ searcher: GraphSearcher, _ pruner: GraphPruner) {
        let found = (0..<searcher.poolCount).lazy.map { i in
            let (member, key) = searcher[i]
            return GraphPruner.Candidate(key: key, member: member, row: view.row(of: member))
        }
        pruner.choose(
            among: found, degree: view.degree, into: links[level] + Int(members[i][level]) * view.degree)
    }

    /// Links the members that the batch was linked to with those of the batch.
    func linkBack(_ view: LayerView, layer: Int, threads: Int) {
        let links = links[layer], degree = view.degree
        // From which member, to which of the batch; in this order.
        var back: [UInt64] = []
        for members in members where members.count > layer {
            let member = members[layer]
            for i in 0..<degree {
                let target = links[Int(member) * degree + i]
                if target == GraphLayer.none { break }
                back.append(UInt64(target) << 32 | UInt64(member))
            }
        }
        back.sort()
        var starts = back.indices.filter { $0 == 0 || back[$0] >> 32 != back[$0 - 1] >> 32 }
        starts.append(back.count)
        let groups = starts.count - 1
        let blocks = min(groups, threads == 1 ? 1 : 8 * threads)
        nonisolated(unsafe) let (view, target) = (view, links)
        let (edges, bounds) = (back, starts)
        parallel(threads: threads, count: blocks) { [self] block in
            let pruner = pruner(degree)
            let query = Buffer<UInt8>(repeating: 0, count: codec.queryByteCount)
            var candidates: [GraphPruner.Candidate] = []
            var rows: [UInt32] = []
            var keys: [Float] = []
            for group in groups * block / blocks..<groups * (block + 1) / blocks {
                let member = UInt32(edges[bounds[group]] >> 32)
                let new = edges[bounds[group]..<bounds[group + 1]].lazy.map { UInt32(truncatingIfNeeded: $0) }
                let own = target + Int(member) * degree
                var held = 0
                while held < degree, own[held] != GraphLayer.none { held += 1 }
                if held + new.count <= degree {
                    for (i, link) in new.enumerated() { own[held + i] = link }
                    continue
                }
                candidates.removeAll(keepingCapacity: true)
                for i in 0..<held { candidates.append(.init(key: 0, member: own[i], row: view.row(of: own[i]))) }
                for link in new { candidates.append(.init(key: 0, member: link, row: view.row(of: link))) }
                rows = candidates.map(\.row)
                keys = Array(repeating: 0, count: rows.count)
                codec.prepare(row: codes + Int(view.row(of: member)) * codec.rowByteCount, into: query.pointer)
                codec.keys(query.pointer, codes, &rows, count: rows.count, kernels: .best, into: &keys)
                for i in candidates.indices { candidates[i].key = keys[i] }
                candidates.sort(by: GraphPruner.Candidate.isBefore)
                pruner.choose(among: candidates, degree: degree, into: own)
            }
        }
    }

    /// `parallelFor` of a body that does not throw.
    private func parallel(threads: Int, count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        do { try parallelFor(threads: threads, count: count, body) } catch { preconditionFailure("\(error)") }
    }
}
