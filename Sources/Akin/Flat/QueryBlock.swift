internal import CAkinKernels

/// Some queries with the candidates found so far; belongs to one thread.
final class QueryBlock {
    let rows: StoredRows
    let ids: [Int64]?
    /// `[count, dimension]`, as the caller gave them.
    let queries: UnsafePointer<Float>
    let count: Int
    let k: Int
    private(set) var nomination: Nomination
    /// Rows whose key was computed exactly before the end, for the watch over the plan.
    private(set) var resolved = 0

    /// What the kernels see.
    ///
    /// Kernels call back into this object, so it is memory of its own, not a property that a
    /// kernel would hold exclusively.
    var shared: UnsafeMutablePointer<akin_queries> { sharedMemory.pointer }
    private let sharedMemory = Buffer<akin_queries>(repeating: akin_queries(), count: 1)
    private let selectors: Buffer<akin_selector>
    private let lo, hi: Buffer<Int32>
    private let candidates: Buffer<UInt32>
    private let bound, scale, offset, slack, x1, x2: Buffer<Float>
    private let bound8: Buffer<Int32>
    private let offset64: Buffer<Double>
    /// Room to sort the candidates of one query, and as much to spare.
    private let words: Buffer<UInt64>
    private var packed = Buffer<UInt8>(repeating: 0, count: 0)

    /// Candidates that a query can hold before those that intervals cannot tell apart are made exact.
    static func capacity(k: Int) -> Int { (2 * k + 320) / 16 * 16 }

    /// Memory of a block, the packed queries excluded.
    static func byteCount(queries: Int, k: Int) -> Int { queries * capacity(k: k) * 12 }

    init(
        rows: StoredRows, ids: [Int64]?, idsAscend: Bool, queries: UnsafePointer<Float>, count: Int, k: Int,
        nomination: Nomination
    ) {
        self.rows = rows
        self.ids = ids
        self.queries = queries
        self.count = count
        self.k = k
        self.nomination = nomination
        let capacity = Self.capacity(k: k)
        let padded = (count + groupQueries - 1) / groupQueries * groupQueries
        lo = Buffer(repeating: 0, count: count * capacity)
        hi = Buffer(repeating: 0, count: count * capacity)
        candidates = Buffer(repeating: 0, count: count * capacity)
        selectors = Buffer(repeating: akin_selector(), count: count)
        words = Buffer(repeating: 0, count: 2 * capacity)
        for q in 0..<count {
            selectors[q] = akin_selector(
                lo: lo.pointer + q * capacity, hi: hi.pointer + q * capacity, row: candidates.pointer + q * capacity,
                count: 0, limit: UInt32(k), capacity: UInt32(capacity),
                k: UInt32(k), bound: .max)
        }
        bound = Buffer(repeating: -.infinity, count: padded)
        bound8 = Buffer(repeating: .max, count: padded)
        scale = Buffer(repeating: 0, count: padded)
        offset = Buffer(repeating: 0, count: padded)
        slack = Buffer(repeating: 0, count: padded)
        x1 = Buffer(repeating: 0, count: padded)
        x2 = Buffer(repeating: 0, count: padded)
        offset64 = Buffer(repeating: 0, count: padded)
        shared.pointee.count = count
        shared.pointee.groups = padded / groupQueries
        shared.pointee.bound = bound.pointer
        shared.pointee.bound8 = bound8.pointer
        shared.pointee.scale = UnsafePointer(scale.pointer)
        shared.pointee.offset = UnsafePointer(offset.pointer)
        shared.pointee.offset64 = UnsafePointer(offset64.pointer)
        shared.pointee.slack = UnsafePointer(slack.pointer)
        shared.pointee.x1 = UnsafePointer(x1.pointer)
        shared.pointee.x2 = UnsafePointer(x2.pointer)
        shared.pointee.selectors = selectors.pointer
        shared.pointee.strict = idsAscend
        shared.pointee.resolve = { context, _, query in
            guard let context else { return }
            Unmanaged<QueryBlock>.fromOpaque(context).takeUnretainedValue().resolve(query)
        }
        shared.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        prepare(nomination)
    }

    /// Packs the queries for a way of nominating; the candidates found so far stay.
    func prepare(_ nomination: Nomination) {
        self.nomination = nomination
        shared.pointee.exact8 = nomination == .exact8
        switch nomination {
        case .exact64: break
        case .rows32: prepareRows()
        case .tiles32: prepareTiles(eightBit: nil)
        case .dot8, .exact8: prepareTiles(eightBit: rows.codes)
        }
        for q in 0..<count { akin_queries_update_bound(shared, q) }
    }

