internal import CAkinKernels

/// Joins the points of lists with the lists near them, and keeps the nearest of each point by their codes.
///
/// Every tile of codes serves both sides: the points that look into a list, and the members of the list. So two points
/// meet when either looks into the list of the other.
struct GraphJoin {
    let lists: GraphLists
    let nearest: NearestLists
    let kernels: Kernels
    let threads: Int
    let monitor: ProgressMonitor

    /// Joins each point with the lists at some of its ranks.
    func run(ranks: Range<Int>) throws {
        guard !ranks.isEmpty else { return }
        if ranks.contains(0) { try joinMembers() }
        let others = max(1, ranks.lowerBound)..<ranks.upperBound
        if !others.isEmpty { try joinVisitors(others) }
    }

    /// Joins every list with itself.
    private func joinMembers() throws {
        let lists = lists, nearest = nearest, monitor = monitor
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        try parallelFor(threads: threads, count: lists.count) { list in
            try monitor.update("joining lists", done: list, total: nil)
            let members = lists.starts[list]..<lists.starts[list + 1]
            guard !members.isEmpty else { return }
            let columns = JoinColumns(room: members.count, padded: lists.codes.padded)
            var points = lists.codes.view(certified: false)
            columns.pack(members, of: points)
            var view = columns.view
            let numbers = Buffer<UInt32>(uninitialized: members.count)
            for i in members { numbers[i - members.lowerBound] = UInt32(i) }
            for panel in 0..<view.panels {
                let first = panel * panelRows
                _ = join?(
                    &points, numbers.pointer + first, members.count - first, &view, panel, panel + 1, true,
                    nearest.view)
            }
        }
    }

    /// Joins every list with the points that look into it.
    private func joinVisitors(_ ranks: Range<Int>) throws {
        let lists = lists, nearest = nearest, monitor = monitor
        let (starts, visitors) = lists.visitors(at: ranks)
        nonisolated(unsafe) let join = akin_join_at(kernels.table).pointee.join
        try parallelFor(threads: threads, count: lists.count) { list in
            try monitor.update("joining neighbouring lists", done: list, total: lists.count)
            let members = lists.starts[list]..<lists.starts[list + 1]
            let count = starts[list + 1] - starts[list]
            guard !members.isEmpty, count > 0 else { return }
            let columns = JoinColumns(room: members.count, padded: lists.codes.padded)
            var points = lists.codes.view(certified: false)
            columns.pack(members, of: points)
            var view = columns.view
            _ = join?(&points, visitors.pointer + starts[list], count, &view, 0, view.panels, true, nearest.view)
        }
    }

    /// The `degree` nearest of each list by exact keys, in the caller's numbers; gives the rows that have fewer.
    func settle(_ keys: PairKeys, degree: Int, into table: KNNTable) throws -> [Int] {
        let nearest = nearest, codes = lists.codes, monitor = monitor
        let width = nearest.width
        let short = Buffer<Bool>(repeating: false, count: codes.count)
        forEachChunk(of: codes.count, size: 1024, threads: threads) { range in
            let candidates = Buffer<UInt32>(uninitialized: width)
            let words = Buffer<UInt64>(uninitialized: width)
            var view = keys.view
            for i in range {
                for j in 0..<width {
                    candidates[j] = UInt32(truncatingIfNeeded: nearest.words[i * width + j])
                }
                let found = akin_exact_words(&view, UInt32(i), candidates.pointer, width, words.pointer)
                short[i] = found < degree
                table.set(words.pointer, count: found, row: Int(codes.number[i]))
            }
        }
        try monitor.update("deciding", done: codes.count, total: codes.count)
        return (0..<codes.count).filter { short[$0] }.map { Int(codes.number[$0]) }
    }
}
