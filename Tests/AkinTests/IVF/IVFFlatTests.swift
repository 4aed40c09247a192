import Akin
import AkinTestSupport
import Testing

/// An inverted file of plain floats, beside brute force over the lists it looks at.
@Suite struct IVFFlatTests {
    static let metrics: [Metric] = [.l2, .innerProduct, .cosine]

    struct Shape: CustomTestStringConvertible {
        var count, dimension, nlist, queries: Int
        var testDescription: String { "\(count)x\(dimension), nlist \(nlist), \(queries) queries" }
    }

    static let shapes = [
        Shape(count: 1, dimension: 1, nlist: 1, queries: 1), Shape(count: 50, dimension: 3, nlist: 7, queries: 5),
        Shape(count: 700, dimension: 17, nlist: 12, queries: 33),
        Shape(count: 1500, dimension: 100, nlist: 40, queries: 300),
    ]

    private func make(_ shape: Shape, _ metric: Metric) throws -> (IVFIndex, Matrix<Float>, Matrix<Float>) {
        let base = Matrix<Float>.random(rows: shape.count, columns: shape.dimension, seed: 1)
        let queries = Matrix<Float>.random(rows: shape.queries, columns: shape.dimension, seed: 2)
        var index = try IVFIndex.flat(centroids: base.rows(0..<shape.nlist), metric: metric)
        try index.add(base)
        return (index, base, queries)
    }

    @Test("looking at every list gives what exact search gives", arguments: metrics, shapes)
    func everything(metric: Metric, shape: Shape) throws {
        let (index, base, queries) = try make(shape, metric)
        let flat = try FlatIndex(base, metric: metric)
        let k = min(10, shape.count)
        let expected = try flat.search(queries, k: k).neighbors
        let found = try index.search(queries, k: k, options: .init(nprobe: shape.nlist))
        #expect(found.isExact)
        #expect(metric == .cosine || found.neighbors == expected)
        let sameIDs = (0..<queries.rows).allSatisfy { q in
            zip(found.neighbors[q], expected[q]).allSatisfy { abs($0.score - $1.score) <= 1e-5 * max(1, abs($1.score)) }
        }
        #expect(sameIDs)
    }

    @Test("few lists give the nearest of what they hold", arguments: metrics, [1, 2, 5])
    func someLists(metric: Metric, nprobe: Int) throws {
        let (index, base, queries) = try make(shape(700, 17, 12, 60), metric)
        let found = try index.search(queries, k: 8, options: .init(nprobe: nprobe)).neighbors
        for q in 0..<queries.rows {
            let rows = try index.rowsProbed(by: queries.rows(q..<q + 1), nprobe: nprobe)
            let flat = try FlatIndex(
                Matrix(rows.map { base[Int($0)] }), ids: rows, metric: metric)
            let expected = try flat.search(queries.rows(q..<q + 1), k: 8).neighbors[0]
            let same = found[q].map(\.id) == expected.map(\.id)
            #expect(same, "query \(q)")
        }
    }

    @Test("neither batch, threads nor kernels change the answer", arguments: metrics)
    func sameAnswer(metric: Metric) throws {
        let (index, _, queries) = try make(shape(1500, 24, 40, 300), metric)
        let expected = try index.search(queries, k: 10, options: .init(threads: 1, nprobe: 6)).neighbors
        for threads in [2, 3, 7] {
            let found = try index.search(queries, k: 10, options: .init(threads: threads, nprobe: 6)).neighbors
            #expect(found == expected, "\(threads) threads")
        }
        for q in stride(from: 0, to: 300, by: 37) {
            for threads in [1, 4] {
                let found = try index.search(
                    queries.rows(q..<q + 1), k: 10, options: .init(threads: threads, nprobe: 6)
                ).neighbors
                let same = Array(found[0]) == Array(expected[q])
                #expect(same, "query \(q) alone on \(threads) threads")
            }
        }
        for kernels in Kernels.available {
            var options = SearchOptions(threads: 1, nprobe: 6)
            options.kernels = kernels
            #expect(try index.search(queries, k: 10, options: options).neighbors == expected, "\(kernels.name)")
        }
    }