    private func prepareRows() {
        let gamma = sumError(rows.dimension + 4)
        shared.pointee.packed = UnsafeRawPointer(queries)
        for q in 0..<count {
            offset[q] = 0
            offset64[q] = 0
            // For the cosine, sigma of the row enlarges what a product loses to underflow, 2^-150, by at most 2^100.
            slack[q] = roundedUp(rows.metric == .cosine ? Double(rows.dimension) * 0x1p-50 : underflowSlack)
            x2[q] = 0
            x1[q] = 0
            if rows.metric == .l2 { continue }
            // The kernel multiplies by sigma of the row; that of the query is one factor for all and is left to
            // the query: it is packed below.
            let x = queries + q * rows.dimension
            let length = rows.kernels.pointee.product(x, x, rows.dimension).squareRoot()
            x1[q] = roundedUp(rows.metric == .cosine ? gamma + 6 * unitRoundoff : (gamma + 4 * unitRoundoff) * length)
        }
        guard rows.metric == .cosine else { return }
        packed = Buffer(repeating: 0, count: count * rows.dimension * 4)
        packed.pointer.withMemoryRebound(to: Float.self, capacity: count * rows.dimension) { floats in
            for q in 0..<count {
                let sigma = self.sigma(of: q)
                for c in q * rows.dimension..<(q + 1) * rows.dimension { floats[c] = queries[c] * sigma }
            }
        }
        shared.pointee.packed = UnsafeRawPointer(packed.pointer)
    }

    /// The factor that makes query `q` what the metric compares: 1, or 1 / |x|.
    private func sigma(of q: Int) -> Float {
        guard rows.metric == .cosine else { return 1 }
        let x = queries + q * rows.dimension
        return StoredRows.sigma(square: rows.kernels.pointee.product(x, x, rows.dimension))
    }

    private func prepareTiles(eightBit codes: EightBitCodes?) {
        let dimension = rows.dimension
        let padded = codes?.padded ?? dimension
        let groupBytes = groupQueries * padded * (codes == nil ? 4 : 1)
        packed = Buffer(repeating: codes == nil ? 0 : 128, count: shared.pointee.groups * groupBytes)
        shared.pointee.packed = UnsafeRawPointer(packed.pointer)
        let u = unitRoundoff, factor = rows.productFactor
        let centered = Buffer<Float>(repeating: 0, count: dimension)
        let code = Buffer<Int8>(repeating: 0, count: padded)
        for q in 0..<count {
            let x = queries + q * dimension
            let sigma = self.sigma(of: q)
            let m = akin_row_measure(x, dimension, Double(sigma), rows.center.pointer)
            let length = m.norm2.squareRoot(), scaled = m.scaled_norm2.squareRoot()
            let group = packed.pointer + q / groupQueries * groupBytes
            var error: Double
            if codes != nil {
                let step = nomination == .exact8 ? 1 : Float(m.largest / 127)
                let stats = akin_row_encode(
                    x, dimension, Double(sigma), rows.center.pointer, Double(step), code.pointer)
                akin_group_put_codes(code.pointer, padded, q % groupQueries, group)
                error = stats.error2.squareRoot()
                if rows.metric == .cosine { error += 1.5 * u * scaled }
                scale[q] = step
            } else {
                for c in 0..<dimension { centered[c] = x[c] * sigma - rows.center[c] }
                group.withMemoryRebound(to: Float.self, capacity: groupBytes / 4) {
                    akin_group_put_floats(centered.pointer, dimension, q % groupQueries, $0)
                }
                error = u * ((rows.metric == .cosine ? 2.5 * scaled : 0) + 1.5 * length)
            }
            // |x|^2, or - <sigma x, center> = - <r, center> - |center|^2
            let a = rows.metric == .l2 ? m.norm2 : -m.center_dot - rows.centerNorm2
            offset64[q] = a
            offset[q] = Float(a)
            slack[q] = roundedUp(6 * u * abs(a) + underflowSlack)
            x1[q] = roundedUp(factor * (length + error))
            x2[q] = roundedUp(factor * error * (1 + 8 * u))
        }
    }

