import AkinCluster
import AkinStore
import Testing

@Suite struct ShardHashTests {
    @Test func pointsAreSpreadEvenlyAndStayWhereTheyWere() {
        for count in [1, 3, 4, 64] {
            var sizes = [Int](repeating: 0, count: count)
            for number in 0..<UInt64(20_000) { sizes[ShardHash.shard(of: .number(number), among: count)] += 1 }
            let mean = 20_000 / Double(count)
            #expect(sizes.allSatisfy { abs(Double($0) - mean) < 6 * mean.squareRoot() + 1 }, "\(sizes)")
        }
        // Another release must find points where this one put them.
        #expect([0, 1, 2, 1 << 40].map { ShardHash.shard(of: .number($0), among: 1000) } == Self.numbers)
        #expect(["a", "b", "ü"].map { ShardHash.shard(of: .name($0), among: 1000) } == Self.names)
    }

    // Computed apart from this code, in Python.
    private static let numbers = [483, 289, 404, 413]
    private static let names = [510, 431, 603]
}
