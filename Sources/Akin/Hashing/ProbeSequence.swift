/// The keys of one table whose buckets are worth a look, the most promising first.
///
/// A vector near the query has most hashes in common with it, and differs in those whose product lies near a border. A
/// set of changes to hashes costs the sum of the squares of the distances to the borders that it crosses; sets come in
/// ascending order of cost, from a heap, each giving two more: its last change replaced by the next one, and the next
/// one added ([Lv et al. 2007]).
///
/// [Lv et al. 2007]: https://dl.acm.org/doi/10.5555/1325851.1325958
package struct ProbeSequence {
    /// One hash moved across one border.
    private struct Change {
        var cost: Float
        var hash: Int
        /// -1 or 1 slice; for a sign it does not matter.
        var step: Int64
    }

    /// Some of the changes, by their places in the order of cost.
    private struct Choice {
        var cost: Float
        var changes: UInt64
        var last: Int
    }

    private let functions: HashFunctions
    private let ownKey: UInt32
    private let slices: [Int64]
    private let changes: [Change]
    private var heap: [Choice] = []
    private var isFirst = true

    /// Probes for a vector, given its products with the directions of a table.
    package init(_ functions: HashFunctions, _ products: UnsafePointer<Float>) {
        self.functions = functions
        ownKey = functions.key(products)
        var all: [Change] = []
        switch functions.family {
        case .hyperplane:
            slices = []
            for i in 0..<functions.hashes { all.append(.init(cost: products[i] * products[i], hash: i, step: 1)) }
        case .pStable:
            slices = (0..<functions.hashes).map { functions.slice(products[$0]) }
            for i in 0..<functions.hashes {
                let below = max(0, products[i] - Float(slices[i]) * functions.width)
                let above = max(0, functions.width - below)
                all.append(.init(cost: below * below, hash: i, step: -1))
                all.append(.init(cost: above * above, hash: i, step: 1))
            }
        }
        // 64 at most: 32 hashes, two borders each.
        changes = all.sorted { $0.cost != $1.cost ? $0.cost < $1.cost : ($0.hash, $0.step) < ($1.hash, $1.step) }
        if let first = changes.first { heap.append(.init(cost: first.cost, changes: 1, last: 0)) }
    }

    /// The next key; `nil` when there are no more.
    package mutating func next() -> UInt32? {
        if isFirst {
            isFirst = false
            return ownKey
        }
        while let choice = pop() {
            let next = choice.last + 1
            if next < changes.count {
                let added: UInt64 = 1 << UInt64(next), last: UInt64 = 1 << UInt64(choice.last)
                let cost = changes[next].cost
                push(
                    .init(
                        cost: choice.cost - changes[choice.last].cost + cost, changes: choice.changes & ~last | added,
                        last: next))
                push(.init(cost: choice.cost + cost, changes: choice.changes | added, last: next))
            }
            if let key = key(choice.changes) { return key }
        }
        return nil
    }

    /// The key after some changes; `nil` where one hash would go both ways.
    private func key(_ chosen: UInt64) -> UInt32? {
        var left = chosen
        switch functions.family {
        case .hyperplane:
            var key = ownKey
            while left != 0 {
                key ^= 1 << UInt32(changes[left.trailingZeroBitCount].hash)
                left &= left - 1
            }
            return key
        case .pStable:
            var moved = slices, touched: UInt64 = 0
            while left != 0 {
                let change = changes[left.trailingZeroBitCount]
                left &= left - 1
                guard touched >> UInt64(change.hash) & 1 == 0 else { return nil }
                touched |= 1 << UInt64(change.hash)
                moved[change.hash] += change.step
            }
            var key: UInt64 = 0
            for slice in moved { key = HashFunctions.mixed(key, slice) }
            return UInt32(truncatingIfNeeded: key >> 32)
        }
    }

    private mutating func push(_ choice: Choice) {
        heap.append(choice)
        var i = heap.count - 1
        while i > 0, heap[i].cost < heap[(i - 1) / 2].cost {
            heap.swapAt(i, (i - 1) / 2)
            i = (i - 1) / 2
        }
    }

    private mutating func pop() -> Choice? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var i = 0
        while true {
            var least = i
            for child in 2 * i + 1..<min(2 * i + 3, max(2 * i + 1, heap.count))
            where heap[child].cost < heap[least].cost {
                least = child
            }
            if least == i { return first }
            heap.swapAt(i, least)
            i = least
        }
    }
}
