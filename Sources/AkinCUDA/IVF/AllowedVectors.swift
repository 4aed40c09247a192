import Akin

/// The vectors of inverted lists that a filter lets pass, a bit each, for the lists that queries look at.
///
/// A word belongs to a block of 32 vectors, so that the warp that takes the block reads one word.
final class AllowedVectors {
    private let filter: IDFilter
    private let stored: StoredLists
    /// `[nlist]`: each list's first block.
    private let blocks: [Int]
    /// Words of lists not asked about yet are zero.
    private var words: [UInt32]
    /// `[nlist]`: vectors that pass; -1 before the filter was asked.
    private var passing: [Int]
    /// ``words`` on the device.
    let bits: DeviceBuffer<UInt32>

    /// Makes room for the words of all blocks.
    ///
    /// - Throws: ``CUDAError``: what the pool throws.
    init(_ filter: IDFilter, _ stored: StoredLists, pool: DevicePool, stream: CUDAStream) throws(CUDAError) {
        self.filter = filter
        self.stored = stored
        let lanes = InterleavedLists.blockVectors
        var blocks: [Int] = [], count = 0
        for list in 0..<stored.firsts.count - 1 {
            blocks.append(count)
            count += (Int(stored.firsts[list + 1] - stored.firsts[list]) + lanes - 1) / lanes
        }
        self.blocks = blocks
        words = Array(repeating: 0, count: count)
        passing = Array(repeating: -1, count: blocks.count)
        bits = try pool.allocate(UInt32.self, count: count, on: stream)
    }

    /// Asks the filter about the vectors of some lists, where it was not yet, and brings the words to the device.
    ///
    /// - Parameters:
    ///   - lists: numbers, some more than once.
    ///   - threads: how many share the asking.
    ///   - stream: whose later work reads ``bits``.
    /// - Throws: ``CUDAError``: what copies throw.
    /// - Complexity: O(vectors of lists that are new, count / 32).
    func ask(about lists: [UInt32], threads: Int, on stream: CUDAStream) throws {
        var new: [Int] = []
        for list in lists where passing[Int(list)] < 0 {
            passing[Int(list)] = 0
            new.append(Int(list))
        }
        guard !new.isEmpty else { return }
        let asked = new, share = max(1, asked.count / (16 * threads))
        let (filter, stored, blocks) = (filter, stored, blocks)
        try words.withUnsafeMutableBufferPointer { words in
            try passing.withUnsafeMutableBufferPointer { passing in
                // Each list has words of its own.
                nonisolated(unsafe) let (words, passing) = (words, passing)
                try parallelFor(threads: threads, count: (asked.count + share - 1) / share) { task in
                    for list in asked[task * share..<min((task + 1) * share, asked.count)] {
                        let first = Int(stored.firsts[list])
                        for number in first..<Int(stored.firsts[list + 1])
                        where filter.allows(stored.id(UInt32(number))) {
                            words[blocks[list] + (number - first) / 32] |= 1 << UInt32((number - first) % 32)
                            passing[list] += 1
                        }
                    }
                }
            }
        }
        try stream.upload(words, to: bits)
    }

    /// Whether some vector of a list that was asked about passes.
    func hasSome(_ list: UInt32) -> Bool { passing[Int(list)] > 0 }
}
