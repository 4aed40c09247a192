/// Where the tables of a graph that is being built lie, and how much of them is worked on at a time.
///
/// In memory there is one block of everything. Otherwise tables are mapped work files, and every stage goes through
/// them so that what it touches over and over, mapped pages included, is no more than `room`: pairs of blocks, or
/// sweeps that write to the ends of lists. What is computed does not depend on blocks.
struct GraphWorkspace: Sendable {
    let place: WorkPlace
    /// Bytes that the blocks at work may take; `nil` without a limit.
    let room: Int?
    /// Rows of a block whatever the room; for tests.
    var rowsPerBlock: Int?

    /// Everything in memory, in one block.
    static let memory = GraphWorkspace(place: .memory, room: nil)

    /// Fewest rows of a block: with fewer, blocks are loaded for too little work.
    static let fewestRows = 1_024

    /// Rows of a block that takes so many bytes for each.
    func rows(bytesEach: Int) -> Int {
        if let rowsPerBlock { return rowsPerBlock }
        return room.map { max(Self.fewestRows, $0 / bytesEach) } ?? .max
    }

    /// Ranges that cover `0..<count`.
    func blocks(of count: Int, bytesEach: Int) -> [Range<Int>] {
        let size = rows(bytesEach: bytesEach)
        guard size < count else { return [0..<count] }
        return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    }

    /// Ranges of the sizes between `starts` that hold no more rows than a block does; a size that is larger stands alone.
    func blocks(between starts: [Int], bytesEach: Int) -> [Range<Int>] {
        let size = rows(bytesEach: bytesEach)
        guard let all = starts.last, size < all else { return [0..<starts.count - 1] }
        var blocks: [Range<Int>] = [], first = 0
        for last in 1..<starts.count where starts[last] - starts[first] > size && last - 1 > first {
            blocks.append(first..<last - 1)
            first = last - 1
        }
        blocks.append(first..<starts.count - 1)
        return blocks
    }
}

// MARK: - What a row takes while its block is at work

extension GraphWorkspace {
    /// Joining lists: codes, words and needs of two blocks; the lists that points of one look into, found and sorted.
    static func joinBytes(padded: Int, width: Int, breadth: Int) -> Int {
        2 * (padded + 16 + 8 * width + 4) + 8 * breadth
    }

    /// Deciding by exact keys: the vectors of two blocks, words of one.
    static func settleBytes(dimension: Int, width: Int) -> Int { 8 * dimension + 8 * width + 16 }

    /// Joining all: codes of one block, columns of the other, words and vectors of both.
    static func pairBytes(padded: Int, dimension: Int, degree: Int) -> Int {
        2 * padded + 48 + 2 * (8 * degree + 4) + 8 * dimension
    }

    /// Searching a block: vectors, their 8-bit copy and what is measured of each.
    static func searchBytes(dimension: Int) -> Int { 5 * dimension + 160 }
}
