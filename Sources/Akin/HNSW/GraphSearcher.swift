internal import CAkinKernels

/// Walks graphs for one query at a time; belongs to one thread.
///
/// Where the codec's rows have kernels, these walk by themselves; both ways give the same members in the same order.
final class GraphSearcher {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let kernels: Kernels
    /// The query, as the codec compares it.
    private let query: Buffer<UInt8>
    /// The best members met, nearest first: the key's bits, the member, and a bit that says it was walked from.
    private var pool: Buffer<UInt64>
    private(set) var poolCount = 0
    /// A bit for each member met, and the members met.
    private let met: Buffer<UInt32>
    private let seen: Buffer<UInt32>
    private var seenCount = 0
    /// Rows of members not met before, and their keys: the links of one member.
    private let freshRows: Buffer<UInt32>
    private let freshKeys: Buffer<Float>
    /// Codes that were compared with queries.
    private(set) var visited = 0

    private let rows: akin_graph_rows
    private let beam: akin_graph_beam?
    private let descent: akin_graph_descend?

    /// Prepares for graphs whose members number at most `members`, each with at most `degree` links.
    init(codec: any GraphCodec, codes: UnsafeRawPointer, members: Int, degree: Int, kernels: Kernels) {
        self.codec = codec
        self.codes = codes
        self.kernels = kernels
        query = Buffer(repeating: 0, count: codec.queryByteCount)
        pool = Buffer(uninitialized: 0)
        met = Buffer(repeating: 0, count: (members + 31) / 32)
        seen = Buffer(uninitialized: members + degree + 16)
        freshRows = Buffer(repeating: 0, count: degree)
        freshKeys = Buffer(repeating: 0, count: degree)
        let kind = (codec as? any GraphRowCodec)?.rowKind
        rows = kind?.rows(at: codes) ?? akin_graph_rows()
        beam = kind?.beam(kernels)
        descent = kind?.descent(kernels)
    }

    /// Takes a vector, `[codec.dimension]`, as the query of the walks that follow.
    func ask(_ vector: UnsafePointer<Float>) { codec.prepare(vector, into: query.pointer) }

    /// Takes a stored row as the query.
    func ask(row: UInt32) { codec.prepare(row: codes + Int(row) * codec.rowByteCount, into: query.pointer) }

    /// The key of a row.
    func key(row: UInt32) -> Float {
        freshRows[0] = row
        codec.keys(query.pointer, codes, freshRows.pointer, count: 1, kernels: kernels, into: freshKeys.pointer)
        visited += 1
        return freshKeys[0]
    }

    /// Member `i` of the pool and its key.
    subscript(i: Int) -> (member: UInt32, key: Float) {
        (UInt32(truncatingIfNeeded: pool[i]) >> 1, Float(bitPattern: UInt32(pool[i] >> 32)))
    }

    /// Goes down from the top to the layer of number `last`, always to the nearest member; gives where it arrives.
    func descend(_ layers: [LayerView], from entry: UInt32, to last: Int) -> UInt32 {
        var member = entry
        for layer in layers[(last + 1)...].reversed() {
            if let descent {
                var turn = turn(from: member), described = described(layer)
                member = descent(&described, &turn)
                visited += turn.seen_count
            } else {
                search(layer, from: member, ef: 1)
                member = layer.below(self[0].member)
            }
        }
        return member
    }

    /// Walks a layer from a member and leaves the best `ef` members met in the pool.
    ///
    /// Malkov, Yashunin 2018, algorithm 2, with one list for candidates and results; of equal keys the smaller member is
    /// the better.
    func search(_ layer: LayerView, from entry: UInt32, ef: Int) {
        Self.search(layer, CollectionOfOne((searcher: self, entry: entry)), ef: ef)
    }

    /// Walks that take turns, at most.
    static let together = Int(AKIN_GRAPH_WALKS)

