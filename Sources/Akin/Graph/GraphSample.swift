internal import CAkinKernels

/// Some points with their true neighbours: what an approximate graph is planned and judged by.
struct GraphSample: Sendable {
    /// The points, in ascending order.
    let points: Buffer<UInt32>
    /// True neighbours of each, nearest first, and the key of the last.
    let neighbors: [[UInt32]]
    let lastKeys: [Float]

    /// Points that are looked at, at most: the recall of 10 neighbours is then known within about half a percent.
    static let size = 600

    /// Finds the true neighbours, by bounds and exact keys as the true graph does.
    init(
        _ codes: JoinCodes, keys: PairKeys, degree: Int, kernels: Kernels, options: KNNGraphOptions, threads: Int
    ) throws {
        var random = SplitMix64(seeds: options.seed, 0x7361_6d70_6c65)
        let chosen = KMeans.chooseSorted(min(Self.size, codes.count), of: codes.count, using: &random)
        let points = Buffer<UInt32>(uninitialized: chosen.count)
        for (place, i) in chosen.enumerated() { points[place] = UInt32(i) }
        let nearest = NearestLists(count: codes.count, width: degree, keys: keys, only: chosen, threads: threads)
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        let chunk = 2048, chunks = (codes.count + chunk - 1) / chunk, monitor = options.monitor
        try parallelFor(threads: threads, count: chunks) { task in
            try monitor.update("sampling", done: task * chunk, total: codes.count)
            let range = task * chunk..<min(codes.count, (task + 1) * chunk)
            let columns = JoinColumns(room: range.count, padded: codes.padded)
            var view = codes.view(certified: true)
            columns.pack(range, of: view)
            var some = columns.view
            _ = join?(&view, points.pointer, points.count, &some, 0, some.panels, false, nearest.view)
        }
        var neighbors = [[UInt32]](), lastKeys = [Float]()
        for i in chosen {
            let words = (0..<degree).map { nearest.words[i * degree + $0] }.filter { $0 != .max }
            neighbors.append(words.map { PairKeys.neighbor($0).number })
            lastKeys.append(words.last.map { PairKeys.neighbor($0).key } ?? -.infinity)
        }
        self.points = points
        self.neighbors = neighbors
        self.lastKeys = lastKeys
    }

    /// The share of true neighbours that lie in the first lists of their point, or have the point in theirs, for
    /// breadths 1, 2, 3 and so on.
    func recallByBreadth(
        _ codes: JoinCodes, centroids: JoinCodes, most: Int, kernels: Kernels, threads: Int, monitor: ProgressMonitor
    ) throws -> [Double] {
        let all = Buffer<UInt32>(uninitialized: points.count + neighbors.reduce(0) { $0 + $1.count })
        for i in 0..<points.count { all[i] = points[i] }
        var next = points.count
        for neighbor in neighbors.joined() {
            all[next] = neighbor
            next += 1
        }
        let lists = try GraphLists.nearestLists(
            to: all, of: codes, centroids: centroids, breadth: most, kernels: kernels, threads: threads,
            monitor: monitor.quiet)
        func rank(of list: UInt32, for place: Int) -> Int {
            (0..<most).first { lists[place * most + $0] == list } ?? most
        }
        var found = [Int](repeating: 0, count: most + 1)
        var place = points.count
        for i in 0..<points.count {
            for _ in neighbors[i] {
                let ranks = (rank(of: lists[place * most], for: i), rank(of: lists[i * most], for: place))
                found[min(ranks.0, ranks.1)] += 1
                place += 1
            }
        }
        var sum = 0
        return found.prefix(most).map { here in
            sum += here
            return place == points.count ? 1 : Double(sum) / Double(place - points.count)
        }
    }

    /// The share of true neighbours that a table holds, ties counted as right.
    func recall(of table: KNNTable, codes: JoinCodes) -> Double {
        var right = 0, all = 0
        for (place, last) in lastKeys.enumerated() {
            let found = table.keys(Int(codes.number[Int(points[place])]))
            right += min(found.count { $0 <= last }, neighbors[place].count)
            all += neighbors[place].count
        }
        return all == 0 ? 1 : Double(right) / Double(all)
    }
}
