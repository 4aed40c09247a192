import Akin
import AkinStore
import AkinTestSupport
import Testing

@Suite struct RowTableTests {
    @Test("rows are found where they are, and others are not", arguments: [1, 3, 60, 500, 100_000])
    func positions(_ gap: Int) throws {
        var random = SeededRandom(seed: UInt64(gap))
        var row: Int64 = 5
        let rows = (0..<700).map { _ in
            row += Int64.random(in: 1...Int64(gap), using: &random)
            return row
        }
        let table = try #require(RowTable(Matrix<Int64>(rows.map { [$0] })))
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        for row in 0...min(row + 3, 60_000) { #expect(table.position(of: row) == places[row]) }
        for (row, place) in places {
            #expect(table.position(of: row) == place)
            #expect(table[place] == row)
        }
        #expect(table.position(of: .max) == nil && table.position(of: -1) == nil)
    }

    @Test func rowsThatDoNotAscendAreRefused() {
        #expect(RowTable(Matrix<Int64>([[1], [1]])) == nil)
        #expect(RowTable(Matrix<Int64>([[2], [1]])) == nil)
        #expect(RowTable(Matrix<Int64>([[-1], [1]])) == nil)
    }
}
