/// The best of what was offered: a heap whose first is the worst that is held.
struct ContenderHeap {
    private var held: [Contender] = []
    private let capacity: Int
    private let bound: Int32

    /// Keeps `capacity` contenders with keys of at most `bound`.
    init(capacity: Int, bound: Int32 = .max) {
        self.capacity = capacity
        self.bound = bound
        held.reserveCapacity(min(capacity, 1024))
    }

    /// The greatest key that is worth offering.
    var limit: Int32 { held.count < capacity ? bound : held[0].key }

    /// What is held, best first.
    var sorted: [Contender] { held.sorted() }

    mutating func offer(_ contender: Contender) {
        guard contender.key <= limit else { return }
        if held.count < capacity {
            held.append(contender)
            var i = held.count - 1
            while i > 0, held[(i - 1) / 2] < held[i] {
                held.swapAt(i, (i - 1) / 2)
                i = (i - 1) / 2
            }
            return
        }
        guard contender < held[0] else { return }
        held[0] = contender
        var i = 0
        while true {
            var most = i
            for child in 2 * i + 1..<min(2 * i + 3, max(2 * i + 1, held.count)) where held[most] < held[child] {
                most = child
            }
            if most == i { return }
            held.swapAt(i, most)
            i = most
        }
    }
}
