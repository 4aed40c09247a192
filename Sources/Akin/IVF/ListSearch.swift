internal import CAkinKernels

/// Scans inverted lists for one block of queries; belongs to one thread.
final class ListSearch {
    /// What makes the final order.
    enum Decision {
        /// Keys of the codes; the scan gives intervals that hold them.
        case codes
        /// Keys of the second code, of as many candidates as the scan is asked for, picked by estimates.
        case refined
        /// Keys of the second code, of candidates whose interval does not exclude them.
        case refinedWithinBounds
    }

    private let index: IVFIndex
    private let decision: Decision
    /// `[count, codec.dimension]`, transformed.
    private let queries: UnsafePointer<Float>
    /// `[count, dimension]`, as the caller gave them.
    private let originals: UnsafePointer<Float>
    private let count: Int
    private let k: Int
    private let kernels: Kernels
    private let scanner: any ListScanner
    private let selection: ListSelection
    private let filter: IDFilter?
    /// Bits of the filter for lists seen before.
    private var masks: [Int: Buffer<UInt64>] = [:]
    /// Candidates taken out of full selectors, where all within a bound are wanted.
    private var drained: [[UInt32]]
    private let isRange: Bool
    private let scan = Buffer<akin_list_scan>(repeating: akin_list_scan(), count: 1)
    private var asked: Buffer<akin_list_query>
    /// Of candidates that are compared again: where their ids and second codes are, and their keys.
    private var places = Buffer<UnsafePointer<Int64>>(uninitialized: 0)
    private var codes = Buffer<UnsafePointer<UInt8>>(uninitialized: 0)
    private var keys = Buffer<Double>(uninitialized: 0)
    /// Codes that queries were compared with.
    private(set) var visited = 0

    /// Prepares `count` queries; `wanted` is how many candidates are kept of each, k or more.
    ///
    /// For a range search `within` is the greatest key wanted, as an ordered integer.
    init(
        _ index: IVFIndex, queries: UnsafePointer<Float>, originals: UnsafePointer<Float>, count: Int, k: Int,
        wanted: Int, within: Int32? = nil, filter: IDFilter?, kernels: Kernels
    ) {
        self.index = index
        self.queries = queries
        self.originals = originals
        self.count = count
        self.k = k
        self.filter = filter
        self.kernels = kernels
        decision = index.refinement == nil ? .codes : index.codec.boundsTrueKeys ? .refinedWithinBounds : .refined
        scanner =
            decision == .refinedWithinBounds
            ? index.codec.trueKeyScanner(queries, count: count, metric: index.codedMetric, kernels: kernels)
            : index.codec.scanner(
                queries, count: count, metric: index.codedMetric, isBounded: decision != .refined, kernels: kernels)
        selection = ListSelection(queries: count, wanted: wanted, within: within, kernels: kernels)
        isRange = within != nil
        drained = Array(repeating: [], count: isRange ? count : 0)
        asked = Buffer(uninitialized: 64)
        scan.pointer.pointee.make_room = { scan, query, selector in
            guard let scan, let selector, let context = scan.pointee.context else { return }
            Unmanaged<ListSearch>.fromOpaque(context).takeUnretainedValue().makeRoom(Int(query), selector)
        }
        scan.pointer.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    }

    // MARK: - Scanning

    /// Looks at every `step`-th of the lists of each query, nearest first, beginning with rank `first`.
    func run(_ probes: ProbeTable, queries range: Range<Int>, first: Int, step: Int, monitor: ProgressMonitor) throws {
        let nprobe = probes.nprobe
        let isShared = count * nprobe >= 2 * index.nlist && count > 1
        if !isShared {
            for q in 0..<count {
                let row = (range.lowerBound + q) * nprobe
                let ranks = stride(from: first, to: nprobe, by: step)
                index.lists.willRead(ranks.lazy.map { Int(probes.lists[row + $0]) })
                for rank in ranks {
                    asked[0] = query(q, offset: probes.offsets[row + rank])
                    scan(list: Int(probes.lists[row + rank]), queries: 1)
                }
                if q % 16 == 0 { try monitor.update("searching", done: range.lowerBound + q, total: nil) }
            }
            return
        }
        // The nearest list of each query comes first, for the bound it gives; then lists are met in order, each with
        // all the queries that look at it, so that its codes are read once.
        var wave = 0
        for end in [1, 4, nprobe] where wave < nprobe {
            let ranks = wave..<min(end, nprobe)
            wave = max(wave, ranks.upperBound)
            guard !ranks.isEmpty else { continue }
            try run(probes, queries: range, ranks: ranks, monitor: monitor)
        }
    }

