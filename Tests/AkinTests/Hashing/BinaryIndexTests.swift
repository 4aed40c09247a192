import Akin
import AkinTestSupport
import Testing

/// Binary codes against counting bits one by one.
@Suite struct BinaryIndexTests {
    /// Codes about some centres, each bit flipped with probability 1/8.
    static func codes(_ count: Int, bits: Int, seed: UInt64) -> Matrix<UInt8> {
        var centres = SplitMix64(seed: 99)
        let size = (bits + 7) / 8
        let table = (0..<20 * size).map { _ in UInt8(truncatingIfNeeded: centres.next()) }
        var random = SplitMix64(seed: seed)
        return Matrix(rows: count, columns: size) { elements in
            for i in elements.indices {
                let noise = random.next() & random.next() & random.next()
                elements[i] = table[i / size % 20 * size + i % size] ^ UInt8(truncatingIfNeeded: noise)
            }
        }
    }

    /// All codes, nearest first.
    static func ranked(
        _ base: Matrix<UInt8>, _ query: [UInt8], bits: Int, id: (Int) -> Int64 = { Int64($0) }
    ) -> [Neighbor] {
        (0..<base.rows).map { row in
            let code = base[row]
            let distance = (0..<bits).filter { (code[$0 / 8] ^ query[$0 / 8]) >> UInt8($0 % 8) & 1 == 1 }.count
            return Neighbor(id: id(row), score: Float(distance))
        }.sorted { $0.score != $1.score ? $0.score < $1.score : $0.id < $1.id }
    }

    @Test("the nearest are the true ones", arguments: [8, 20, 64, 100, 256], [nil, 1, 5, 8] as [Int?])
    func nearest(bits: Int, parts: Int?) throws {
        guard parts.map({ (bits + $0 - 1) / $0 <= 32 && $0 <= bits }) ?? true else { return }
        let base = Self.codes(400, bits: bits, seed: 1), queries = Self.codes(40, bits: bits, seed: 2)
        var index = try BinaryIndex(bits: bits, parts: parts)
        try index.add(base)
        for k in [1, 10, 400, 1000] {
            for threads in [1, 3] {
                let found = try index.search(queries, k: k, options: .init(threads: threads))
                #expect(found.isExact && !found.isLimited)
                for q in [0, 13, 39] {
                    let expected = Self.ranked(base, queries[q], bits: bits)
                    #expect(Array(found.neighbors[q]) == Array(expected.prefix(k)), "k \(k)")
                }
            }
        }
        let few = try index.search(queries.rows(7..<8), k: 3, options: .init(threads: 2)).neighbors
        #expect(Array(few[0]) == Array(Self.ranked(base, queries[7], bits: bits).prefix(3)))
        let within = try index.search(queries, within: bits / 4).neighbors
        for q in [0, 20] {
            #expect(Array(within[q]) == Self.ranked(base, queries[q], bits: bits).filter { Int($0.score) <= bits / 4 })
        }
    }

    @Test("threads that share the codes of few queries find the same")
    func shared() throws {
        let base = Self.codes(30_000, bits: 32, seed: 8), queries = Self.codes(3, bits: 32, seed: 9)
        var index = try BinaryIndex(bits: 32)
        try index.add(base)
        let alone = try index.search(queries, k: 50, options: .init(threads: 1))
        for threads in [2, 3, 7] {
            let found = try index.search(queries, k: 50, options: .init(threads: threads))
            #expect(found.neighbors == alone.neighbors && found.visited == alone.visited)
        }
    }

