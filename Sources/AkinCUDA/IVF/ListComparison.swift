import Akin

/// Searching lists by keys of every vector in them, which are written to memory and selected from.
///
/// Keys in double precision serve any k, and what floats cannot tell apart; estimates by first codes find the candidates
/// that second codes decide about.
struct ListComparison {
    /// What is written of each vector.
    enum Keys {
        /// The key that decides, ties by smaller id.
        case deciding
        /// What the CPU's scan estimates, bit by bit; ties by smaller number, as there.
        case estimates
    }

    private let lists: DeviceLists
    private let asked: AskedLists
    private let k: Int
    private let keys: Keys
    private let clock: DeviceClock
    private let threads: Int
    private let places: ListPlaces

    /// What was found of one query.
    private struct Found: Sendable {
        var entries: [(key: Float, place: Int)] = []
        /// The least key that a vector left out may have.
        var reach = Float.nan
    }

    /// Counts the blocks that each query looks at.
    init(_ lists: DeviceLists, _ asked: AskedLists, k: Int, by keys: Keys, clock: DeviceClock, threads: Int) {
        self.lists = lists
        self.asked = asked
        self.k = k
        self.keys = keys
        self.clock = clock
        self.threads = threads
        places = ListPlaces(asked, firsts: lists.stored.firsts)
    }

    /// The k best of each query.
    ///
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw; `CancellationError`.
    func rows(_ monitor: ProgressMonitor) throws -> [[Neighbor]] {
        try run(monitor) { [lists, places, k] entries, q in
            lists.nearest(
                entries.count, k: k, key: { entries[$0].key }, number: { places.number(entries[$0].place, of: q) })
        }
    }

    /// The k best of each query, by number.
    ///
    /// - Throws: as ``rows(_:)``.
    func candidates(_ monitor: ProgressMonitor) throws -> [[ListCandidate]] {
        try run(monitor) { [places, k] entries, q in
            let end = entries.count <= k ? entries.count : entries.firstIndex { $0.key > entries[k - 1].key }
            let near = entries[..<(end ?? entries.count)].map {
                ListCandidate(key: $0.key, number: places.number($0.place, of: q))
            }
            return Array(near.sorted().prefix(k))
        }
    }

    /// Makes a row of each query's best, with all whose key is that of the k-th, in the order of their keys.
    private func run<Element>(
        _ monitor: ProgressMonitor, _ make: @Sendable ([(key: Float, place: Int)], _ q: Int) -> [Element]
    ) throws -> [[Element]] {
        var rows = [[Element]](repeating: [], count: asked.queries.rows)
        var left = rows.indices.filter { places.blocks(of: $0) > 0 }
        // More than k, because others with the key of the k-th may take its place; many where that is why they are here.
        var wanted = max(keys == .deciding ? SelectionPlan.largestNominated : 0, k + k / 4 + 24)
        while !left.isEmpty {
            var open: [Int] = []
            while !left.isEmpty {
                try monitor.quiet.update("search", done: 0, total: nil)
                let (size, width) = try batch(left, wanted)
                let some = Array(left.prefix(size))
                left.removeFirst(size)
                let found = try compare(some, width: width, wanted: wanted)
                let best = try eachRow(size, threads: threads, share: 16) { make(found[$0].entries, some[$0]) }
                for (i, q) in some.enumerated() {
                    rows[q] = best[i]
                    if !isCertain(found[i]) { open.append(q) }
                }
            }
            left = open
            wanted *= 8
        }
        return rows
    }

    /// How many queries of those left are compared together, and how many blocks of each at a time.
    private func batch(_ left: [Int], _ wanted: Int) throws -> (queries: Int, width: Int) {
        let room = max(0, lists.pool.budget - lists.pool.usage.inUse) / 2
        // Keys, and what selecting hands on from pass to pass; the selected, and the room to sort them in.
        func bytes(_ blocks: Int) -> Int {
            let size = blocks * ListPlaces.lanes
            return 5 * size + 24 * min(wanted, size) + 4 * (asked.queries.columns + 3 * asked.nprobe + 1)
                + (keys == .estimates ? 4 * lists.tables.m * lists.tables.ksub : 0)
        }
        var size = 0, width = 0
        for q in left.prefix(4_096) {
            let wider = max(width, places.blocks(of: q))
            if size > 0, (size + 1) * bytes(wider) > room { break }
            (size, width) = (size + 1, wider)
        }
        // One alone goes in parts where it must.
        if size == 1 { while width > 1, bytes(width) > room { width = (width + 1) / 2 } }
        return (size, min(width, (1 << 30) / ListPlaces.lanes))
    }

    /// Compares some queries with their vectors, `width` blocks at a time, and selects `wanted` of each part.
    private func compare(_ which: [Int], width: Int, wanted: Int) throws -> [Found] {
        let (count, stream) = (which.count, clock.stream)
        let some = asked.only(which)
        let all = which.reduce(0) { max($0, places.blocks(of: $1)) }
        let tables = try ComparisonTables(lists, some, by: keys, on: stream, threads: threads)
        let probed = try lists.pool.upload(some.lists, on: stream)
        let starts = try lists.pool.upload(which.flatMap { places.before(of: $0) }, on: stream)
        let matrix = try lists.pool.allocate(Float.self, count: count * width * ListPlaces.lanes, on: stream)
        let selected = min(wanted, width * ListPlaces.lanes)
        let values = try lists.pool.allocate(Float.self, count: count * selected, on: stream)
        let columns = try lists.pool.allocate(UInt32.self, count: count * selected, on: stream)
        var found = [Found](repeating: Found(), count: count)
        for first in stride(from: 0, to: all, by: width) {
            let length = min(width, all - first) * ListPlaces.lanes, most = min(wanted, length)
            let selection = try DeviceSelection(
                rows: count, count: length, k: most, library: lists.library, pool: lists.pool)
            try clock.start()
            try tables.launch(
                lists, probed: probed, allowed: asked.allowed, before: starts, nprobe: asked.nprobe, queries: count,
                blocks: first..<first + length / ListPlaces.lanes, keys: matrix, on: stream)
            let wanted = 0..<count * most
            try selection.run(
                matrix.whole, stride: length, values: try values.slice(wanted), columns: try columns.slice(wanted),
                on: stream)
            try clock.stop()
            let (keys, numbers) = (try stream.download(values, wanted), try stream.download(columns, wanted))
            for i in 0..<count {
                let own = i * most..<(i + 1) * most
                let end = own.first { keys[$0].isNaN } ?? own.upperBound
                found[i].entries += (own.lowerBound..<end).map {
                    (keys[$0], first * ListPlaces.lanes + Int(numbers[$0]))
                }
                // As many as were asked for: others may be as near as the last of them.
                if end == own.upperBound, most < length { found[i].reach = .minimum(found[i].reach, keys[end - 1]) }
            }
        }
        if width < all { for i in found.indices { found[i].entries.sort { $0.key < $1.key } } }
        return found
    }

    /// Whether nothing that was left out can be among the k best.
    private func isCertain(_ found: Found) -> Bool {
        found.reach.isNaN || (found.entries.count >= k && found.entries[k - 1].key < found.reach)
    }
}

/// A vector that may be among the nearest.
package struct ListCandidate: Sendable, Comparable {
    /// What it was nominated by; smaller is nearer.
    package var key: Float
    /// Counted through all lists.
    package var number: UInt32

    package static func < (a: ListCandidate, b: ListCandidate) -> Bool { (a.key, a.number) < (b.key, b.number) }
}
