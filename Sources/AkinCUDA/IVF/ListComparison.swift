import Akin

/// Searching lists by comparing queries with every vector of them in double precision: for any k, and for what floats
/// cannot tell apart.
struct ListComparison {
    private let lists: DeviceLists
    private let asked: AskedLists
    private let k: Int
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
    init(_ lists: DeviceLists, _ asked: AskedLists, k: Int, clock: DeviceClock, threads: Int) {
        self.lists = lists
        self.asked = asked
        self.k = k
        self.clock = clock
        self.threads = threads
        places = ListPlaces(asked, firsts: lists.stored.firsts)
    }

    /// The k best of each query, ties by smaller id.
    ///
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw; `CancellationError`.
    func rows(_ monitor: ProgressMonitor) throws -> [[Neighbor]] {
        var rows = [[Neighbor]](repeating: [], count: asked.queries.rows)
        var left = rows.indices.filter { places.blocks(of: $0) > 0 }
        // More than k, because vectors as near as the k-th may take its place by their ids.
        var wanted = max(SelectionPlan.largestNominated, k + k / 4 + 24)
        while !left.isEmpty {
            var open: [Int] = []
            while !left.isEmpty {
                try monitor.quiet.update("search", done: 0, total: nil)
                let (size, width) = try batch(left, wanted)
                let some = Array(left.prefix(size))
                left.removeFirst(size)
                let found = try compare(some, width: width, wanted: wanted)
                let best = try eachRow(size, threads: threads, share: 16) { [lists, places, k] i in
                    let entries = found[i].entries
                    return lists.nearest(
                        entries.count, k: k, key: { entries[$0].key },
                        number: { places.number(entries[$0].place, of: some[i]) })
                }
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
            let keys = blocks * ListPlaces.lanes
            return 5 * keys + 24 * min(wanted, keys) + 4 * (asked.queries.columns + 2 * asked.nprobe + 1)
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
        func put<Element>(_ values: [Element]) throws -> DeviceBuffer<Element> {
            let buffer = try lists.pool.allocate(Element.self, count: values.count, on: stream)
            try stream.upload(values, to: buffer)
            return buffer
        }
        let x = try lists.pool.allocate(Float.self, count: count * some.queries.columns, on: stream)
        try some.queries.withUnsafeElements { try stream.upload($0, to: x) }
        let probed = try put(some.lists)
        let starts = try put(which.flatMap { places.before(of: $0) })
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
            try launch(x, probed, starts, count, first, length / ListPlaces.lanes, matrix)
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

    private func launch(
        _ x: DeviceBuffer<Float>, _ probed: DeviceBuffer<UInt32>, _ before: DeviceBuffer<UInt32>, _ count: Int,
        _ first: Int, _ width: Int, _ keys: DeviceBuffer<Float>
    ) throws(CUDAError) {
        let (stored, tables) = (lists.stored, lists.tables), end = lists.isProduct ? "ip" : "l2"
        // 8 blocks of vectors a step, some steps a block of threads.
        let grid = LaunchSize(count, min(65_535, (width + 31) / 32))
        let (nprobe, dimension) = (UInt32(asked.nprobe), UInt32(asked.queries.columns))
        if let codebooks = lists.codebooks {
            try clock.stream.launch(
                lists.kernel("akin_ivf_keys_pq_" + end), grid: grid, block: 256, stored.codes, stored.starts,
                stored.blocks, probed, before, nprobe, asked.allowed, UInt32(first), UInt32(width), x, lists.centroids,
                dimension,
                codebooks, UInt32(stored.rows), UInt32(tables.ksub), dimension / UInt32(tables.m), keys)
        } else {
            try clock.stream.launch(
                lists.kernel("akin_ivf_keys_flat_" + end), grid: grid, block: 256, stored.codes, stored.starts,
                stored.blocks, probed, before, nprobe, asked.allowed, UInt32(first), UInt32(width), x, dimension, keys)
        }
    }

    /// Whether nothing that was left out can be among the k best.
    private func isCertain(_ found: Found) -> Bool {
        found.reach.isNaN || (found.entries.count >= k && found.entries[k - 1].key < found.reach)
    }
}
