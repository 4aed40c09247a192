internal import CAkinKernels
internal import Synchronization

/// Joins every point with every other, each pair once, and keeps the nearest of each by exact keys.
///
/// Rows meet all panels from their own on; what a tile says of a row it says of the column too. One block at a time is
/// packed as columns, and the blocks before it and it itself come along as rows.
struct PairJoin {
    let codes: JoinCodes
    let nearest: NearestLists
    let workspace: GraphWorkspace
    /// Components of the vectors.
    let dimension: Int
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
        let each = GraphWorkspace.pairBytes(padded: codes.padded, dimension: dimension, degree: nearest.width)
        let blocks = workspace.blocks(of: codes.count, bytesEach: each)
        let codes = codes, work = Work(of: codes, watches: watches)
        let columns = JoinColumns(room: blocks[0].count, padded: codes.padded)
        for (number, block) in blocks.enumerated() {
            let some = 64 * panelRows
            forEachChunk(of: block.count, size: some, threads: threads) { range in
                let points = block.lowerBound + range.lowerBound..<block.lowerBound + range.upperBound
                columns.pack(points, of: codes.view(certified: true), at: range.lowerBound / panelRows)
            }
            for other in blocks[...number].reversed() {
                try join(other, with: columns, of: block, work)
                if work.isHopeless { return false }
            }
        }
        return true
    }

    /// Joins the points of a block with those that are packed: with all of them, or in its own block from each on.
    private func join(
        _ points: Range<Int>, with columns: JoinColumns, of packed: Range<Int>, _ work: Work
    ) throws {
        let codes = codes, nearest = nearest, monitor = monitor
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        let size = Self.block, count = (points.count + size - 1) / size
        let panels = (packed.count + panelRows - 1) / panelRows, isOwn = points == packed
        try parallelFor(threads: threads, count: count) { task in
            if work.isHopeless { return }
            let first = points.lowerBound + task * size
            let rows = first..<min(points.upperBound, first + size)
            let numbers = Buffer<UInt32>(uninitialized: rows.count)
            for i in rows { numbers[i - rows.lowerBound] = UInt32(i) }
            var view = codes.view(certified: true), columns = columns.view
            let found = withExtendedLifetime(numbers) {
                join?(
                    &view, numbers.pointer, rows.count, &columns, isOwn ? task * size / panelRows : 0, panels, true,
                    nearest.view)
            }
            let met = isOwn ? packed.upperBound - rows.lowerBound : packed.count
            let seen = work.add(pairs: rows.count * met, hits: Int(found ?? 0))
            try monitor.update("comparing", done: min(seen, work.half), total: work.half)
        }
    }

    /// What has been compared so far.
    private final class Work: Sendable {
        let half: Int
        private let pairs = Atomic<Int>(0), hits = Atomic<Int>(0), gaveUp = Atomic<Bool>(false)
        private let costs: (pair: Double, hit: Double)
        private let watches: Bool

        init(of codes: JoinCodes, watches: Bool) {
            half = codes.count * codes.count / 2
            costs = (pair: pairCost(codes.padded), hit: hitCost(codes.padded))
            self.watches = watches
        }

        var isHopeless: Bool { gaveUp.load(ordering: .relaxed) }

        /// Counts pairs and those that needed exact keys; gives all pairs so far.
        func add(pairs some: Int, hits found: Int) -> Int {
            let seen = pairs.add(some, ordering: .relaxed).newValue
            let taken = hits.add(found, ordering: .relaxed).newValue
            let isCostly = Double(taken) * costs.hit > 2 * Double(seen) * costs.pair
            if watches, seen > half / 20, isCostly { gaveUp.store(true, ordering: .relaxed) }
            return seen
        }
    }
}