    @Test("ties go to the smaller id, however many there are")
    func ties() throws {
        let base = Matrix<Float>(rows: 3000, columns: 4) { for i in $0.indices { $0[i] = Float(i / 4 % 3) } }
        var index = try IVFIndex.flat(centroids: Matrix([[0, 0, 0, 0], [9, 9, 9, 9]]), metric: .l2)
        try index.add(base, ids: (0..<3000).map { Int64(2999 - $0) })
        let found = try index.search(Matrix([[1, 1, 1, 1]]), k: 5, options: .init(nprobe: 2)).neighbors
        #expect(found[0].map(\.id) == [1, 4, 7, 10, 13])
        #expect(found[0].allSatisfy { $0.score == 0 })
    }

    @Test("filters are applied in the lists", arguments: metrics)
    func filters(metric: Metric) throws {
        let (index, base, queries) = try make(shape(700, 17, 12, 30), metric)
        let filters: [IDFilter] = [
            .range(100..<140), .members(of: [3, 5, 8, 13, 650]), .predicate { $0 % 7 == 2 },
            .bitmap([0xff00_00ff_1234_5678, 1], first: 64), .range(100..<140).inverted, .range(5000..<6000),
        ]
        for (number, filter) in filters.enumerated() {
            let rows = (0..<Int64(base.rows)).filter(filter.allows)
            let found = try index.search(queries, k: 6, options: .init(nprobe: 12, filter: filter))
            #expect(found.isLimited == (rows.count < 6))
            guard !rows.isEmpty else {
                #expect((0..<queries.rows).allSatisfy { found.neighbors[$0].isEmpty })
                continue
            }
            let flat = try FlatIndex(Matrix(rows.map { base[Int($0)] }), ids: rows, metric: metric)
            let expected = try flat.search(queries, k: 6).neighbors
            let same = (0..<queries.rows).allSatisfy {
                found.neighbors[$0].map(\.id) == expected[$0].map(\.id)
            }
            #expect(same, "filter \(number)")
        }
    }

    @Test("exact search filters too", arguments: metrics)
    func flatFilters(metric: Metric) throws {
        let base = Matrix<Float>.random(rows: 400, columns: 9, seed: 7)
        let queries = Matrix<Float>.random(rows: 10, columns: 9, seed: 8)
        let ids = (0..<400).map { Int64($0 * 3) }
        let flat = try FlatIndex(base, ids: ids, metric: metric)
        let all = try flat.search(queries, k: 400).neighbors
        for filter in [IDFilter.range(100..<500), .predicate { $0 % 2 == 0 }, .range(7..<8)] {
            let found = try flat.search(queries, k: 12, options: .init(filter: filter))
            for q in 0..<10 {
                let expected = Array(all[q].filter { filter.allows($0.id) }.prefix(12))
                let same = Array(found.neighbors[q]) == expected
                #expect(same)
            }
            #expect(found.isLimited == (ids.filter(filter.allows).count < 12))
        }
    }

    @Test("a range search gives all that lie within", arguments: metrics)
    func range(metric: Metric) throws {
        let (index, base, queries) = try make(shape(700, 17, 12, 20), metric)
        let flat = try FlatIndex(base, metric: metric)
        let all = try flat.search(queries, k: 700).neighbors
        for place in [0, 10, 300, 699] {
            let radius = all[0][all[0].startIndex + place].score
            let found = try index.search(queries, within: radius, options: .init(nprobe: 12)).neighbors
            for q in 0..<queries.rows {
                let expected = all[q].filter { !metric.isNearer(radius, than: $0.score) }.map(\.id)
                let actual = found[q].map(\.id)
                // For the cosine the lengths are rounded apart, and the one on the border may fall either way.
                let same = metric == .cosine ? abs(actual.count - expected.count) <= 1 : actual == expected
                #expect(same, "query \(q), place \(place): \(actual.count) of \(expected.count)")
            }
        }
    }

