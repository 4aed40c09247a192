/// The links of a batch of members to those that joined before, grouped by where they lead.
struct BackwardLinks: Sendable {
    /// Target and member, in this order.
    private let edges: [UInt64]
    /// Where each target's edges begin, and the end.
    private let starts: [Int]

    /// - Parameters:
    ///   - members: those of the batch on this level.
    ///   - links: `[count][degree]` of the level.
    ///   - degree: links a member can have.
    init(_ members: [UInt32], links: UnsafePointer<UInt32>, degree: Int) {
        var edges: [UInt64] = []
        edges.reserveCapacity(members.count * degree / 2)
        for member in members {
            for i in 0..<degree {
                let target = links[Int(member) * degree + i]
                if target == GraphLayer.none { break }
                edges.append(UInt64(target) << 32 | UInt64(member))
            }
        }
        edges.sort()
        var starts = edges.indices.filter { $0 == 0 || edges[$0] >> 32 != edges[$0 - 1] >> 32 }
        starts.append(edges.count)
        self.edges = edges
        self.starts = starts
    }

    /// Members that are linked to.
    var targets: Int { starts.count - 1 }

    /// A target, and the members of the batch that are linked to it.
    subscript(number: Int) -> (target: UInt32, members: [UInt32]) {
        let group = edges[starts[number]..<starts[number + 1]]
        return (UInt32(group[group.startIndex] >> 32), group.map { UInt32(truncatingIfNeeded: $0) })
    }

    /// Adds other members that are linked to the same target: those whose numbers are next to this member's.
    func collect(beside member: UInt32, linkedTo target: UInt32, atMost limit: Int, into others: inout [UInt32]) {
        let own = UInt64(target) << 32 | UInt64(member)
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < own { low = middle + 1 } else { high = middle }
        }
        func isAlike(_ at: Int) -> Bool { edges.indices.contains(at) && edges[at] >> 32 == UInt64(target) }
        var (before, after, left) = (low - 1, low + 1, limit)
        while left > 0, isAlike(before) || isAlike(after) {
            for at in [before, after] where left > 0 && isAlike(at) {
                others.append(UInt32(truncatingIfNeeded: edges[at]))
                left -= 1
            }
            before -= 1
            after += 1
        }
    }
}

/// Chooses the links of a member anew when others are offered; belongs to one thread.
final class GraphLinkChooser {
    private let pruner: GraphPruner
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let view: LayerView
    private let links: UnsafeMutablePointer<UInt32>
    private let query: Buffer<UInt8>
    private var candidates: [GraphPruner.Candidate] = []
    private var rows: [UInt32] = []
    private var keys: [Float] = []

    /// A chooser for one level, whose links it writes: `links` are those that `view` lends.
    init(
        _ view: LayerView, links: UnsafeMutablePointer<UInt32>, codec: any GraphCodec, codes: UnsafeRawPointer,
        alpha: Float
    ) {
        pruner = GraphPruner(codec: codec, codes: codes, degree: view.degree, alpha: alpha, kernels: .best)
        query = Buffer(repeating: 0, count: codec.queryByteCount)
        self.codec = codec
        self.codes = codes
        self.view = view
        self.links = links
    }

    /// Links a member to what a searcher found for it, nearest first.
    func link(_ member: UInt32, to found: some Sequence<GraphPruner.Candidate>) {
        pruner.choose(among: found, degree: view.degree, into: links + Int(member) * view.degree)
    }

    /// Offers a member others to be linked to.
    ///
    /// - Parameters:
    ///   - others: without repetitions; those that the member is linked to are passed over.
    ///   - member: whose links may change.
    ///   - whileFree: whether links are simply added where all of them have room; those are in no order.
    func offer(_ others: [UInt32], to member: UInt32, whileFree: Bool) {
        let own = links + Int(member) * view.degree
        var held = 0
        while held < view.degree, own[held] != GraphLayer.none { held += 1 }
        let new = others.filter { other in !(0..<held).contains { own[$0] == other } }
        if whileFree, held + new.count <= view.degree {
            for (i, other) in new.enumerated() { own[held + i] = other }
            return
        }
        guard !new.isEmpty else { return }
        candidates.removeAll(keepingCapacity: true)
        for i in 0..<held { candidates.append(.init(key: 0, member: own[i], row: view.row(of: own[i]))) }
        for other in new { candidates.append(.init(key: 0, member: other, row: view.row(of: other))) }
        rows = candidates.map(\.row)
        keys = Array(repeating: 0, count: rows.count)
        codec.prepare(row: codes + Int(view.row(of: member)) * codec.rowByteCount, into: query.pointer)
        codec.keys(query.pointer, codes, &rows, count: rows.count, kernels: .best, into: &keys)
        for i in candidates.indices { candidates[i].key = keys[i] }
        candidates.sort(by: GraphPruner.Candidate.isBefore)
        pruner.choose(among: candidates, degree: view.degree, into: own)
    }
}