    /// As ``search(_:from:ef:)`` for several searchers of one graph, each from its member: one computes while others
    /// wait for memory.
    static func search(
        _ layer: LayerView, _ starts: some Collection<(searcher: GraphSearcher, entry: UInt32)>, ef: Int
    ) {
        guard let first = starts.first?.searcher else { return }
        for (searcher, _) in starts where searcher.pool.count < ef + 1 {
            searcher.pool = Buffer(uninitialized: ef + 1)
        }
        guard let beam = first.beam else {
            for (searcher, entry) in starts { searcher.walk(layer, from: entry, ef: ef) }
            return
        }
        withUnsafeTemporaryAllocation(of: akin_graph_walk.self, capacity: starts.count) { turns in
            for (i, start) in starts.enumerated() {
                turns.initializeElement(at: i, to: start.searcher.turn(from: start.entry))
            }
            var described = first.described(layer)
            beam(&described, turns.baseAddress, starts.count, ef)
            for (i, start) in starts.enumerated() {
                start.searcher.poolCount = turns[i].count
                start.searcher.visited += turns[i].seen_count
            }
        }
    }

    private func turn(from member: UInt32) -> akin_graph_walk {
        akin_graph_walk(
            query: query.pointer, member: member, pool: pool.pointer, count: 0, met: met.pointer, seen: seen.pointer,
            seen_count: 0, next: 0, fresh: 0)
    }

    private func described(_ layer: LayerView) -> akin_graph_layer {
        akin_graph_layer(rows: rows, links: layer.links, places: layer.places, degree: layer.degree)
    }

    /// The walk of codecs without kernels of their own.
    private func walk(_ layer: LayerView, from entry: UInt32, ef: Int) {
        let pool = pool.pointer
        _ = meet(entry)
        pool[0] = Self.item(key(row: layer.row(of: entry)), entry)
        poolCount = 1
        var next = 0
        while next < poolCount {
            guard pool[next] & 1 == 0 else {
                next += 1
                continue
            }
            let member = UInt32(truncatingIfNeeded: pool[next]) >> 1
            pool[next] |= 1
            let met = seenCount
            gather(layer, member)
            let n = seenCount - met
            codec.keys(query.pointer, codes, freshRows.pointer, count: n, kernels: kernels, into: freshKeys.pointer)
            visited += n
            var first = next + 1
            for i in 0..<n {
                let item = Self.item(freshKeys[i], seen[met + i])
                if poolCount == ef, item > pool[ef - 1] { continue }
                first = min(first, insert(item, ef: ef))
            }
            next = first
        }
        for i in 0..<seenCount { self.met[Int(seen[i] >> 5)] = 0 }
        seenCount = 0
    }

    private static func item(_ key: Float, _ member: UInt32) -> UInt64 {
        UInt64(key.bitPattern) << 32 | UInt64(member) << 1
    }

    /// Collects the links of a member that were not met before.
    private func gather(_ layer: LayerView, _ member: UInt32) {
        let links = layer.links + Int(member) * layer.degree, first = seenCount
        for i in 0..<layer.degree {
            let link = links[i]
            if link == GraphLayer.none { break }
            guard meet(link) else { continue }
            freshRows[seenCount - 1 - first] = layer.row(of: link)
        }
    }

    /// Puts an item in its place, which it gives.
    private func insert(_ item: UInt64, ef: Int) -> Int {
        let pool = pool.pointer
        var low = 0, high = poolCount
        while low < high {
            let middle = (low + high) / 2
            if pool[middle] < item { low = middle + 1 } else { high = middle }
        }
        (pool + low + 1).update(from: pool + low, count: min(poolCount, ef - 1) - low)
        pool[low] = item
        poolCount = min(poolCount + 1, ef)
        return low
    }

    private func meet(_ member: UInt32) -> Bool {
        let word = Int(member >> 5), bit = UInt32(1) << (member & 31)
        guard met[word] & bit == 0 else { return false }
        met[word] |= bit
        seen[seenCount] = member
        seenCount += 1
        return true
    }
}
