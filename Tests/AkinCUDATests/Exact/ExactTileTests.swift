import Akin
import AkinCUDA
import AkinHostModel
import AkinTestSupport
import Testing

/// The kernels of exact search on the host model, against the CPU's index: the same ids, the same scores, to the bit.
@Suite("Exact search in 8-bit tiles")
struct ExactTileTests {
    struct Case: Sendable, CustomStringConvertible {
        var metric = Metric.l2
        var rows = 700, queries = 20, dimension = 33, k = 10
        var whole = false, offset: Float = 0
        /// Every other row has a component so large that its other codes are coarse, and that no query has.
        var coarse = false
        var description: String {
            "\(metric) \(rows) x \(dimension), \(queries) queries, k \(k)" + (whole ? ", whole numbers" : "")
                + (offset == 0 ? "" : ", far from the origin") + (coarse ? ", every other row coarse" : "")
        }
    }

    static let cases: [Case] = [
        Case(), Case(metric: .innerProduct), Case(metric: .cosine), Case(rows: 130, queries: 3, dimension: 1, k: 1),
        Case(rows: 1_000, queries: 129, dimension: 64, k: 5), Case(rows: 640, dimension: 130, k: 100),
        Case(metric: .cosine, rows: 513, dimension: 65, k: 3), Case(dimension: 20, whole: true),
        Case(metric: .innerProduct, queries: 40, dimension: 32, coarse: true),
        Case(rows: 300, dimension: 16, k: 20, offset: 1_000), Case(rows: 90, queries: 1, k: 7),
    ]

    @Test("answers are the CPU's", arguments: cases)
    func answers(c: Case) throws {
        let (base, queries) = Self.data(c)
        let index = try FlatIndex(base, metric: c.metric)
        let found = try Self.search(index, queries, k: c.k, capacity: 1_024, order: UInt32(c.dimension % 4))
        #expect(found.overflowed.allSatisfy { $0 == 0 })
        let expected = try index.search(queries, k: c.k).neighbors
        for q in 0..<c.queries {
            #expect(found.rows[q].map { Int64($0.id) } == expected[q].map(\.id), "query \(q)")
            #expect(found.rows[q].map(\.score.bitPattern) == expected[q].map(\.score.bitPattern), "query \(q)")
        }
    }

    @Test(
        "only rows that pass are found, whichever tiles they lie in",
        arguments: [
            (Case(), 3, 0..<700), (Case(metric: .cosine, rows: 1_000, dimension: 64), 1, 300..<420),
            (Case(metric: .innerProduct, queries: 130, k: 30), 4, 130..<700), (Case(k: 4), 200, 0..<700),
        ])
    func filters(c: Case, step: Int, range: Range<Int>) throws {
        let (base, queries) = Self.data(c)
        let index = try FlatIndex(base, metric: c.metric)
        let passes: @Sendable (Int64) -> Bool = { range.contains(Int($0)) && $0 % Int64(step) == 0 }
        let found = try Self.search(
            index, queries, k: c.k, capacity: 1_024, order: UInt32(c.dimension % 4), passing: passes)
        let expected = try index.search(queries, k: c.k, options: SearchOptions(filter: .predicate(passes))).neighbors
        for q in 0..<c.queries {
            let row = found.rows[q].filter { $0.id != .max }
            #expect(row.map { Int64($0.id) } == expected[q].map(\.id), "query \(q)")
            #expect(row.map(\.score.bitPattern) == expected[q].map(\.score.bitPattern), "query \(q)")
        }
    }

