internal import CAkinKernels
internal import Synchronization

/// Puts the candidates of a walk in their final order; belongs to one thread.
final class GraphRanking {
    private let index: HNSWIndex
    private let kernels: Kernels
    private let codes: Buffer<UnsafePointer<UInt8>>
    private let keys: Buffer<Double>
    private let decoded: Buffer<Float>
    private let ids: UnsafePointer<Int64>

    init(_ index: HNSWIndex, wanted: Int, kernels: Kernels) {
        self.index = index
        self.kernels = kernels
        codes = Buffer(uninitialized: wanted)
        keys = Buffer(uninitialized: wanted)
        decoded = Buffer(repeating: 0, count: index.codec.dimension)
        ids = index.ids.base.assumingMemoryBound(to: Int64.self)
    }

    /// The `k` nearest of the first `wanted` candidates.
    func best(
        _ k: Int, of searcher: GraphSearcher, wanted: Int, query: UnsafePointer<Float>, prepared: UnsafePointer<Float>
    ) -> [Neighbor] {
        let n = min(wanted, searcher.poolCount)
        if let refinement = index.refinement {
            let base = index.refined.base.assumingMemoryBound(to: UInt8.self)
            let size = refinement.codec.codeByteCount
            for i in 0..<n { codes[i] = base + Int(searcher[i].member) * size }
            refinement.keys(
                of: query, codes.pointer, count: n, metric: index.metric, kernels: kernels, into: keys.pointer)
        } else {
            for i in 0..<n { keys[i] = key(row: Int(searcher[i].member), prepared) }
        }
        var found = (0..<n).map { i in
            (key: akin_ordered(Float(keys[i])), id: ids[Int(searcher[i].member)])
        }
        found.sort { $0.key != $1.key ? $0.key < $1.key : $0.id < $1.id }
        return found.prefix(k).map { key, id in
            let key = akin_unordered(key)
            return Neighbor(id: id, score: index.metric.isSimilarity ? 0 - key : key)
        }
    }

    /// The key of what a row's code stands for.
    private func key(row: Int, _ query: UnsafePointer<Float>) -> Double {
        let codec = index.codec
        codec.decode(index.codes.base + row * codec.rowByteCount, count: 1, into: decoded.pointer)
        let table = kernels.table.pointee
        switch index.metric {
        case .l2: return table.distance(query, decoded.pointer, codec.dimension)
        // The last component of a query is zero.
        case .innerProduct: return 0 - table.product(query, decoded.pointer, codec.dimension)
        case .cosine:
            let length =
                table.product(decoded.pointer, decoded.pointer, codec.dimension).squareRoot()
                * table.product(query, query, codec.dimension).squareRoot()
            return length > 0 ? 0 - table.product(query, decoded.pointer, codec.dimension) / length : 0
        }
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