    private func run(
        _ probes: ProbeTable, queries range: Range<Int>, ranks: Range<Int>, monitor: ProgressMonitor
    ) throws {
        let total = count * ranks.count
        func place(_ n: Int) -> Int {
            (range.lowerBound + n / ranks.count) * probes.nprobe + ranks.lowerBound + n % ranks.count
        }
        let words = Buffer<UInt64>(uninitialized: 2 * total)
        for n in 0..<total { words[n] = UInt64(probes.lists[place(n)]) << 32 | UInt64(n) }
        akin_sort_words(words.pointer, words.pointer + total, total)
        var start = 0, reported = 0
        while start < total {
            let list = words[start] >> 32
            var end = start
            while end < total, words[end] >> 32 == list { end += 1 }
            if asked.count < end - start { asked = Buffer(uninitialized: 2 * (end - start)) }
            for i in start..<end {
                let n = Int(UInt32(truncatingIfNeeded: words[i]))
                asked[i - start] = query(n / ranks.count, offset: probes.offsets[place(n)])
            }
            scan(list: Int(list), queries: end - start)
            start = end
            if start - reported > 4096 {
                reported = start
                try monitor.update("searching", done: start, total: total)
            }
        }
    }

    private func query(_ q: Int, offset: Float) -> akin_list_query {
        akin_list_query(query: UInt32(q), offset: offset, selector: selection[q])
    }

    private func scan(list: Int, queries: Int) {
        let view = index.lists.view(list)
        guard view.count > 0 else { return }
        let scan = scan.pointer
        if let filter {
            let mask = mask(of: list, view, filter)
            guard mask.count > 0 else { return }
            scan.pointee.allowed = UnsafePointer(mask.pointer)
        }
        scan.pointee.blocks = view.blocks
        scan.pointee.count = UInt32(view.count)
        scan.pointee.first = UInt32(index.lists.starts[list])
        scan.pointee.queries = UnsafePointer(asked.pointer)
        scan.pointee.query_count = queries
        visited += view.count * queries
        scanner.scan(scan)
    }

    /// The filter's bits for a list; none at all where nothing passes.
    private func mask(of list: Int, _ view: ListView, _ filter: IDFilter) -> Buffer<UInt64> {
        if let known = masks[list] { return known }
        var mask = Buffer<UInt64>(uninitialized: (view.count + 63) / 64)
        if filter.mask(view.ids, count: view.count, into: mask.pointer) == 0 { mask = Buffer(uninitialized: 0) }
        masks[list] = mask
        return mask
    }

    private func makeRoom(_ query: Int, _ selector: UnsafeMutablePointer<akin_selector>) {
        if isRange {
            let rows = UnsafeBufferPointer(start: selector.pointee.row, count: Int(selector.pointee.count))
            drained[query].append(contentsOf: rows)
            selector.pointee.count = 0
            return
        }
        if selection.compact(selector) { return }
        // Too many candidates that intervals cannot tell apart: ties, or a wide interval. Their keys decide.
        let count = Int(selector.pointee.count)
        var contenders: [Contender] = []
        contenders.reserveCapacity(count)
        for i in 0..<count {
            let row = selector.pointee.row[i]
            let place = index.lists.place(of: Int(row))
            let key = decision == .refined ? selector.pointee.lo[i] : key(of: place, row: row, query: query)
            contenders.append(Contender(key: key, id: index.lists.view(place.list).ids[place.position], row: row))
        }
        // Estimates are followed by numbers, as where they are trimmed: ids count only once keys decide.
        if decision == .refined {
            contenders.sort { ($0.key, $0.row) < ($1.key, $1.row) }
        } else {
            contenders.sort()
        }
        for (i, contender) in contenders.prefix(selection.wanted).enumerated() {
            selector.pointee.lo[i] = contender.key
            selector.pointee.hi[i] = contender.key
            selector.pointee.row[i] = contender.row
        }
        selector.pointee.count = UInt32(min(count, selection.wanted))
        _ = selection.compact(selector)
    }

