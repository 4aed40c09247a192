/// All inverted lists of an index: a value, whose lists are shared with its copies until one of them changes.
///
/// A list is in memory, or in a mapped file until it is first changed.
struct InvertedLists: Sendable {
    let shape: ListShape
    private var owned: [InvertedList?]
    private let mapped: MappedLists?
    /// `[nlist + 1]`: number of each list's first vector when all are counted through, and how many there are.
    private(set) var starts: Buffer<Int>
    /// `[nlist]`: where each list is; valid while this value lives unchanged.
    private(set) var views: Buffer<ListView>
    /// The list of every 256th vector, so that a number leads to its list at once.
    private var landmarks: Buffer<UInt32>

    private static let landmarkStep = 256

    /// Empty lists.
    init(shape: ListShape, nlist: Int) {
        self.shape = shape
        owned = Array(repeating: nil, count: nlist)
        mapped = nil
        (starts, views, landmarks) = Self.numbered(owned, mapped)
    }

    /// Lists that lie in a file.
    init(shape: ListShape, mapped: MappedLists) {
        self.shape = shape
        self.mapped = mapped
        owned = Array(repeating: nil, count: mapped.counts.count)
        (starts, views, landmarks) = Self.numbered(owned, mapped)
    }

    var nlist: Int { owned.count }
    /// Vectors in all lists.
    var count: Int { starts[nlist] }
    /// Bytes in memory; what lies in a mapped file is not counted.
    var byteCount: Int {
        owned.reduce(mapped?.residentByteCount ?? 0) { $0 + ($1?.byteCount ?? 0) } + nlist * 40 + landmarks.count * 4
    }
    /// Bytes of all lists, in memory or not.
    var totalByteCount: Int {
        (0..<nlist).reduce(0) { $0 + shape.codeByteCount(size(of: $1)) + size(of: $1) * (8 + shape.refinedByteCount) }
    }

    /// Vectors in one list.
    func size(of list: Int) -> Int { starts[list + 1] - starts[list] }

    /// Vectors in one list, those added since ``recount()`` too.
    func currentSize(of list: Int) -> Int { owned[list]?.count ?? mapped?.counts[list] ?? 0 }

    /// A list; valid while this value lives unchanged.
    func view(_ list: Int) -> ListView { views[list] }

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
        let copy = InvertedList(owned[list]?.view ?? views[list], shape: shape, capacity: capacity)
        owned[list] = copy
        return copy
    }

    /// Replaces a list.
    mutating func replace(_ list: Int, with new: InvertedList) { owned[list] = new }

    /// Brings the numbering up to date; to be called after lists have changed.
    mutating func recount() { (starts, views, landmarks) = Self.numbered(owned, mapped) }

    private static func numbered(
        _ owned: [InvertedList?], _ mapped: MappedLists?
    ) -> (Buffer<Int>, Buffer<ListView>, Buffer<UInt32>) {
        let nlist = owned.count
        let starts = Buffer<Int>(repeating: 0, count: nlist + 1)
        let views = Buffer<ListView>(repeating: .empty, count: nlist)
        for list in 0..<nlist {
            views[list] = owned[list]?.view ?? mapped?.view(list) ?? .empty
            starts[list + 1] = starts[list] + views[list].count
        }
        let count = starts[nlist]
        let landmarks = Buffer<UInt32>(repeating: 0, count: count / landmarkStep + 1)
        var list = 0
        for landmark in 0..<landmarks.count {
            while list + 1 < nlist, starts[list + 1] <= landmark * landmarkStep { list += 1 }
            landmarks[landmark] = UInt32(list)
        }
        return (starts, views, landmarks)
    }

    /// Asks the system to read some lists soon, in this order, where they lie in a file.
    func willRead(_ lists: some Sequence<Int>) {
        guard let mapped else { return }
        for list in lists where owned[list] == nil { mapped.willRead(list) }
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
