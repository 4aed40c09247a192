extension HNSWIndex {
    /// Links rows that are coded but in no layer yet.
    ///
    /// Rows join in batches. Each row of a batch looks for its neighbours in the graph as it was before the batch, on any
    /// thread; rows that found the same neighbour are offered to each other; then the links back are added, grouped by
    /// the member they start from. So the graph does not depend on the number of threads.
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
            // A row meets the near ones of its batch only by way of what joined before, so a batch is small beside that:
            // in all, and of these rows, which may be unlike those that were there.
            let size = max(1, min((first - rows.lowerBound) / 8, max(rows.upperBound / 50, 64)))
            let batch = first..<min(first + size, rows.upperBound)
            // Offering them to each other takes time, and matters where they are many beside what they are like.
            linkBatch(batch, amongEachOther: batch.count * 16 > first - rows.lowerBound, threads: threads)
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

    private mutating func linkBatch(_ batch: Range<Int>, amongEachOther: Bool, threads: Int) {
        let top = layers.count - 1
        let start = layers[0].count == 0 ? nil : entry
        let members = join(batch)
        guard let start else { return }

        let views = layerViews
        let links = layers.indices.map { layers[$0].links.mutableBase().assumingMemoryBound(to: UInt32.self) }
        let work = GraphLinker(self, batch: batch, members: members, links: links)
        work.linkForward(views, top: top, entry: start, threads: threads)
        for layer in 0...top {
            if amongEachOther { work.linkAmong(views[layer], layer: layer, threads: threads) }
            work.linkBack(views[layer], layer: layer, threads: threads)
        }
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

    private func chooser(_ view: LayerView, _ layer: Int) -> GraphLinkChooser {
        GraphLinkChooser(view, links: links[layer], codec: codec, codes: codes, alpha: construction.alpha)
    }

    /// Finds neighbours of every row of the batch, on all its levels up to `top`, and writes the links to them.
    func linkForward(_ views: [LayerView], top: Int, entry: UInt32, threads: Int) {
        let blocks = min(batch.count, threads == 1 ? 1 : 8 * threads)
        nonisolated(unsafe) let layers = Array(views[...top])
        parallel(threads: threads, count: blocks) { [self] block in
            let searchers = (0..<GraphSearcher.together).map { _ in
                GraphSearcher(codec: codec, codes: codes, members: memberCount, degree: degree, kernels: .best)
            }
            let choosers = layers.indices.map { chooser(layers[$0], $0) }
            // Rows that are on the lowest level alone, which are most, are searched for together.
            var group: [(searcher: GraphSearcher, entry: UInt32)] = []
            var rows: [Int] = []
            func flush() {
                GraphSearcher.search(layers[0], group, ef: construction.efConstruction)
                for (row, start) in zip(rows, group) { choose(row, 0, layers[0], start.searcher, choosers[0]) }
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
                    choose(i, level, layers[level], searcher, choosers[level])
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
    private func choose(
        _ i: Int, _ level: Int, _ view: LayerView, _ searcher: GraphSearcher, _ chooser: GraphLinkChooser
    ) {
        chooser.link(
            members[i][level],
            to: (0..<searcher.poolCount).lazy.map { i in
                let (member, key) = searcher[i]
                return GraphPruner.Candidate(key: key, member: member, row: view.row(of: member))
            })
    }

    /// Offers members of the batch that are linked to the same member to each other.
    func linkAmong(_ view: LayerView, layer: Int, threads: Int) {
        let joined = members.filter { $0.count > layer }.map { $0[layer] }
        let edges = BackwardLinks(joined, links: links[layer], degree: view.degree)
        let blocks = min(joined.count, threads == 1 ? 1 : 8 * threads)
        nonisolated(unsafe) let (view, links) = (view, links[layer])
        parallel(threads: threads, count: blocks) { [self] block in
            let chooser = chooser(view, layer)
            var others: [UInt32] = []
            for member in joined[joined.count * block / blocks..<joined.count * (block + 1) / blocks] {
                others.removeAll(keepingCapacity: true)
                for i in 0..<view.degree {
                    let target = links[Int(member) * view.degree + i]
                    if target == GraphLayer.none { break }
                    edges.collect(beside: member, linkedTo: target, atMost: Self.offered, into: &others)
                }
                guard !others.isEmpty else { continue }
                chooser.offer(Set(others).sorted(), to: member, whileFree: false)
            }
        }
    }

    /// How many members are offered to one by way of one target; where many copies of a vector join, all of them have
    /// the same.
    private static let offered = 8

    /// Links the members that the batch was linked to with those of the batch.
    func linkBack(_ view: LayerView, layer: Int, threads: Int) {
        let joined = members.filter { $0.count > layer }.map { $0[layer] }
        let edges = BackwardLinks(joined, links: links[layer], degree: view.degree)
        let blocks = min(edges.targets, threads == 1 ? 1 : 8 * threads)
        nonisolated(unsafe) let view = view
        parallel(threads: threads, count: blocks) { [self] block in
            let chooser = chooser(view, layer)
            for number in edges.targets * block / blocks..<edges.targets * (block + 1) / blocks {
                let (target, new) = edges[number]
                chooser.offer(new, to: target, whileFree: true)
            }
        }
    }

    /// `parallelFor` of a body that does not throw.
    private func parallel(threads: Int, count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        do { try parallelFor(threads: threads, count: count, body) } catch { preconditionFailure("\(error)") }
    }
}