    @Test("adding in parts, removing, updating and merging give the index of what is left")
    func changes() throws {
        let base = Matrix<Float>.random(rows: 900, columns: 12, seed: 3)
        let queries = Matrix<Float>.random(rows: 40, columns: 12, seed: 4)
        let empty = try IVFIndex.flat(centroids: base.rows(0..<10), metric: .l2)
        var whole = empty
        try whole.add(base)
        var parts = empty
        for start in stride(from: 0, to: 900, by: 70) { try parts.add(base.rows(start..<min(900, start + 70))) }
        let options = SearchOptions(nprobe: 4)
        let expected = try whole.search(queries, k: 10, options: options).neighbors
        #expect(try parts.search(queries, k: 10, options: options).neighbors == expected)

        var merged = empty
        try merged.add(base.rows(0..<400))
        var second = empty
        try second.add(base.rows(400..<900))
        #expect(throws: IndexError.self) { try merged.merge(second) }
        try merged.merge(second, idOffset: 400)
        #expect(try merged.search(queries, k: 10, options: options).neighbors == expected)

        let before = whole
        #expect(whole.remove(stride(from: Int64(0), to: 900, by: 3)) == 300)
        #expect(whole.remove([0, 3, 5000]) == 0)
        #expect(whole.count == 600)
        #expect(try before.search(queries, k: 10, options: options).neighbors == expected)
        var few = empty
        let left = (0..<Int64(900)).filter { $0 % 3 != 0 }
        try few.add(Matrix(left.map { base[Int($0)] }), ids: left)
        let fewer = try few.search(queries, k: 10, options: options).neighbors
        #expect(try whole.search(queries, k: 10, options: options).neighbors == fewer)

        try whole.update(base, ids: Array(0..<900))
        #expect(try whole.search(queries, k: 10, options: options).neighbors == expected)
        #expect(whole.count == 900)
    }

    @Test("bad input is an error that changes nothing")
    func badInput() throws {
        let base = Matrix<Float>.random(rows: 30, columns: 4, seed: 5)
        var index = try IVFIndex.flat(centroids: base.rows(0..<3), metric: .l2)
        try index.add(base)
        #expect(throws: IndexError.dimensionMismatch(expected: 4, actual: 3)) {
            try index.add(Matrix([[1, 2, 3]]))
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 2)) {
            try index.add(Matrix([[0, 0, 0, 0], [0, 0, .nan, 0]]))
        }
        #expect(throws: IndexError.tooLarge(row: 0, column: 1)) { try index.add(Matrix([[0, 1e30, 0, 0]])) }
        #expect(throws: IndexError.duplicateID(7)) { try index.add(base.rows(0..<1), ids: [7]) }
        #expect(throws: IndexError.duplicateID(50)) { try index.add(base.rows(0..<2), ids: [50, 50]) }
        #expect(throws: IndexError.idCountMismatch(vectors: 2, ids: 1)) { try index.add(base.rows(0..<2), ids: [50]) }
        #expect(throws: IndexError.reservedID(.max)) { try index.add(base.rows(0..<1), ids: [.max]) }
        #expect(throws: IndexError.self) { try index.search(base, k: 0) }
        #expect(throws: IndexError.self) { try index.search(base, k: 1, options: .init(nprobe: 0)) }
        #expect(throws: IndexError.self) { try index.search(base, within: .nan) }
        #expect(index.count == 30)
        let found = try index.search(base.rows(0..<1), k: 100, options: .init(nprobe: 3))
        #expect(found.neighbors[0].count == 30)
        let empty = try IVFIndex.flat(centroids: base.rows(0..<3), metric: .l2)
        #expect(try empty.search(base, k: 3).neighbors == Neighbors(Array(repeating: [], count: 30)))
    }

    private func shape(_ count: Int, _ dimension: Int, _ nlist: Int, _ queries: Int) -> Shape {
        Shape(count: count, dimension: dimension, nlist: nlist, queries: queries)
    }
}