    @Test("any ids in any order, filters and removal", arguments: [nil, 8] as [Int?])
    func changing(parts: Int?) throws {
        let base = Self.codes(300, bits: 64, seed: 3), queries = Self.codes(10, bits: 64, seed: 4)
        let ids = (0..<300).map { Int64($0 * 37 % 300) - 100 }
        var index = try BinaryIndex(bits: 64, parts: parts)
        try index.add(base.rows(0..<120), ids: Array(ids[..<120]))
        try index.add(base.rows(120..<300), ids: Array(ids[120...]))
        let even = IDFilter.predicate { $0 % 2 == 0 }
        var options = SearchOptions(threads: 1)
        options.filter = even
        let filtered = try index.search(queries, k: 20, options: options)
        for q in 0..<10 {
            let expected = Self.ranked(base, queries[q], bits: 64, id: { ids[$0] }).filter { even.allows($0.id) }
            #expect(Array(filtered.neighbors[q]) == Array(expected.prefix(20)))
        }
        #expect(index.remove(where: even.inverted) == 150)
        #expect(index.remove([4, 6, 1_000]) == 2)
        let left = try index.search(queries, k: 500).neighbors
        #expect((0..<10).allSatisfy { left[$0].count == 148 })
        #expect(throws: IndexError.duplicateID(2)) { try index.add(base.rows(0..<2), ids: [500, 2]) }
        #expect(throws: IndexError.duplicateID(7)) { try index.add(base.rows(0..<2), ids: [7, 7]) }
        #expect(throws: IndexError.reservedID(.max)) { try index.add(base.rows(0..<1), ids: [.max]) }
        #expect(throws: IndexError.idCountMismatch(vectors: 2, ids: 1)) { try index.add(base.rows(0..<2), ids: [700]) }
        #expect(index.count == 148)
        try index.add(base.rows(0..<2), ids: [4, 6])
        #expect(index.count == 150)
    }

    @Test("tables visit few codes where neighbours are near, and all where that is quicker")
    func multiIndex() throws {
        let base = Self.codes(20_000, bits: 128, seed: 5)
        var index = try BinaryIndex(bits: 128, parts: 8)
        try index.add(base)
        let found = try index.search(base.rows(0..<20), k: 1, options: .init(threads: 1))
        #expect((0..<20).allSatisfy { found.neighbors[$0].first?.id == Int64($0) })
        #expect(found.visited < 20 * 2_000)
        var plain = try BinaryIndex(bits: 128)
        try plain.add(base)
        let far = Self.codes(20, bits: 128, seed: 6)
        for k in [1, 10, 100] {
            #expect(try index.search(far, k: k).neighbors == plain.search(far, k: k).neighbors)
        }
        #expect(try index.search(far, k: 5_000, options: .init(threads: 1)).visited >= 20 * 20_000)
    }

    @Test("codes that are all the same, one code, none")
    func degenerate() throws {
        for parts in [nil, 2] as [Int?] {
            var index = try BinaryIndex(bits: 16, parts: parts)
            let zeros = Matrix<UInt8>(rows: 200, columns: 2) { _ in }
            #expect(try index.search(zeros.rows(0..<2), k: 3).neighbors == Neighbors([[], []]))
            try index.add(zeros.rows(0..<1))
            #expect(try index.search(zeros.rows(0..<1), k: 3).neighbors == Neighbors([[.init(id: 0, score: 0)]]))
            try index.add(zeros.rows(1..<200))
            let found = try index.search(zeros.rows(0..<1), k: 7).neighbors
            #expect(found[0].map(\.id) == Array(0..<7))
        }
    }

    @Test("what cannot be is refused")
    func refused() throws {
        #expect(throws: IndexError.self) { try BinaryIndex(bits: 0) }
        #expect(throws: IndexError.self) { try BinaryIndex(bits: 40_000) }
        #expect(throws: IndexError.self) { try BinaryIndex(bits: 64, parts: 1) }
        #expect(throws: IndexError.self) { try BinaryIndex(bits: 64, parts: 65) }
        var index = try BinaryIndex(bits: 64)
        #expect(throws: IndexError.dimensionMismatch(expected: 8, actual: 2)) {
            try index.add(Matrix<UInt8>(rows: 1, columns: 2) { _ in })
        }
        let one = Matrix<UInt8>(rows: 1, columns: 8) { _ in }
        #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...1)) { try index.search(one, k: 0) }
        try index.add(one)
        #expect(throws: IndexError.self) { try index.search(one, k: 1, options: .init(threads: 0)) }
        #expect(throws: CancellationError.self) {
            try index.search(one, k: 1, options: .init(threads: 1, monitor: .init(shouldStop: { true })))
        }
    }
}
