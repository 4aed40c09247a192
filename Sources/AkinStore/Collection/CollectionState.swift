/// A collection as readers see it at some moment; never changed once it was published.
final class CollectionState: Sendable {
    /// Segments in the order of their rows: those in files, then those in memory, of which the last is written to.
    let views: [SegmentView]
    /// The last record of the log that is visible.
    let sequence: UInt64
    /// The last place in a stream outside that is visible.
    let position: UInt64

    init(views: [SegmentView], sequence: UInt64, position: UInt64) {
        self.views = views
        self.sequence = sequence
        self.position = position
    }

    /// The view whose rows a row would be among.
    func view(of row: Int64) -> Int? { Self.view(of: row, in: views) }

    static func view(of row: Int64, in views: [SegmentView]) -> Int? {
        let number = views.firstPosition { $0.segment.firstRow > row } - 1
        return number >= 0 ? number : nil
    }

    /// Points that searches see.
    var livingCount: Int { views.reduce(0) { $0 + $1.livingCount } }

    /// The vector of a row; `nil` where no segment has it.
    func vector(of row: Int64, dimension: Int) -> [Float]? {
        guard let number = view(of: row), let position = views[number].segment.position(of: row) else { return nil }
        return views[number].segment.withVector(at: position) {
            Array(UnsafeBufferPointer(start: $0, count: dimension))
        }
    }
}
