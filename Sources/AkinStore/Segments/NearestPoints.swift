internal import Akin

/// The nearest points met so far: at most `limit`, ties by smaller name.
///
/// Belongs to one thread. A heap with the farthest on top. Names are looked up only where scores tie.
struct NearestPoints {
    /// A point by where it is.
    struct Candidate {
        /// Smaller is nearer: a squared distance, or a similarity with its sign changed.
        var key: Float
        /// The number of the view among those searched.
        var view: Int
        var position: Int
    }

    let limit: Int
    private let views: [SegmentView]
    private var heap: [Candidate] = []

    init(limit: Int, of views: [SegmentView]) {
        self.limit = limit
        self.views = views
        heap.reserveCapacity(min(limit, 4096))
    }

    /// Whether there are as many as there may be.
    var isFull: Bool { heap.count >= limit }
    /// Keys greater than this have no chance; infinity while there is room.
    var bound: Float { isFull ? heap.first?.key ?? .infinity : .infinity }

    /// Offers a point, which must be alive and not have been offered before.
    @inline(__always)
    mutating func offer(_ candidate: Candidate) {
        if heap.count < limit {
            heap.append(candidate)
            rise()
        } else if let top = heap.first, candidate.key <= top.key, isBefore(candidate, top) {
            heap[0] = candidate
            sink()
        }
    }

    /// All, nearest first.
    var sorted: [Candidate] { heap.sorted(by: isBefore) }

    /// The name of a candidate.
    func id(of candidate: Candidate) -> PointID { views[candidate.view].segment.id(at: candidate.position) }

    private func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
        a.key != b.key ? a.key < b.key : id(of: a) < id(of: b)
    }

    private mutating func rise() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(heap[parent], heap[child]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var farthest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if isBefore(heap[farthest], heap[child]) { farthest = child }
            }
            guard farthest != parent else { return }
            heap.swapAt(parent, farthest)
            parent = farthest
        }
    }
}