    /// Makes the candidates of a query exact and leaves the k nearest: called when intervals overlap too much.
    private func resolve(_ q: Int) {
        let selector = selectors.pointer + q
        let count = Int(selector.pointee.count)
        resolved += count
        let kept: [Contender] = withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { keys in
            guard let keys = keys.baseAddress else { return [] }
            if nomination == .exact8 {
                for i in 0..<count { keys[i] = akin_ordered(Float(selector.pointee.lo[i])) }
            } else {
                var exact = ExactKeys(rows: rows, query: queries + q * rows.dimension)
                exact.compute(selector.pointee.row, count: count, into: keys)
            }
            return nearest(keys, selector.pointee.row, count: count)
        }
        for (i, contender) in kept.enumerated() {
            // Whole keys that round to the same float take its value: no other row's order depends on the difference.
            let key = nomination == .exact8 ? Int32(akin_unordered(contender.key)) : contender.key
            selector.pointee.lo[i] = key
            selector.pointee.hi[i] = key
            selector.pointee.row[i] = contender.row
        }
        selector.pointee.count = UInt32(kept.count)
    }

    /// Takes some rows with their exact keys.
    func addExactly(_ range: Range<Int>) {
        for q in 0..<count {
            var exact = ExactKeys(rows: rows, query: queries + q * rows.dimension)
            let selector = selectors.pointer + q
            for first in stride(from: range.lowerBound, to: range.upperBound, by: panelRows) {
                let some = min(panelRows, range.upperBound - first)
                let end = Int(selector.pointee.count)
                for i in 0..<some { selector.pointee.row[end + i] = UInt32(first + i) }
                exact.compute(selector.pointee.row + end, count: some, into: selector.pointee.lo + end)
                for i in 0..<some { selector.pointee.hi[end + i] = selector.pointee.lo[end + i] }
                selector.pointee.count += UInt32(some)
                if selector.pointee.count >= selector.pointee.limit { rows.kernels.pointee.make_room(shared, q) }
            }
        }
    }

    /// The k nearest of the rows scanned, nearest first.
    func finish(_ q: Int) -> [Contender] {
        let selector = selectors.pointer + q
        rows.kernels.pointee.compact(selector)
        let count = Int(selector.pointee.count)
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { keys in
            guard let keys = keys.baseAddress else { return [] }
            if nomination == .exact8 {
                for i in 0..<count { keys[i] = akin_ordered(Float(selector.pointee.lo[i])) }
                return nearest(keys, selector.pointee.row, count: count)
            }
            // From the most promising on, until no interval begins under the k-th exact key.
            sort(selector.pointee.lo, selector.pointee.row, count: count)
            var exact = ExactKeys(rows: rows, query: queries + q * rows.dimension)
            var known = 0, reach = Int32.max
            while known < count, selector.pointee.lo[known] <= reach {
                let some = min(count - known, max(16, known == 0 ? k : k / 4))
                exact.compute(selector.pointee.row + known, count: some, into: keys + known)
                known += some
                if known >= k, known < count { reach = nearest(keys, selector.pointee.row, count: known)[k - 1].key }
            }
            return nearest(keys, selector.pointee.row, count: known)
        }
    }

    /// The k nearest of some rows whose ordered keys are known, nearest first, ties by smaller id.
    private func nearest(_ keys: UnsafePointer<Int32>, _ numbers: UnsafePointer<UInt32>, count: Int) -> [Contender] {
        if !shared.pointee.strict {
            let contenders = (0..<count).map { Contender(key: keys[$0], id: id(numbers[$0]), row: numbers[$0]) }
            return Array(contenders.sorted().prefix(k))
        }
        for i in 0..<count { words[i] = Self.word(keys[i], numbers[i]) }
        akin_sort_words(words.pointer, words.pointer + words.count / 2, count)
        return (0..<min(k, count)).map { i in
            let row = UInt32(truncatingIfNeeded: words[i])
            return Contender(key: Self.key(words[i]), id: id(row), row: row)
        }
    }

    private func sort(_ keys: UnsafeMutablePointer<Int32>, _ numbers: UnsafeMutablePointer<UInt32>, count: Int) {
        for i in 0..<count { words[i] = Self.word(keys[i], numbers[i]) }
        akin_sort_words(words.pointer, words.pointer + words.count / 2, count)
        for i in 0..<count {
            keys[i] = Self.key(words[i])
            numbers[i] = UInt32(truncatingIfNeeded: words[i])
        }
    }

    private func id(_ row: UInt32) -> Int64 { ids?[Int(row)] ?? Int64(row) }

    /// A key and a row in one word that sorts like the pair.
    private static func word(_ key: Int32, _ row: UInt32) -> UInt64 {
        UInt64(UInt32(bitPattern: key ^ .min)) << 32 | UInt64(row)
    }

    private static func key(_ word: UInt64) -> Int32 { Int32(bitPattern: UInt32(word >> 32)) ^ .min }
}
