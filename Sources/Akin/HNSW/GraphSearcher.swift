/// Walks graphs for one query at a time; belongs to one thread.
final class GraphSearcher {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let kernels: Kernels
    /// The query, as the codec compares it.
    private let query: Buffer<UInt8>
    /// The best members met, nearest first: key, and the member with a bit that says it was walked from.
    private var poolKeys: Buffer<Float>
    private var poolMembers: Buffer<UInt32>
    private(set) var poolCount = 0
    /// A bit for each member met, and the words that have some.
    private var met: Buffer<UInt64>
    private var touched: [Int32] = []
    /// Members not met before, their rows and keys: the links of one member.
    private let fresh: Buffer<UInt32>
    private let freshRows: Buffer<UInt32>
    private let freshKeys: Buffer<Float>
    /// Codes that were compared with queries.
    private(set) var visited = 0

    private static let walked: UInt32 = 1 << 31

    /// Prepares for graphs whose members number at most `members`, each with at most `degree` links.
    init(codec: any GraphCodec, codes: UnsafeRawPointer, members: Int, degree: Int, kernels: Kernels) {
        self.codec = codec
        self.codes = codes
        self.kernels = kernels
        query = Buffer(repeating: 0, count: codec.queryByteCount)
        poolKeys = Buffer(uninitialized: 0)
        poolMembers = Buffer(uninitialized: 0)
        met = Buffer(repeating: 0, count: (members + 63) / 64)
        fresh = Buffer(repeating: 0, count: degree)
        freshRows = Buffer(repeating: 0, count: degree)
        freshKeys = Buffer(repeating: 0, count: degree)
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
    subscript(i: Int) -> (member: UInt32, key: Float) { (poolMembers[i] & ~Self.walked, poolKeys[i]) }

    /// Goes down from the top to the layer of number `last`, always to the nearest member; gives where it arrives.
    func descend(_ layers: [LayerView], from entry: UInt32, to last: Int) -> UInt32 {
        var member = entry
        for layer in layers[(last + 1)...].reversed() {
            search(layer, from: member, ef: 1)
            member = layer.below(self[0].member)
        }
        return member
    }

    /// Walks a layer from a member and leaves the best `ef` members met in the pool.
    ///
    /// Malkov, Yashunin 2018, algorithm 2, with one list for candidates and results.
    func search(_ layer: LayerView, from entry: UInt32, ef: Int) {
        if poolKeys.count < ef + 1 {
            poolKeys = Buffer(uninitialized: ef + 1)
            poolMembers = Buffer(uninitialized: ef + 1)
        }
        clear()
        let (keys, members) = (poolKeys.pointer, poolMembers.pointer)
        _ = meet(entry)
        keys[0] = key(row: layer.row(of: entry))
        members[0] = entry
        poolCount = 1
        var next = 0
        while next < poolCount {
            let member = members[next]
            guard member & Self.walked == 0 else {
                next += 1
                continue
            }
            members[next] = member | Self.walked
            let n = gather(layer, member)
            let rows = layer.places == nil ? fresh.pointer : freshRows.pointer
            codec.keys(query.pointer, codes, rows, count: n, kernels: kernels, into: freshKeys.pointer)
            visited += n
            var first = next + 1
            for i in 0..<n {
                let key = freshKeys[i]
                if poolCount == ef, !(key < keys[ef - 1]) { continue }
                first = min(first, insert(key, fresh[i], ef: ef))
            }
            next = first
        }
    }

    /// Collects the links of a member that were not met before.
    private func gather(_ layer: LayerView, _ member: UInt32) -> Int {
        let links = layer.links + Int(member) * layer.degree
        let (fresh, rows) = (fresh.pointer, freshRows.pointer)
        var n = 0
        for i in 0..<layer.degree {
            let link = links[i]
            if link == GraphLayer.none { break }
            guard meet(link) else { continue }
            fresh[n] = link
            rows[n] = layer.row(of: link)
            n += 1
        }
        return n
    }

    /// Puts a member in its place, which it gives.
    ///
    /// Of equal keys the one met first stays first.
    private func insert(_ key: Float, _ member: UInt32, ef: Int) -> Int {
        let (keys, members) = (poolKeys.pointer, poolMembers.pointer)
        var low = 0, high = poolCount
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] <= key { low = middle + 1 } else { high = middle }
        }
        let moved = min(poolCount, ef - 1) - low
        (keys + low + 1).update(from: keys + low, count: moved)
        (members + low + 1).update(from: members + low, count: moved)
        keys[low] = key
        members[low] = member
        poolCount = min(poolCount + 1, ef)
        return low
    }

    private func meet(_ member: UInt32) -> Bool {
        let word = Int(member >> 6), bit = UInt64(1) << UInt64(member & 63)
        let before = met[word]
        guard before & bit == 0 else { return false }
        if before == 0 { touched.append(Int32(word)) }
        met[word] = before | bit
        return true
    }

    private func clear() {
        for word in touched { met[Int(word)] = 0 }
        touched.removeAll(keepingCapacity: true)
        poolCount = 0
    }
}
