internal import Akin

/// Points in the order of their rows: in memory, or in files.
///
/// What a position holds never changes; points that were deleted or replaced are known from ``Tombstones`` beside.
protocol Segment: AnyObject, Sendable {
    /// What people call it.
    var name: String { get }
    /// The index that answers searches, in Faiss's factory language.
    var spec: String { get }
    /// Whether vectors are found through an index rather than compared one by one.
    var isIndexed: Bool { get }
    /// Positions that hold something.
    var count: Int { get }
    /// Bytes in files.
    var byteCount: Int { get }
    /// The row at position 0; `Int64.max` where there is none.
    var firstRow: Int64 { get }
    /// The row at the last position; -1 where there is none.
    var lastRow: Int64 { get }

    /// The position of a row.
    func position(of row: Int64) -> Int?
    /// The row at a position.
    func row(at position: Int) -> Int64
    /// The name of the point at a position.
    func id(at position: Int) -> PointID
    /// Whether the point at a position came with an image.
    func hasImage(at position: Int) -> Bool
    /// Lends runs of vectors: the position of the first, where it begins, and how many follow one another.
    func forEachRun(of range: Range<Int>, _ body: (Int, UnsafePointer<Float>, Int) -> Void)
    /// Lends the vector at a position, `[dimension]`.
    func withVector<Result>(at position: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result
    /// Searches what has an index of its own, all of it or a part; the rest is compared one by one.
    func search(_ search: SegmentSearch)
}

/// A segment as it is at some moment: what is there of it, and what of that is dead.
struct SegmentView: Sendable {
    let segment: any Segment
    /// Positions that are to be seen; more may have come since.
    var count: Int
    var dead = Tombstones()

    var livingCount: Int { count - dead.count }
    var deadShare: Double { count == 0 ? 0 : Double(dead.count) / Double(count) }
}
