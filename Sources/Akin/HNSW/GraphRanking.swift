internal import CAkinKernels
internal import Synchronization

/// Puts candidates in their final order; belongs to one thread.
final class GraphRanking {
    private let index: HNSWIndex
    private let kernels: Kernels
    private let capacity: Int
    private let members: Buffer<UInt32>
    private let keys: Buffer<Float>
    private let decoded: Buffer<Float>
    private let query: Buffer<UInt8>
    private let ids: UnsafePointer<Int64>
    /// The best so far, nearest first.
    private var best: [(key: Float, id: Int64, member: UInt32)] = []

    /// Prepares to rank `wanted` candidates at a time.
    init(_ index: HNSWIndex, wanted: Int, kernels: Kernels) {
        self.index = index
        self.kernels = kernels
        capacity = max(wanted, 256)
        members = Buffer(uninitialized: capacity)
        keys = Buffer(uninitialized: capacity)
        decoded = Buffer(repeating: 0, count: max(index.codec.dimension, index.dimension))
        query = Buffer(repeating: 0, count: index.refinement?.codec.queryByteCount ?? 0)
        ids = index.ids.base.assumingMemoryBound(to: Int64.self)
    }

    /// The `k` nearest of the first `wanted` candidates.
    func best(
        _ k: Int, of searcher: GraphSearcher, wanted: Int, query: UnsafePointer<Float>, prepared: UnsafePointer<Float>
    ) -> [Neighbor] {
        let n = min(wanted, searcher.poolCount)
        for i in 0..<n { members[i] = searcher[i].member }
        return best(k, ofFirst: n, query, prepared)
    }

    /// The `k` nearest of some members, at most `wanted`.
    func best(
        _ k: Int, of candidates: some Collection<UInt32>, query: UnsafePointer<Float>, prepared: UnsafePointer<Float>
    ) -> [Neighbor] {
        for (i, member) in candidates.enumerated() { members[i] = member }
        return best(k, ofFirst: candidates.count, query, prepared)
    }

    /// The `k` nearest of any number of members, all of which are compared exactly by the finest code.
    func best(
        _ k: Int, ofAll rows: [UInt32], query: UnsafePointer<Float>, prepared: UnsafePointer<Float>
    ) -> [Neighbor] {
        best.removeAll(keepingCapacity: true)
        for first in stride(from: 0, to: rows.count, by: capacity) {
            let n = min(capacity, rows.count - first)
            for i in 0..<n { members[i] = rows[first + i] }
            if let refinement = index.refinement {
                exact(refinement.codec, index.refined, n, query)
            } else {
                exact(index.codec, index.codes, n, prepared)
            }
            add(n, keeping: k)
        }
        return neighbors
    }

    /// Those of a walk's candidates that a filter lets pass and whose key is at most `bound`, nearest first, and the
    /// number of candidates up to the last within the bound.
    func all(
        of searcher: GraphSearcher, within bound: Float, filter: IDFilter?, query: UnsafePointer<Float>,
        prepared: UnsafePointer<Float>
    ) -> (found: [Neighbor], reach: Int) {
        best.removeAll(keepingCapacity: true)
        var reach = 0
        for first in stride(from: 0, to: searcher.poolCount, by: capacity) {
            let n = min(capacity, searcher.poolCount - first)
            for i in 0..<n { members[i] = searcher[first + i].member }
            if let refinement = index.refinement {
                let decides = index.metric != .l2 || refinement.codec is FlatGraphCodec
                if decides {
                    exact(refinement.codec, index.refined, n, query)
                } else {
                    refine(refinement.codec, n, query)
                }
            } else {
                exact(index.codec, index.codes, n, prepared)
            }
            for i in 0..<n where keys[i] <= bound {
                reach = first + i + 1
                let id = ids[Int(members[i])]
                if filter?.allows(id) ?? true { best.append((key: keys[i], id: id, member: members[i])) }
            }
        }
        best.sort(by: Self.isBefore)
        return (neighbors, reach)
    }

