import AkinHostModel
import AkinTestSupport
import Testing

/// By the 0-1 principle a network that orders all inputs of zeros and ones orders all inputs.
@Suite("Sorting and merging networks")
struct NetworkTests {
    @Test("4 lanes sort every input of zeros and ones", arguments: [1, 2, 3, 4] as [UInt32])
    func sortsZerosAndOnes(registers: UInt32) {
        let length = Int(registers) * 4, lists = 1 << length
        var entries = (0..<lists).flatMap { bits in (0..<length).map { UInt64(bits >> $0 & 1) } }
        sort(&entries, lists: lists, registers: registers, lanes: 4)
        for list in 0..<lists {
            let ones = list.nonzeroBitCount
            let expected = (0..<length).map { UInt64($0 >= length - ones ? 1 : 0) }
            #expect(Array(entries[list * length..<(list + 1) * length]) == expected)
        }
    }

    @Test("8 lanes sort every input of zeros and ones", arguments: [1, 2] as [UInt32])
    func sortsZerosAndOnesOfEightLanes(registers: UInt32) {
        let length = Int(registers) * 8, lists = 1 << length
        var entries = (0..<lists).flatMap { bits in (0..<length).map { UInt64(bits >> $0 & 1) } }
        sort(&entries, lists: lists, registers: registers, lanes: 8)
        let wrong = (0..<lists).filter { list in
            let ones = list.nonzeroBitCount
            return (0..<length).contains { entries[list * length + $0] != ($0 >= length - ones ? 1 : 0) }
        }
        #expect(wrong.isEmpty)
    }

    @Test("a warp sorts any number of registers", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt32])
    func sortsRandom(registers: UInt32) {
        var random = SeededRandom(seed: UInt64(registers))
        let length = Int(registers) * 32
        // Both halves of an entry count, and some are equal.
        let entries = (0..<length * 20).map { _ in random.next() & 0x0000_0003_0000_0007 | random.next() << 60 }
        var sorted = entries
        sort(&sorted, lists: 20, registers: registers, lanes: 32)
        for list in 0..<20 {
            let range = list * length..<(list + 1) * length
            #expect(Array(sorted[range]) == entries[range].sorted())
        }
    }

    static let sizes: [UInt32] = [1, 2, 3, 5, 8]

    /// Every pair of sorted lists of zeros and ones, the places of the first one in each.
    @Test("lists of any sizes are merged, all inputs of zeros and ones", arguments: sizes, sizes)
    func merges(left: UInt32, right: UInt32) {
        for (lanes, step) in [(4, 1), (32, 7)] {
            let (a, b) = (Int(left) * lanes, Int(right) * lanes)
            let ends = stride(from: 0, through: a, by: step).flatMap { i in
                stride(from: 0, through: b, by: step).map { (i, $0) }
            }
            let entries = ends.flatMap { i, j in
                (0..<a).map { UInt64($0 < i ? 0 : 1) } + (0..<b).map { UInt64($0 < j ? 0 : 1) }
            }
            for keepRight in [true, false] {
                var merged = entries
                let problem = HostModel.problem {
                    akin_host_merge_lists(&merged, UInt32(ends.count), left, right, UInt32(lanes), keepRight, $0, $1)
                }
                #expect(problem == nil)
                let wrong = ends.indices.filter { list in
                    let zeros = ends[list].0 + ends[list].1
                    return (0..<(keepRight ? a + b : a)).contains {
                        merged[list * (a + b) + $0] != ($0 < zeros ? 0 : 1)
                    }
                }
                #expect(wrong.isEmpty, "\(lanes) lanes, right list kept: \(keepRight)")
            }
        }
    }

    private func sort(_ entries: inout [UInt64], lists: Int, registers: UInt32, lanes: UInt32) {
        let problem = HostModel.problem { akin_host_sort_lists(&entries, UInt32(lists), registers, lanes, $0, $1) }
        #expect(problem == nil)
    }
}