    // MARK: - Deciding

    /// The ordered key that decides about one vector.
    private func key(of place: (list: Int, position: Int), row: UInt32, query: Int) -> Int32 {
        let view = index.lists.view(place.list)
        if decision == .codes {
            return index.withCentroid(of: place.list) { centroid in
                let key = scanner.key(place.position, in: view.blocks, query: query, centroid: centroid)
                return akin_ordered(Float(key))
            }
        }
        let code = view.refined + place.position * index.lists.shape.refinedByteCount
        return refinedKeys(of: query, [code])[0]
    }

    private func refinedKeys(of query: Int, _ codes: [UnsafePointer<UInt8>]) -> [Int32] {
        guard let refinement = index.refinement else { return [] }
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: codes.count) { keys in
            guard let base = keys.baseAddress else { return [] }
            refinement.keys(
                of: originals + query * index.dimension, codes, count: codes.count, metric: index.metric,
                kernels: kernels, into: base)
            return keys.map { akin_ordered(Float($0)) }
        }
    }

    /// The nearest of the vectors scanned, at most k, nearest first.
    func finish(_ query: Int) -> [Contender] {
        let selector = selection[query]
        _ = selection.compact(selector)
        switch decision {
        case .refined:
            trim(selector.pointee.lo, selector.pointee.row, &selector.pointee.count)
            return refine(
                query, UnsafeBufferPointer(start: selector.pointee.row, count: Int(selector.pointee.count)))
        case .codes, .refinedWithinBounds:
            return decide(query, selector)
        }
    }

    /// The same for a query whose lists several searches have shared: the answer of one that has looked at all of them.
    static func finish(_ parts: [ListSearch], _ query: Int) -> [Contender] {
        guard let first = parts.first else { return [] }
        guard first.decision == .refined else {
            return Array(parts.flatMap { $0.finish(query) }.sorted().prefix(first.k))
        }
        var all: [(key: Int32, row: UInt32)] = []
        for part in parts {
            let selector = part.selection[query]
            _ = part.selection.compact(selector)
            for i in 0..<Int(selector.pointee.count) { all.append((selector.pointee.lo[i], selector.pointee.row[i])) }
        }
        all.sort { ($0.key, $0.row) < ($1.key, $1.row) }
        return all.prefix(first.selection.wanted).map(\.row).withUnsafeBufferPointer { first.refine(query, $0) }
    }

    /// All vectors scanned whose key is at most `bound`, nearest first.
    func finish(_ query: Int, within bound: Int32) -> [Contender] {
        makeRoom(query, selection[query])
        return contenders(query, drained[query][...]).filter { $0.key <= bound }.sorted()
    }

    /// Compares vectors by the second code, given their numbers.
    ///
    /// An id is read only when it may matter: ids lie elsewhere, and reading one waits for memory.
    private func refine(_ query: Int, _ rows: UnsafeBufferPointer<UInt32>) -> [Contender] {
        guard let refinement = index.refinement else { return [] }
        let count = rows.count
        let size = index.lists.shape.refinedByteCount
        if places.count < count {
            places = Buffer(uninitialized: 2 * count)
            codes = Buffer(uninitialized: 2 * count)
            keys = Buffer(uninitialized: 2 * count)
        }
        for i in 0..<count {
            let place = index.lists.place(of: Int(rows[i]))
            places[i] = index.lists.views[place.list].ids + place.position
            codes[i] = index.lists.views[place.list].refined + place.position * size
        }
        refinement.keys(
            of: originals + query * index.dimension, codes.pointer, count: count, metric: index.metric,
            kernels: kernels, into: keys.pointer)
        if k > 64 {
            let all = (0..<count).map {
                Contender(key: akin_ordered(Float(keys[$0])), id: places[$0].pointee, row: rows[$0])
            }
            return Array(all.sorted().prefix(k))
        }
        var best: [Contender] = []
        best.reserveCapacity(k + 1)
        for i in 0..<count {
            let key = akin_ordered(Float(keys[i]))
            if best.count == k, key > best[k - 1].key { continue }
            let contender = Contender(key: key, id: places[i].pointee, row: rows[i])
            var place = best.count
            while place > 0, contender < best[place - 1] { place -= 1 }
            best.insert(contender, at: place)
            if best.count > k { best.removeLast() }
        }
        return best
    }

    /// Leaves the `wanted` least estimates, ties by number: the few that the kernels left beyond them go.
    private func trim(
        _ keys: UnsafeMutablePointer<Int32>, _ rows: UnsafeMutablePointer<UInt32>, _ count: inout UInt32
    ) {
        while count > selection.wanted {
            var worst = 0
            for i in 1..<Int(count) where (keys[i], rows[i]) > (keys[worst], rows[worst]) { worst = i }
            count -= 1
            keys[worst] = keys[Int(count)]
            rows[worst] = rows[Int(count)]
        }
    }

    /// From the most promising on, computes keys until no interval begins under the k-th.
    private func decide(_ query: Int, _ selector: UnsafeMutablePointer<akin_selector>) -> [Contender] {
        let count = Int(selector.pointee.count)
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { memory in
            var words = memory
            for i in 0..<count {
                let key = UInt32(bitPattern: selector.pointee.lo[i] ^ .min)
                words[i] = UInt64(key) << 32 | UInt64(selector.pointee.row[i])
            }
            words.sort()
            var found: [Contender] = []
            var known = 0, reach = Int32.max
            while known < count, Int32(bitPattern: UInt32(words[known] >> 32)) ^ .min <= reach {
                let some = min(count - known, known == 0 ? max(k, 8) : max(8, k / 4))
                let rows = (known..<known + some).map { UInt32(truncatingIfNeeded: words[$0]) }
                found += contenders(query, rows[...])
                found = nearest(found)
                known += some
                if found.count == k { reach = found[k - 1].key }
            }
            return found
        }
    }

    /// Vectors with the keys that decide.
    private func contenders(_ query: Int, _ rows: some Collection<UInt32>) -> [Contender] {
        var found: [Contender] = []
        found.reserveCapacity(rows.count)
        var codes: [UnsafePointer<UInt8>] = []
        let size = index.lists.shape.refinedByteCount
        for row in rows {
            let place = index.lists.place(of: Int(row))
            let view = index.lists.view(place.list)
            let key = decision == .codes ? key(of: place, row: row, query: query) : 0
            found.append(Contender(key: key, id: view.ids[place.position], row: row))
            if decision != .codes { codes.append(view.refined + place.position * size) }
        }
        if decision != .codes {
            for (i, key) in refinedKeys(of: query, codes).enumerated() { found[i].key = key }
        }
        return found
    }

    /// The k nearest, in order.
    private func nearest(_ contenders: [Contender]) -> [Contender] {
        guard contenders.count > k, k <= 64 else { return Array(contenders.sorted().prefix(k)) }
        var best = Array(contenders[0..<k].sorted())
        for contender in contenders[k...] where contender < best[k - 1] {
            var place = k - 1
            while place > 0, contender < best[place - 1] {
                best[place] = best[place - 1]
                place -= 1
            }
            best[place] = contender
        }
        return best
    }
}

/// Which lists each query looks at.
struct ProbeTable: Sendable {
    let nprobe: Int
    /// `[queries, nprobe]`, nearest first.
    let lists: Buffer<UInt32>
    /// `[queries, nprobe]`: what query and list add to the key.
    let offsets: Buffer<Float>
}
