extension HNSWIndex {
    /// Sees to it that vectors which were added can be reached.
    ///
    /// Each gets a link from another where it has none. Links that were left out for new ones can cut others off, so
    /// from time to time everything is checked: whenever a quarter of the vectors came since.
    mutating func connect(added: Range<Int>) {
        linkedSinceCheck += added.count
        // In a small graph that takes no time.
        guard linkedSinceCheck * 4 < count, count > 1 << 14 else { return connect() }
        let links = layers[0].links.mutableBase().assumingMemoryBound(to: UInt32.self)
        let degree = layers[0].degree
        let orphans = added.filter { row in
            !(0..<degree).contains { i in
                let link = links[row * degree + i]
                guard link != GraphLayer.none else { return false }
                return (0..<degree).contains { links[Int(link) * degree + $0] == UInt32(row) }
            }
        }
        guard !orphans.isEmpty else { return }
        let connector = GraphConnector(self, links: links)
        for row in orphans { connector.attach(UInt32(row), besides: nil) }
    }

    /// Links every member of level 0 that cannot be reached from the entry with a near one that can.
    mutating func connect() {
        linkedSinceCheck = 0
        guard count > 1 else { return }
        let links = layers[0].links.mutableBase().assumingMemoryBound(to: UInt32.self)
        GraphConnector(self, links: links).connect()
    }

    /// Rows of level 0 that no walk from the entry can meet.
    package var unreachable: [UInt32] {
        guard count > 0 else { return [] }
        var reached = Reached(count: count)
        reached.spread(from: baseEntry, LayerView(layers[0], isBase: true))
        return (0..<UInt32(count)).filter { !reached.contains($0) }
    }

    /// The row where walks begin.
    var baseEntry: UInt32 {
        layers.count == 1
            ? entry : LayerView(layers[layers.count - 1], isBase: false).row(of: entry)
    }
}

/// The members of a level that can be reached.
private struct Reached {
    private var words: [UInt64]
    private var stack: [UInt32] = []

    init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

    func contains(_ member: UInt32) -> Bool { words[Int(member >> 6)] >> UInt64(member & 63) & 1 == 1 }

    private mutating func mark(_ member: UInt32) -> Bool {
        let bit = UInt64(1) << UInt64(member & 63)
        guard words[Int(member >> 6)] & bit == 0 else { return false }
        words[Int(member >> 6)] |= bit
        return true
    }

    /// Marks a member and all that its links lead to.
    mutating func spread(from member: UInt32, _ layer: LayerView) {
        if mark(member) { stack.append(member) }
        while let next = stack.popLast() {
            let links = layer.links + Int(next) * layer.degree
            for i in 0..<layer.degree {
                if links[i] == GraphLayer.none { break }
                if mark(links[i]) { stack.append(links[i]) }
            }
        }
    }
}

/// Links members of level 0 that nothing leads to; belongs to one thread.
private final class GraphConnector {
    private let codec: any GraphCodec
    private let codes: UnsafeRawPointer
    private let views: [LayerView]
    private let entry: UInt32
    private let base: UInt32
    private let links: UnsafeMutablePointer<UInt32>
    private let searcher: GraphSearcher
    private let degree: Int
    private var keys: [Float]
    /// Near members among which one with room for a link is looked for.
    private static let breadth = 64

    init(_ index: HNSWIndex, links: UnsafeMutablePointer<UInt32>) {
        codec = index.codec
        codes = index.codes.base
        views = index.layerViews
        entry = index.entry
        base = index.baseEntry
        self.links = links
        searcher = index.searcher(.best)
        degree = views[0].degree
        keys = [Float](repeating: 0, count: degree)
    }

    func connect() {
        var reached = Reached(count: views[0].count)
        reached.spread(from: base, views[0])
        for row in 0..<UInt32(views[0].count) where !reached.contains(row) {
            attach(row, besides: reached)
            reached.spread(from: row, views[0])
        }
    }

    /// Gives a row that cannot be reached a link from a near one that can.
    ///
    /// Where none has room, one gives up its farthest link, and the row leads there instead: whatever could be reached
    /// still can.
    ///
    /// - Parameters:
    ///   - row: to give a link.
    ///   - reached: what can be reached; `nil` for whatever a search reaches.
    func attach(_ row: UInt32, besides reached: Reached?) {
        searcher.ask(row: row)
        var start = searcher.descend(views, from: entry, to: 0)
        // Higher levels lead to members that level 0 alone does not.
        if let reached, !reached.contains(start) { start = base }
        searcher.search(views[0], from: start, ef: Self.breadth)
        var nearest: UInt32?
        for i in 0..<searcher.poolCount {
            let member = searcher[i].member
            guard member != row else { return }
            nearest = nearest ?? member
            let theirs = links + Int(member) * degree
            if let free = (0..<degree).first(where: { theirs[$0] == GraphLayer.none }) {
                theirs[free] = row
                return
            }
        }
        guard let nearest else { return }
        let theirs = links + Int(nearest) * degree, own = links + Int(row) * degree
        searcher.ask(row: nearest)
        let far = (0..<degree).max { searcher.key(row: theirs[$0]) < searcher.key(row: theirs[$1]) } ?? 0
        let lost = theirs[far]
        theirs[far] = row
        guard !(0..<degree).contains(where: { own[$0] == lost }) else { return }
        own[(0..<degree).first { own[$0] == GraphLayer.none } ?? degree - 1] = lost
    }
}
