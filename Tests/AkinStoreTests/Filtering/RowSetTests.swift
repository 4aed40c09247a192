import AkinStore
import AkinTestSupport
import Testing

@Suite struct RowSetTests {
    @Test func holdsWhatItWasGiven() {
        #expect(RowSet.empty.isEmpty)
        #expect(RowSet.empty.rows == [])
        #expect(!RowSet.empty.contains(0))
        for rows: [Int64] in [[0], [63], [64], [5, 3, 5, 4], [1 << 62, 0], Array(1000..<2000), [.max - 1, .max]] {
            let set = RowSet(rows)
            let wanted = Array(Set(rows)).sorted()
            #expect(set.count == wanted.count)
            #expect(set.rows == wanted)
            for row in wanted {
                #expect(set.contains(row))
                #expect(set.idFilter.allows(row))
                for other in [row &- 1, row &+ 1] where !wanted.contains(other) {
                    #expect(!set.contains(other))
                    #expect(!set.idFilter.allows(other))
                }
            }
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func algebraIsThatOfSets(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func rows() -> [Int64] {
            let first = Int64.random(in: 0..<2000, using: &random) * (seed % 3 == 0 ? 1_000_000 : 1)
            let span: Int64 = [1, 50, 300, 100_000].randomElement(using: &random) ?? 1
            return (0..<Int.random(in: 0...400, using: &random)).map { _ in
                first + Int64.random(in: 0..<span, using: &random)
            }
        }
        let (a, b) = (rows(), rows())
        let (setA, setB) = (Set(a), Set(b))
        #expect(RowSet(a).union(RowSet(b)) == RowSet(Array(setA.union(setB))))
        #expect(RowSet(a).union(RowSet(b)).rows == setA.union(setB).sorted())
        #expect(RowSet(a).intersection(RowSet(b)).rows == setA.intersection(setB).sorted())
        #expect(RowSet(a).subtracting(RowSet(b)).rows == setA.subtracting(setB).sorted())
        #expect(RowSet(a).subtracting(RowSet(b)).count == setA.subtracting(setB).count)
    }
}
