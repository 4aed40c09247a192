internal import CAkinKernels
internal import Synchronization

/// Joins every point with every other, each pair once, and keeps the nearest of each by exact keys.
///
/// Blocks of rows meet all panels from their own on; what a tile says of a row it says of the column too.
struct PairJoin {
    let codes: JoinCodes
    let nearest: NearestLists
    let kernels: Kernels
    let threads: Int
    let monitor: ProgressMonitor
    /// Whether to give up when bounds rule out too little.
    let watches: Bool

    /// Rows that share a pass over the panels: whole panels, and as much as stays in the cache with one.
    private static let block = 10 * panelRows
    /// Rough costs in nanoseconds on a core of today; only their proportions matter.
    private static func pairCost(_ dimension: Int) -> Double { 0.003 * Double(dimension) + 0.2 }
    private static func hitCost(_ dimension: Int) -> Double { 60 + 0.15 * Double(dimension) }

    /// Joins all; false where exact keys cost so much more than tiles that another way is faster.
    func run() throws -> Bool {
        let codes = codes, nearest = nearest, count = codes.count
        let columns = JoinColumns(room: count, padded: codes.padded)
        let some = 64 * panelRows
        forEachChunk(of: count, size: some, threads: threads) { range in
            columns.pack(range, of: codes.view(certified: true), at: range.lowerBound / panelRows)
        }
        let numbers = Buffer<UInt32>(uninitialized: count)
        for i in 0..<count { numbers[i] = UInt32(i) }
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        let block = Self.block, blocks = (count + block - 1) / block
        let pairs = Atomic<Int>(0), hits = Atomic<Int>(0), isHopeless = Atomic<Bool>(false)
        let half = count * count / 2, monitor = monitor, watches = watches
        let costs = (pair: Self.pairCost(codes.padded), hit: Self.hitCost(codes.padded))
        try parallelFor(threads: threads, count: blocks) { task in
            if isHopeless.load(ordering: .relaxed) { return }
            let rows = task * block..<min(count, (task + 1) * block)
            var view = codes.view(certified: true), panels = columns.view
            let found = join?(
                &view, numbers.pointer + rows.lowerBound, rows.count, &panels, rows.lowerBound / panelRows,
                panels.panels, true, nearest.view)
            let seen = pairs.add(rows.count * (count - rows.lowerBound), ordering: .relaxed).newValue
            let taken = hits.add(Int(found ?? 0), ordering: .relaxed).newValue
            let isCostly = Double(taken) * costs.hit > 2 * Double(seen) * costs.pair
            if watches, seen > half / 20, isCostly { isHopeless.store(true, ordering: .relaxed) }
            try monitor.update("comparing", done: min(seen, half), total: half)
        }
        return !isHopeless.load(ordering: .relaxed)
    }
}
