import Akin

/// Where the vectors are that queries look at: each query counts through its lists, nearest list first, block by block.
///
/// A *place* is a block so counted and a vector in it; a place in the filling of a list's last block has no vector.
struct ListPlaces: Sendable {
    /// `[q][nprobe + 1]`: blocks in the lists before each of a query's, and in all of them.
    let before: [UInt32]
    private let lists, firsts: [UInt32]
    private let nprobe: Int

    /// Vectors of a block.
    static let lanes = InterleavedLists.blockVectors

    /// Counts the blocks of each query; `firsts` are the numbers of the lists' first vectors.
    init(_ asked: AskedLists, firsts: [UInt32]) {
        lists = asked.lists
        nprobe = asked.nprobe
        self.firsts = firsts
        let lanes = UInt32(Self.lanes)
        var before: [UInt32] = []
        before.reserveCapacity(asked.queries.rows * (nprobe + 1))
        for q in 0..<asked.queries.rows {
            var blocks: UInt32 = 0
            before.append(0)
            for list in asked.lists[q * nprobe..<(q + 1) * nprobe] {
                blocks += (firsts[Int(list) + 1] - firsts[Int(list)] + lanes - 1) / lanes
                before.append(blocks)
            }
        }
        self.before = before
    }

    /// Blocks that a query looks at.
    func blocks(of q: Int) -> Int { Int(before[(q + 1) * (nprobe + 1) - 1]) }

    /// What a query's row of ``before`` holds.
    func before(of q: Int) -> ArraySlice<UInt32> { before[q * (nprobe + 1)..<(q + 1) * (nprobe + 1)] }

    /// The number of the vector at a place of a query, counted through all lists.
    func number(_ place: Int, of q: Int) -> UInt32 {
        let row = q * (nprobe + 1), block = UInt32(place / Self.lanes)
        var low = 0, high = nprobe
        while high - low > 1 {
            let middle = (low + high) / 2
            if before[row + middle] <= block { low = middle } else { high = middle }
        }
        let list = Int(lists[q * nprobe + low])
        return firsts[list] + (block - before[row + low]) * UInt32(Self.lanes) + UInt32(place % Self.lanes)
    }
}