    private func best(
        _ k: Int, ofFirst n: Int, _ query: UnsafePointer<Float>, _ prepared: UnsafePointer<Float>
    ) -> [Neighbor] {
        if let refinement = index.refinement {
            refine(refinement.codec, n, query)
            keep(min(k, n), of: n)
            // Floats suffice to find the best; what is told of them is computed in double precision.
            if index.metric == .l2, refinement.codec is FlatGraphCodec {
                for i in best.indices { members[i] = best[i].member }
                exact(refinement.codec, index.refined, best.count, query)
                keep(best.count, of: best.count)
            }
        } else {
            exact(index.codec, index.codes, n, prepared)
            keep(min(k, n), of: n)
        }
        return neighbors
    }

    private var neighbors: [Neighbor] {
        best.map { found in
            let key = akin_unordered(akin_ordered(found.key))
            return Neighbor(id: found.id, score: index.metric.isSimilarity ? 0 - key : key)
        }
    }

    /// Sets the keys of `n` members to those of their finer codes.
    private func refine(_ codec: any GraphCodec, _ n: Int, _ vector: UnsafePointer<Float>) {
        guard index.metric == .l2 else { return exact(codec, index.refined, n, vector) }
        codec.prepare(vector, into: query.pointer)
        codec.keys(
            query.pointer, index.refined.base, members.pointer, count: n, kernels: kernels, into: keys.pointer)
        let unit = codec.unit
        for i in 0..<n { keys[i] *= unit }
    }

    /// Sets the keys of `n` members to those of what their codes stand for.
    private func exact(_ codec: any GraphCodec, _ rows: RowStore, _ n: Int, _ vector: UnsafePointer<Float>) {
        for i in 0..<n {
            codec.decode(rows.base + Int(members[i]) * codec.rowByteCount, count: 1, into: decoded.pointer)
            keys[i] = Float(key(vector, decoded.pointer, codec.dimension))
        }
    }

    private func key(_ query: UnsafePointer<Float>, _ row: UnsafePointer<Float>, _ dimension: Int) -> Double {
        let table = kernels.table.pointee
        switch index.metric {
        case .l2: return table.distance(query, row, dimension)
        // Where codes have one more component, that of a query is zero.
        case .innerProduct: return 0 - table.product(query, row, dimension)
        case .cosine:
            let length =
                table.product(row, row, dimension).squareRoot()
                * table.product(query, query, dimension).squareRoot()
            return length > 0 ? 0 - table.product(query, row, dimension) / length : 0
        }
    }

    /// Puts the `k` best of `n` members in order, ties by smaller id.
    private func keep(_ k: Int, of n: Int) {
        best.removeAll(keepingCapacity: true)
        add(n, keeping: k)
    }

    /// Puts `n` members among the best, and keeps `k` of them.
    private func add(_ n: Int, keeping k: Int) {
        for i in 0..<n {
            // Most fall here, before their ids are read.
            if best.count == k, keys[i] > best[k - 1].key { continue }
            let found = (key: keys[i], id: ids[Int(members[i])], member: members[i])
            if best.count == k {
                guard Self.isBefore(found, best[k - 1]) else { continue }
                best.removeLast()
            }
            var at = best.count
            while at > 0, Self.isBefore(found, best[at - 1]) { at -= 1 }
            best.insert(found, at: at)
        }
    }

    private static func isBefore(
        _ a: (key: Float, id: Int64, member: UInt32), _ b: (key: Float, id: Int64, member: UInt32)
    ) -> Bool {
        a.key != b.key ? a.key < b.key : a.id < b.id
    }
}

/// The answers to a batch of queries; each slot is written by one thread.
final class GraphAnswers: @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<[Neighbor]>
    private let sum = Atomic<Int>(0)

    init(queries: Int) {
        slots = .allocate(capacity: queries)
        slots.initialize(repeating: [])
    }

    deinit { slots.deinitialize().deallocate() }

    func set(_ row: [Neighbor], query: Int) { slots[query] = row }
    func add(visited: Int) { sum.add(visited, ordering: .relaxed) }

    var neighbors: Neighbors { Neighbors(Array(slots)) }
    var visited: Int { sum.load(ordering: .relaxed) }
    var shortest: Int { slots.map(\.count).min() ?? .max }
}
