/// All inverted lists of an index: a value, whose lists are shared with its copies until one of them changes.
///
/// A list is in memory, or in a mapped file until it is first changed.
struct InvertedLists: Sendable {
    let shape: ListShape
    private var owned: [InvertedList?]
    private let mapped: MappedLists?
    /// `[nlist + 1]`: number of each list's first vector when all are counted through, and how many there are.
    private(set) var starts: [Int]
    /// The list of every 256th vector, so that a number leads to its list at once.
    private var landmarks: [UInt32] = []

    private static let landmarkStep = 256

    /// Empty lists.
    init(shape: ListShape, nlist: Int) {
        self.shape = shape
        owned = Array(repeating: nil, count: nlist)
        mapped = nil
        starts = Array(repeating: 0, count: nlist + 1)
    }

    /// Lists that lie in a file.
    init(shape: ListShape, mapped: MappedLists) {
        self.shape = shape
        self.mapped = mapped
        owned = Array(repeating: nil, count: mapped.counts.count)
        starts = []
        recount()
    }

    var nlist: Int { owned.count }
    /// Vectors in all lists.
    var count: Int { starts[starts.count - 1] }
    /// Bytes in memory; what lies in a mapped file is not counted.
    var byteCount: Int { owned.reduce(0) { $0 + ($1?.byteCount ?? 0) } + (starts.count + landmarks.count / 2) * 8 }
    /// Bytes of all lists, in memory or not.
    var totalByteCount: Int {
        (0..<nlist).reduce(0) { $0 + shape.codeByteCount(size(of: $1)) + size(of: $1) * (8 + shape.refinedByteCount) }
    }
    /// Whether some lists are in a file.
    var isMapped: Bool { mapped != nil }

    /// Vectors in one list.
    func size(of list: Int) -> Int { starts[list + 1] - starts[list] }

    /// Vectors in one list, those added since ``recount()`` too.
    func currentSize(of list: Int) -> Int { owned[list]?.count ?? mapped?.counts[list] ?? 0 }

    /// Lends a list for the length of the call.
    @inline(__always)
    func withList<Result, Failure: Error>(
        _ list: Int, _ body: (ListView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(view(list))
    }

    /// A list; valid while this value lives unchanged.
    @inline(__always)
    func view(_ list: Int) -> ListView {
        if let list = owned[list] { return list.view }
        return mapped?.view(list) ?? .empty
    }

    /// The list and the place within it of a vector, given its number when all lists are counted through.
    func place(of number: Int) -> (list: Int, position: Int) {
        var list = Int(landmarks[number / Self.landmarkStep])
        while starts[list + 1] <= number { list += 1 }
        return (list, number - starts[list])
    }

    /// A list that may be changed, with room for `capacity` vectors.
    mutating func unique(_ list: Int, capacity: Int) -> InvertedList {
        if owned[list] != nil, isKnownUniquelyReferenced(&owned[list]), let own = owned[list] {
            own.reserve(capacity)
            return own
        }
        let copy = InvertedList(view(list), shape: shape, capacity: capacity)
        owned[list] = copy
        return copy
    }

    /// Replaces a list.
    mutating func replace(_ list: Int, with new: InvertedList) { owned[list] = new }

    /// Brings the numbering up to date; to be called after lists have changed.
    mutating func recount() {
        var starts = [Int](repeating: 0, count: nlist + 1)
        for list in 0..<nlist {
            starts[list + 1] = starts[list] + (owned[list]?.count ?? mapped?.counts[list] ?? 0)
        }
        self.starts = starts
        landmarks = []
        landmarks.reserveCapacity(count / Self.landmarkStep + 1)
        var list = 0
        for number in stride(from: 0, through: count, by: Self.landmarkStep) {
            while list + 1 < nlist, starts[list + 1] <= number { list += 1 }
            landmarks.append(UInt32(list))
        }
    }

    /// Asks the system to read some lists soon, in this order, where they lie in a file.
    func willRead(_ lists: some Sequence<Int>, refined: Bool) {
        guard let mapped else { return }
        for list in lists where owned[list] == nil { mapped.willRead(list, refined: refined) }
    }
}

extension ListView {
    nonisolated(unsafe) private static let nothing = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)

    /// A list of no vectors.
    static var empty: ListView {
        ListView(
            count: 0, ids: nothing.assumingMemoryBound(to: Int64.self),
            blocks: nothing.assumingMemoryBound(to: UInt8.self), refined: nothing.assumingMemoryBound(to: UInt8.self))
    }
}
