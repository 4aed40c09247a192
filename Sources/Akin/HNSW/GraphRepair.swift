/// Links the members of a level that lose links with what those led to; threads share it.
///
/// Only members that stay are written, and only those that are gone are read beside: the result does not depend on the
/// number of threads.
final class GraphRepair: @unchecked Sendable {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let alpha: Float
    private let view: LayerView
    private let links: UnsafeMutablePointer<UInt32>
    private let gone: [Bool]

    /// - Parameters:
    ///   - index: whose rows are still where they were.
    ///   - level: the level to repair.
    ///   - links: of its members.
    ///   - gone: whether each member is.
    init(_ index: HNSWIndex, level: Int, links: UnsafeMutablePointer<UInt32>, gone: [Bool]) {
        codec = index.codec
        codes = index.codes.base
        alpha = index.construction.alpha
        view = LayerView(index.layers[level], isBase: level == 0)
        self.links = links
        self.gone = gone
    }

    func run(threads: Int) {
        let blocks = min(gone.count, threads == 1 ? 1 : 8 * threads)
        do {
            try parallelFor(threads: threads, count: blocks) { block in
                let worker = Worker(self)
                for member in gone.count * block / blocks..<gone.count * (block + 1) / blocks where !gone[member] {
                    worker.repair(UInt32(member))
                }
            }
        } catch { preconditionFailure("\(error)") }
    }

    /// The memory of one thread.
    private final class Worker {
        private let repair: GraphRepair
        private let query: Buffer<UInt8>
        private var rows: [UInt32] = []
        private var keys: [Float] = []
        private var offered: [GraphPruner.Candidate] = []
        private var members: [UInt32] = []
        /// Removed members whose links were offered.
        private var crossed: [UInt32] = []

        init(_ repair: GraphRepair) {
            self.repair = repair
            query = Buffer(repeating: 0, count: repair.codec.queryByteCount)
        }

        func repair(_ member: UInt32) {
            let degree = repair.view.degree
            let own = repair.links + Int(member) * degree
            members.removeAll(keepingCapacity: true)
            crossed.removeAll(keepingCapacity: true)
            for i in 0..<degree {
                if own[i] == GraphLayer.none { break }
                if repair.gone[Int(own[i])] { crossed.append(own[i]) } else { members.append(own[i]) }
            }
            guard !crossed.isEmpty else { return }
            let kept = members.count, before = kept + crossed.count
            collect(besides: member, atMost: 4 * degree)
            rows = members.map { repair.view.row(of: $0) }
            measure(from: repair.view.row(of: member), rows.count)
            offered.removeAll(keepingCapacity: true)
            for i in kept..<members.count {
                offered.append(.init(key: keys[i], member: members[i], row: rows[i]))
            }
            offered.sort(by: GraphPruner.Candidate.isBefore)
            members.removeLast(members.count - kept)
            rows.removeLast(rows.count - kept)
            var passedOver: [UInt32] = []
            for candidate in offered where members.count < degree {
                guard leadsElsewhere(candidate) else {
                    passedOver.append(candidate.member)
                    continue
                }
                members.append(candidate.member)
                rows.append(candidate.row)
            }
            // As many links as before, the nearest first: every round of removals would thin the graph out.
            for member in passedOver where members.count < before { members.append(member) }
            for i in 0..<degree { own[i] = i < members.count ? members[i] : GraphLayer.none }
        }

        /// Collects what removed members lead to, also across others that are removed.
        private func collect(besides member: UInt32, atMost limit: Int) {
            let degree = repair.view.degree
            var next = 0
            while next < crossed.count, members.count < limit {
                let theirs = repair.view.links + Int(crossed[next]) * degree
                next += 1
                for i in 0..<degree {
                    let link = theirs[i]
                    if link == GraphLayer.none { break }
                    if repair.gone[Int(link)] {
                        if crossed.count < limit, !crossed.contains(link) { crossed.append(link) }
                    } else if link != member, !members.contains(link) {
                        members.append(link)
                    }
                }
            }
        }

        /// Whether no member that is linked already leads to a candidate: the rule of ``GraphPruner``.
        private func leadsElsewhere(_ candidate: GraphPruner.Candidate) -> Bool {
            measure(from: candidate.row, rows.count)
            return !(0..<rows.count).contains { repair.alpha * keys[$0] < candidate.key || keys[$0] == 0 }
        }

        /// Sets the keys of the first `n` of ``rows`` to another row.
        private func measure(from row: UInt32, _ n: Int) {
            if keys.count < n { keys = [Float](repeating: 0, count: 2 * n) }
            let codec = repair.codec
            codec.prepare(row: repair.codes + Int(row) * codec.rowByteCount, into: query.pointer)
            codec.keys(query.pointer, repair.codes, rows, count: n, kernels: .best, into: &keys)
        }
    }
}