    @Test("stages take what a list holds, then some times as many rows as before")
    func stages() {
        #expect(TileStages.ends(tiles: 100, rowsBefore: nil, capacity: 2_048, growth: 2) == [16, 32, 64, 100])
        #expect(TileStages.ends(tiles: 3, rowsBefore: nil, capacity: 2_048, growth: 16) == [3])
        #expect(TileStages.ends(tiles: 0, rowsBefore: [0], capacity: 2_048, growth: 16).isEmpty)
        let sparse = (0...9_000).map { $0 * 2 }
        #expect(TileStages.ends(tiles: 9_000, rowsBefore: sparse, capacity: 2_048, growth: 3) == [1_024, 3_072, 9_000])
        // Growth that is less than a tile takes one all the same.
        #expect(
            TileStages.ends(tiles: 4, rowsBefore: [0, 128, 256, 384, 512], capacity: 128, growth: 1.1) == [1, 2, 3, 4])
    }

    @Test("a list that is too short is said to be, and gives nothing")
    func overflows() throws {
        let c = Case(rows: 700, queries: 4, k: 8)
        let (base, queries) = Self.data(c)
        let index = try FlatIndex(base, metric: c.metric)
        let found = try Self.search(index, queries, k: c.k, capacity: 100, order: 0)
        #expect(found.overflowed.allSatisfy { $0 == 1 })
        #expect(found.rows.allSatisfy { $0.allSatisfy { $0.id == .max && $0.score.isNaN } })
    }

    /// Random vectors, a third of them twice, so that there are ties.
    private static func data(_ c: Case) -> (base: Matrix<Float>, queries: Matrix<Float>) {
        var random = SeededRandom(seed: UInt64(c.rows + c.dimension))
        func value() -> Float {
            c.whole ? Float.random(in: 0..<6, using: &random).rounded(.down) : random.gaussian() + c.offset
        }
        var base = (0..<c.rows * c.dimension).map { _ in value() }
        for i in stride(from: 3, to: c.rows, by: 3) {
            for j in 0..<c.dimension { base[i * c.dimension + j] = base[(i - 2) * c.dimension + j] }
        }
        var queries = (0..<c.queries * c.dimension).map { _ in value() }
        if c.coarse {
            for i in stride(from: 0, to: c.rows, by: 2) { base[i * c.dimension] = i % 4 == 0 ? 150 : -150 }
            for q in 0..<c.queries { queries[q * c.dimension] = 0 }
        }
        func matrix(_ rows: Int, _ elements: [Float]) -> Matrix<Float> {
            Matrix(rows: rows, columns: c.dimension) { _ = $0.update(fromContentsOf: elements) }
        }
        return (matrix(c.rows, base), matrix(c.queries, queries))
    }

    struct Found {
        var rows: [[(id: UInt32, score: Float)]]
        var overflowed: [UInt32]
    }

    private struct Problem: Error { var text: String }

    private static func search(
        _ index: FlatIndex, _ queries: Matrix<Float>, k: Int, capacity: Int, order: UInt32,
        passing: ((Int64) -> Bool)? = nil
    ) throws -> Found {
        let rows = try #require(index.codedRows(0..<index.count, tile: 128, stage: 64))
        let coded = try #require(index.codedQueries(queries, k: k, tile: 128, stage: 64))
        var values = [Float](repeating: 0, count: queries.rows * k)
        var ids = [UInt32](repeating: 0, count: queries.rows * k)
        var overflowed = [UInt32](repeating: 0, count: queries.rows)
        var allowed = [UInt32](repeating: 0, count: rows.b.count / 32), tiles: [UInt32] = []
        for row in 0..<index.count where passing?(Int64(row)) == true {
            allowed[row / 32] |= 1 << UInt32(row % 32)
            if tiles.last != UInt32(row / 128) { tiles.append(UInt32(row / 128)) }
        }
        var alive: [AnyObject] = []
        func address<T: BitwiseCopyable>(_ array: [T]) -> UnsafePointer<T> {
            let buffer = Buffer<T>(uninitialized: array.count)
            for i in array.indices { buffer[i] = array[i] }
            alive.append(buffer)
            return UnsafePointer(buffer.pointer)
        }
        defer { withExtendedLifetime(alive) {} }
        let problem =
            index.vectors.withUnsafeElements { base in
                queries.withUnsafeElements { x in
                    let search = akin_host_exact(
                        codes: address(rows.codes), queryCodes: address(coded.codes), b: address(rows.b),
                        w: address(rows.w), e0: address(rows.e0), e1: address(rows.e1), e2: address(rows.e2),
                        largest: address(rows.largest), scale: address(coded.scale), offset: address(coded.offset),
                        slack: address(coded.slack), x1: address(coded.x1), x2: address(coded.x2),
                        vectors: base.baseAddress, queryVectors: x.baseAddress, rows: UInt32(index.count),
                        queries: UInt32(queries.rows), dimension: UInt32(index.dimension),
                        padded: UInt32(rows.padded), k: UInt32(k), capacity: UInt32(capacity), firstTiles: 1,
                        growth: 2, metric: index.metric == .l2 ? 0 : index.metric == .innerProduct ? 1 : 2,
                        allowed: passing == nil ? nil : address(allowed), tiles: address(tiles),
                        tileCount: UInt32(tiles.count))
                    return HostModel.problem {
                        akin_host_exact_search(search, order, &values, &ids, &overflowed, $0, $1)
                    }
                }
            }
        if let problem { throw Problem(text: problem) }
        return Found(
            rows: (0..<queries.rows).map { q in (0..<k).map { (ids[q * k + $0], values[q * k + $0]) } },
            overflowed: overflowed)
    }
}
