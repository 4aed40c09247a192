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
    var shared = akin_queries()

    private let selectors: Buffer<akin_selector>
    private let lo, hi: Buffer<Int32>
    private let candidates: Buffer<UInt32>
    private let bound, scale, offset, slack, x1, x2: Buffer<Float>
    private let bound8: Buffer<Int32>
    private let offset64: Buffer<Double>
    private var packed = Buffer<UInt8>(repeating: 0, count: 0)

    /// Candidates that a query can hold before those that intervals cannot tell apart are made exact.
    static func capacity(k: Int) -> Int { 2 * k + 320 }

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
        for q in 0..<count {
            selectors[q] = akin_selector(
                lo: lo.pointer + q * capacity, hi: hi.pointer + q * capacity, row: candidates.pointer + q * capacity,
                count: 0, limit: UInt32(min(capacity, max(k, 2 * panelRows))), capacity: UInt32(capacity),
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
        shared.count = count
        shared.groups = padded / groupQueries
        shared.bound = bound.pointer
        shared.bound8 = bound8.pointer
        shared.scale = UnsafePointer(scale.pointer)
        shared.offset = UnsafePointer(offset.pointer)
        shared.offset64 = UnsafePointer(offset64.pointer)
        shared.slack = UnsafePointer(slack.pointer)
        shared.x1 = UnsafePointer(x1.pointer)
        shared.x2 = UnsafePointer(x2.pointer)
        shared.selectors = selectors.pointer
        shared.strict = idsAscend
        shared.resolve = { context, _, query in
            guard let context else { return }
            Unmanaged<QueryBlock>.fromOpaque(context).takeUnretainedValue().resolve(query)
        }
        shared.context = Unmanaged.passUnretained(self).toOpaque()
        prepare(nomination)
    }

    /// Packs the queries for a way of nominating; the candidates found so far stay.
    func prepare(_ nomination: Nomination) {
        self.nomination = nomination
        shared.exact8 = nomination == .exact8
        switch nomination {
        case .exact64: break
        case .rows32: prepareRows()
        case .tiles32: prepareTiles(eightBit: nil)
        case .dot8, .exact8: prepareTiles(eightBit: rows.codes)
        }
        for q in 0..<count { akin_queries_update_bound(&shared, q) }
    }

    private func prepareRows() {
        let gamma = sumError(rows.dimension + 4)
        shared.packed = UnsafeRawPointer(queries)
        for q in 0..<count {
            offset[q] = 0
            offset64[q] = 0
            slack[q] = roundedUp(underflowSlack)
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
        shared.packed = UnsafeRawPointer(packed.pointer)
    }

    /// The factor that makes query `q` what the metric compares: 1, or 1 / |x|.
    private func sigma(of q: Int) -> Float {
        guard rows.metric == .cosine else { return 1 }
        let x = queries + q * rows.dimension
        let square = rows.kernels.pointee.product(x, x, rows.dimension)
        return square > 0 ? Float(1 / square.squareRoot()) : 0
    }

    private func prepareTiles(eightBit codes: EightBitCodes?) {
        let dimension = rows.dimension
        let padded = codes?.padded ?? dimension
        let groupBytes = groupQueries * padded * (codes == nil ? 4 : 1)
        packed = Buffer(repeating: codes == nil ? 0 : 128, count: shared.groups * groupBytes)
        shared.packed = UnsafeRawPointer(packed.pointer)
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
        var contenders: [Contender] = []
        contend(q, first: 0, last: Int(selector.pointee.count), into: &contenders)
        contenders.sort()
        resolved += contenders.count
        let kept = min(k, contenders.count)
        for i in 0..<kept {
            selector.pointee.lo[i] = contenders[i].raw
            selector.pointee.hi[i] = contenders[i].raw
            selector.pointee.row[i] = contenders[i].row
        }
        selector.pointee.count = UInt32(kept)
    }

    /// Takes some rows with their exact keys.
    func addExactly(_ range: Range<Int>) {
        for q in 0..<count {
            var exact = ExactKeys(rows: rows, query: queries + q * rows.dimension)
            let selector = selectors.pointer + q
            for first in stride(from: range.lowerBound, to: range.upperBound, by: panelRows) {
                let some = min(panelRows, range.upperBound - first)
                if Int(selector.pointee.count) + some > Int(selector.pointee.limit) {
                    akin_queries_make_room(&shared, q)
                }
                let end = Int(selector.pointee.count)
                for i in 0..<some { selector.pointee.row[end + i] = UInt32(first + i) }
                exact.compute(selector.pointee.row + end, count: some, into: selector.pointee.lo + end)
                for i in 0..<some { selector.pointee.hi[end + i] = selector.pointee.lo[end + i] }
                selector.pointee.count += UInt32(some)
            }
        }
    }

    /// The k nearest of the rows scanned, nearest first.
    func finish(_ q: Int) -> [Contender] {
        let selector = selectors.pointer + q
        akin_selector_compact(selector)
        let count = Int(selector.pointee.count)
        var contenders: [Contender] = []
        if nomination == .exact8 {
            contend(q, first: 0, last: count, into: &contenders)
            contenders.sort()
        } else {
            // From the most promising on, until no interval begins under the k-th exact key.
            sortByLowerBound(selector.pointee)
            var next = 0
            while next < count {
                if contenders.count >= k, selector.pointee.lo[next] > contenders[k - 1].key { break }
                let last = min(count, next + max(k - contenders.count, 16))
                contend(q, first: next, last: last, into: &contenders)
                contenders.sort()
                next = last
            }
        }
        if contenders.count > k { contenders.removeLast(contenders.count - k) }
        return contenders
    }

    /// Appends candidates `first..<last` of a query with their exact keys.
    private func contend(_ q: Int, first: Int, last: Int, into contenders: inout [Contender]) {
        guard last > first else { return }
        let selector = selectors[q]
        contenders.reserveCapacity(contenders.count + last - first)
        func add(_ i: Int, key: Int32, raw: Int32) {
            let row = selector.row[i]
            contenders.append(Contender(key: key, id: ids?[Int(row)] ?? Int64(row), row: row, raw: raw))
        }
        if nomination == .exact8 {
            for i in first..<last { add(i, key: akin_ordered(Float(selector.lo[i])), raw: selector.lo[i]) }
            return
        }
        var exact = ExactKeys(rows: rows, query: queries + q * rows.dimension)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: last - first) { keys in
            guard let keys = keys.baseAddress else { return }
            exact.compute(selector.row + first, count: last - first, into: keys)
            for i in first..<last { add(i, key: keys[i - first], raw: keys[i - first]) }
        }
    }

    private func sortByLowerBound(_ selector: akin_selector) {
        let count = Int(selector.count)
        // The order of two 32-bit keys in one 64-bit word: sorting words is what the machine does best.
        var words = (0..<count).map { Int64(selector.lo[$0]) << 32 | Int64(selector.row[$0]) }
        words.sort()
        for i in 0..<count {
            selector.lo[i] = Int32(truncatingIfNeeded: words[i] >> 32)
            selector.row[i] = UInt32(truncatingIfNeeded: words[i])
        }
    }
}
