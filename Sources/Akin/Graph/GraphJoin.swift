internal import CAkinKernels
internal import Synchronization

/// Joins the points of lists with the lists near them, and keeps the nearest of each point by their codes.
///
/// Every tile of codes serves both sides: the points that look into a list, and the members of the list. So two points
/// meet when either looks into the list of the other. The points of one block of lists look into the lists of one block
/// after the other; two blocks at a time are all that is touched.
struct GraphJoin {
    let lists: GraphLists
    let nearest: NearestLists
    let workspace: GraphWorkspace
    let kernels: Kernels
    let threads: Int
    let monitor: ProgressMonitor

    /// Points of a list that are packed at a time: a list may be as long as all are.
    private static let packed = 4096

    /// Joins each point with the lists that it looks into.
    func run() throws {
        let each = GraphWorkspace.joinBytes(padded: lists.codes.padded, width: nearest.width, breadth: lists.breadth)
        let blocks = workspace.blocks(between: lists.starts, bytesEach: each)
        let done = Progress("joining lists", total: lists.count * (blocks.count + 1), monitor: monitor)
        for (number, block) in blocks.enumerated() {
            try joinMembers(block, done)
            guard lists.breadth > 1 else { continue }
            let points = lists.starts[block.lowerBound]..<lists.starts[block.upperBound]
            let (starts, visitors) = lists.visitors(among: points)
            // Back and forth, so that the block that was met last is met first.
            for other in number.isMultiple(of: 2) ? blocks : blocks.reversed() {
                try joinVisitors(visitors, starts, with: other, done)
            }
        }
    }

    /// Joins every list with itself.
    private func joinMembers(_ some: Range<Int>, _ done: Progress) throws {
        let lists = lists, nearest = nearest
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        try parallelFor(threads: threads, count: some.count) { task in
            try done.step()
            let list = some.lowerBound + task
            let members = lists.starts[list]..<lists.starts[list + 1]
            guard !members.isEmpty else { return }
            var points = lists.codes.view(certified: false)
            let numbers = Buffer<UInt32>(uninitialized: members.count)
            for i in members { numbers[i - members.lowerBound] = UInt32(i) }
            try packing(members) { columns, first, panels in
                var view = columns
                for panel in 0..<panels {
                    let own = first - members.lowerBound + panel * panelRows
                    _ = join?(
                        &points, numbers.pointer + own, members.count - own, &view, panel, panel + 1, true, nearest.view
                    )
                }
            }
        }
    }

    /// Joins lists with the points that look into them.
    private func joinVisitors(
        _ visitors: Buffer<UInt32>, _ starts: [Int], with some: Range<Int>, _ done: Progress
    ) throws {
        let lists = lists, nearest = nearest
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        try parallelFor(threads: threads, count: some.count) { task in
            try done.step()
            let list = some.lowerBound + task
            let members = lists.starts[list]..<lists.starts[list + 1]
            let count = starts[list + 1] - starts[list]
            guard !members.isEmpty, count > 0 else { return }
            var points = lists.codes.view(certified: false)
            try packing(members) { columns, _, panels in
                var view = columns
                _ = join?(&points, visitors.pointer + starts[list], count, &view, 0, panels, true, nearest.view)
            }
        }
    }

    /// Packs members of a list, as many at a time as leave memory to others: gives columns, the first point, and panels.
    private func packing(_ members: Range<Int>, _ body: (akin_columns, Int, Int) throws -> Void) throws {
        let most = max(panelRows, min(Self.packed, (4 << 20) / lists.codes.padded) / panelRows * panelRows)
        let columns = JoinColumns(room: min(members.count, most), padded: lists.codes.padded)
        for first in stride(from: members.lowerBound, to: members.upperBound, by: most) {
            let panels = columns.pack(
                first..<min(members.upperBound, first + most), of: lists.codes.view(certified: false))
            try withExtendedLifetime(columns) { try body(columns.view, first, panels) }
        }
    }

    /// Puts exact words in place of candidates, nearest first, and gives how many each point has.
    ///
    /// Vectors are read by pairs of blocks: candidates are sorted by where they are, and come up with their block.
    func settle(_ keys: PairKeys) throws -> Buffer<UInt32> {
        let nearest = nearest, codes = lists.codes, width = nearest.width
        let counts = try workspace.place.buffer(of: UInt32.self, count: codes.count)
        let each = GraphWorkspace.settleBytes(dimension: keys.dimension, width: width)
        let blocks = workspace.blocks(of: codes.count, bytesEach: each)
        let done = Progress("deciding", total: codes.count * blocks.count, monitor: monitor)
        for block in blocks {
            for other in blocks {
                let chunk = 1024, chunks = (block.count + chunk - 1) / chunk
                try parallelFor(threads: threads, count: chunks) { task in
                    let first = block.lowerBound + task * chunk
                    let range = first..<min(block.upperBound, first + chunk)
                    try done.step(range.count)
                    let candidates = Buffer<UInt32>(uninitialized: width)
                    var view = keys.view
                    for i in range {
                        var words = UnsafeMutableBufferPointer(start: nearest.words.pointer + i * width, count: width)
                        if other.lowerBound == 0 {
                            for j in 0..<width where words[j] != .max { words[j] &= UInt64(UInt32.max) }
                            words.sort()
                            counts[i] = 0
                        }
                        // Those of earlier blocks have become words already.
                        let decided = Int(counts[i])
                        var here = 0
                        while decided + here < width, words[decided + here] < UInt64(other.upperBound) {
                            candidates[here] = UInt32(words[decided + here])
                            here += 1
                        }
                        guard here > 0 else { continue }
                        let found = akin_exact_words(
                            &view, UInt32(i), candidates.pointer, here, words.baseAddress.map { $0 + decided })
                        counts[i] = UInt32(decided + found)
                    }
                    guard blocks.count > 1, other.upperBound == codes.count else { return }
                    for i in range {
                        let start = nearest.words.pointer + i * width
                        var words = UnsafeMutableBufferPointer(start: start, count: Int(counts[i]))
                        words.sort()
                    }
                }
            }
        }
        return counts
    }
}

/// Counts steps of work that several threads do.
private final class Progress: Sendable {
    private let phase: String
    private let total: Int
    private let monitor: ProgressMonitor
    private let done = Atomic<Int>(0)

    init(_ phase: String, total: Int, monitor: ProgressMonitor) {
        self.phase = phase
        self.total = total
        self.monitor = monitor
    }

    func step(_ count: Int = 1) throws(CancellationError) {
        try monitor.update(phase, done: done.wrappingAdd(count, ordering: .relaxed).oldValue, total: total)
    }
}
