/// Searches the lowest level of a graph for rows that a filter lets pass; belongs to one thread.
///
/// A walk goes from passing row to passing row. Links to rows that do not pass are followed to the links of those, so the
/// passing rows stay connected where every second or tenth row passes (Patel et al.: "ACORN" (2024), arXiv 2403.04871).
/// It starts from the passing rows near where a walk without the filter arrives, and from some of all over the index,
/// which helps where none of the rows near the query pass.
final class FilteredSearcher {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let kernels: Kernels
    private let filter: GraphFilter
    private let query: Buffer<UInt8>
    private let layer: LayerView
    private let met: Buffer<UInt64>
    private var touched: [UInt32] = []
    private var pool: [Candidate] = []
    private var fresh: [UInt32] = []
    private var keys: [Float] = []
    /// Codes that were compared with queries.
    private(set) var visited = 0

    private struct Candidate {
        var key: Float
        var row: UInt32
        var isWalked = false
    }

    init(_ index: HNSWIndex, layer: LayerView, filter: GraphFilter, kernels: Kernels) {
        codec = index.codec
        codes = index.codes.base
        self.kernels = kernels
        self.filter = filter
        self.layer = layer
        query = Buffer(repeating: 0, count: codec.queryByteCount)
        met = Buffer(repeating: 0, count: (index.count + 63) / 64)
    }

    /// The rows found, nearest first.
    var found: some Collection<UInt32> { pool.lazy.map(\.row) }

    /// Takes a vector, `[codec.dimension]`, as the query of what follows.
    func ask(_ vector: UnsafePointer<Float>) { codec.prepare(vector, into: query.pointer) }

    /// Keeps the passing rows of a walk without the filter.
    func keep(_ searcher: GraphSearcher, ef: Int) {
        pool.removeAll(keepingCapacity: true)
        for i in 0..<searcher.poolCount where pool.count < ef {
            let (member, key) = searcher[i]
            if filter.passes(member) { pool.append(Candidate(key: key, row: member)) }
        }
    }

    /// Keeps the `ef` nearest of all passing rows by their codes.
    func scan(_ rows: [UInt32], ef: Int) {
        pool.removeAll(keepingCapacity: true)
        for first in stride(from: 0, to: rows.count, by: 256) {
            fresh.removeAll(keepingCapacity: true)
            fresh.append(contentsOf: rows[first..<min(first + 256, rows.count)])
            _ = compare(ef: ef, from: 0)
        }
    }

    /// Walks across the links of rows that do not pass, from where a walk without the filter arrived, and keeps the best
    /// `ef` rows met.
    func walk(from searcher: GraphSearcher, ef: Int) {
        pool.removeAll(keepingCapacity: true)
        fresh.removeAll(keepingCapacity: true)
        for i in 0..<searcher.poolCount {
            let member = searcher[i].member
            if filter.passes(member) {
                if meet(member) { fresh.append(member) }
            } else if meet(member) {
                gather(across: member)
            }
        }
        // Where none passes nearby, those that pass may be in several places far from here.
        let ef = fresh.isEmpty ? 4 * ef : ef
        for row in filter.seeds where meet(row) { fresh.append(row) }
        _ = compare(ef: ef, from: 0)
        var next = 0
        while next < pool.count {
            guard !pool[next].isWalked else {
                next += 1
                continue
            }
            pool[next].isWalked = true
            fresh.removeAll(keepingCapacity: true)
            let links = layer.links + Int(pool[next].row) * layer.degree
            for i in 0..<layer.degree where links[i] != GraphLayer.none {
                guard meet(links[i]) else { continue }
                if filter.passes(links[i]) { fresh.append(links[i]) } else { gather(across: links[i]) }
            }
            next = compare(ef: ef, from: next + 1)
        }
        for row in touched { met[Int(row >> 6)] = 0 }
        touched.removeAll(keepingCapacity: true)
    }

    /// Collects the passing links of a row that does not pass.
    private func gather(across row: UInt32) {
        let links = layer.links + Int(row) * layer.degree
        for i in 0..<layer.degree {
            if links[i] == GraphLayer.none { break }
            // A row that does not pass is left for a walk that meets it directly.
            if filter.passes(links[i]), meet(links[i]) { fresh.append(links[i]) }
        }
    }

    /// Puts collected rows in their places; gives the first place that changed, at most `next`.
    private func compare(ef: Int, from next: Int) -> Int {
        guard !fresh.isEmpty else { return next }
        if keys.count < fresh.count { keys = [Float](repeating: 0, count: 2 * fresh.count) }
        codec.keys(query.pointer, codes, fresh, count: fresh.count, kernels: kernels, into: &keys)
        visited += fresh.count
        var first = next
        for (i, row) in fresh.enumerated() {
            let key = keys[i]
            if pool.count >= ef, let last = pool.last, !(key < last.key) { continue }
            var low = 0, high = pool.count
            while low < high {
                let middle = (low + high) / 2
                if pool[middle].key < key || (pool[middle].key == key && pool[middle].row < row) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            pool.insert(Candidate(key: key, row: row), at: low)
            if pool.count > ef { pool.removeLast() }
            first = min(first, low)
        }
        return first
    }

    private func meet(_ row: UInt32) -> Bool {
        let bit = UInt64(1) << UInt64(row & 63)
        guard met[Int(row >> 6)] & bit == 0 else { return false }
        met[Int(row >> 6)] |= bit
        touched.append(row)
        return true
    }
}
