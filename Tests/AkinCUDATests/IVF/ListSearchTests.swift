import Akin
import AkinHostModel
import AkinTestSupport
import Testing

/// Inverted lists on the host model, against the CPU's index at the same number of lists: the same ids and scores.
@Suite("Searching inverted lists on a device")
struct DeviceListSearchTests {
    struct Case: Sendable, CustomStringConvertible {
        var spec: String
        var metric = Metric.l2
        var rows = 700, queries = 7, dimension = 24, nprobe = 4, k = 10
        var perBlock = 2
        var hasTies = false
        var hasShortTables = false
        /// Only ids that 3 divides may be found.
        var isFiltered = false
        var description: String {
            "\(spec) \(metric) \(rows) x \(dimension), nprobe \(nprobe), k \(k), \(perBlock) lists a block"
                + (hasTies ? ", ties" : "") + (hasShortTables ? ", tables of 16 bits" : "")
                + (isFiltered ? ", filter" : "")
        }
    }

    static let cases: [Case] = [
        Case(spec: "IVF16,Flat"), Case(spec: "IVF16,Flat", metric: .innerProduct, dimension: 33),
        Case(spec: "IVF16,Flat", metric: .cosine, nprobe: 16, perBlock: 16),
        Case(spec: "IVF1,Flat", rows: 100, dimension: 1, nprobe: 1, k: 200, perBlock: 1),
        Case(spec: "IVF16,Flat", dimension: 3, hasTies: true),
        Case(spec: "IVF200,Flat", rows: 400, nprobe: 200, k: 5, perBlock: 60),
        Case(spec: "IVF1,Flat", rows: 3_000, queries: 2, dimension: 4, nprobe: 1, k: 700, perBlock: 1),
        Case(spec: "IVF16,PQ6"), Case(spec: "IVF16,PQ6", metric: .innerProduct, nprobe: 16, perBlock: 5),
        Case(spec: "IVF16,PQ8x6", metric: .cosine), Case(spec: "IVF4,PQ3", nprobe: 3, k: 400, perBlock: 1),
        Case(spec: "IVF16,PQ6", hasShortTables: true),
        Case(spec: "IVF16,PQ6", k: 200, hasTies: true, hasShortTables: true),
        Case(spec: "IVF16,PQ8x6", metric: .innerProduct, nprobe: 16, perBlock: 5, hasShortTables: true),
        Case(spec: "IVF16,PQ12x4"), Case(spec: "IVF16,PQ24x4fs", metric: .innerProduct, nprobe: 16),
        Case(spec: "IVF16,PQ2x4fs", nprobe: 16, hasTies: true), Case(spec: "PQ6", nprobe: 1, perBlock: 1),
        Case(spec: "IVF16,Flat", metric: .innerProduct, isFiltered: true), Case(spec: "IVF16,PQ6", isFiltered: true),
        Case(spec: "IVF16,PQ12x4fs", nprobe: 16, k: 300, isFiltered: true),
    ]

    @Test("answers are the CPU's", arguments: cases)
    func answers(c: Case) throws {
        let index = try Self.index(c)
        let lists = try #require(index.interleavedLists())
        let queries = Self.vectors(rows: c.queries, c, seed: 9)
        // Ties need no more room than there are vectors.
        let wanted = c.hasTies ? 1_000 : min(1_024, c.k + c.k / 4 + 24)
        let expected = try index.search(
            queries, k: c.k,
            options: .init(nprobe: c.nprobe, filter: c.isFiltered ? .predicate { $0 % 3 == 0 } : nil)
        ).neighbors
        for order in [0, 1, 4] as [UInt32] {
            let found = try Self.search(c, index, lists, queries, wanted: wanted, order: order)
            for q in 0..<c.queries {
                #expect(found.certain[q], "query \(q)")
                let best = found.rows[q].sorted { ($0.key, $0.id) < ($1.key, $1.id) }.prefix(c.k)
                #expect(best.map(\.id) == expected[q].map(\.id), "query \(q)")
                #expect(
                    best.map { c.metric == .l2 ? $0.key : 0 - $0.key } == expected[q].map(\.score), "query \(q)")
            }
        }
    }

    @Test("where the vectors left out may be among the nearest, it is said")
    func uncertain() throws {
        let c = Case(spec: "IVF1,Flat", rows: 300, queries: 3, dimension: 2, nprobe: 1, k: 5, hasTies: true)
        let index = try Self.index(c)
        let lists = try #require(index.interleavedLists())
        let found = try Self.search(
            c, index, lists, Self.vectors(rows: c.queries, c, seed: 9), wanted: c.k, order: 0)
        #expect(found.certain == [false, false, false])
    }

    @Test("lists come back from a device as they were", arguments: cases)
    func roundTrip(c: Case) throws {
        let index = try Self.index(c)
        let lists = try #require(index.interleavedLists())
        let again = try index.replacingLists(lists)
        #expect(again.interleavedLists() == lists)
        #expect(again.count == index.count)
        let queries = Self.vectors(rows: c.queries, c, seed: 9), options = SearchOptions(nprobe: c.nprobe)
        #expect(
            try again.search(queries, k: c.k, options: options).neighbors
                == index.search(queries, k: c.k, options: options).neighbors)
    }

    @Test("lists of codes that a device does not hold are refused")
    func refused() throws {
        let index = try Self.index(Case(spec: "IVF4,SQ8"))
        #expect(index.interleavedLists() == nil)
        let other = try #require(try Self.index(Case(spec: "IVF4,Flat")).interleavedLists())
        #expect(throws: IndexError.unsupported("IVF4,SQ8")) { try index.replacingLists(other) }
    }

    private static func vectors(rows: Int, _ c: Case, seed: UInt64) -> Matrix<Float> {
        var random = SeededRandom(seed: seed)
        return Matrix(rows: rows, columns: c.dimension) { x in
            for i in x.indices {
                x[i] = c.hasTies ? Float.random(in: 0..<3, using: &random).rounded(.down) : random.gaussian()
            }
        }
    }

    /// Ids are not the order of the vectors, so that ties show by what they are decided.
    private static func index(_ c: Case) throws -> IVFIndex {
        let base = vectors(rows: c.rows, c, seed: 8)
        var index = try IVFIndex(
            training: base, spec: IndexSpec(parsing: c.spec), metric: c.metric,
            options: .init(iterations: 3, threads: 1))
        try index.add(base, ids: (0..<c.rows).map { Int64(($0 * 7_919) % 10_007) }, threads: 1)
        return index
    }

    struct Found {
        var rows: [[(id: Int64, key: Float)]]
        var certain: [Bool]
    }

    struct Problem: Error { var text: String }

    private static func search(
        _ c: Case, _ index: IVFIndex, _ lists: InterleavedLists, _ queries: Matrix<Float>, wanted: Int, order: UInt32
    ) throws -> Found {
        let tables = index.listTables(lists)
        let (x, probes, offsets) = try index.listQueries(queries, nprobe: c.nprobe)
        var keys = [Float](repeating: 0, count: c.queries * wanted)
        var numbers = [UInt32](repeating: 0, count: c.queries * wanted)
        var certain = [UInt32](repeating: 2, count: c.queries)
        var alive: [AnyObject] = []
        func address<T: BitwiseCopyable>(_ array: [T]) -> UnsafePointer<T>? {
            guard !array.isEmpty else { return nil }
            let buffer = Buffer<T>(uninitialized: array.count)
            for i in array.indices { buffer[i] = array[i] }
            alive.append(buffer)
            return UnsafePointer(buffer.pointer)
        }
        func elements(_ matrix: Matrix<Float>?) -> UnsafePointer<Float>? {
            matrix.flatMap { $0.withUnsafeElements { address(Array($0)) } }
        }
        defer { withExtendedLifetime(alive) {} }
        var allowed: [UInt32] = []
        if c.isFiltered {
            allowed = Array(repeating: 0, count: Int(lists.blocks[index.nlist]))
            for list in 0..<index.nlist {
                for (i, number) in (Int(lists.starts[list])..<Int(lists.starts[list + 1])).enumerated()
                where lists.ids[number] % 3 == 0 {
                    allowed[Int(lists.blocks[list]) + i / 32] |= 1 << UInt32(i % 32)
                }
            }
        }
        let search = akin_host_lists(
            codes: address(lists.codes), terms: address(lists.terms), starts: address(lists.starts),
            blocks: address(lists.blocks), probes: address(probes), allowed: address(allowed),
            offsets: address(offsets), x: elements(x),
            centroids: elements(tables.centroids), codebooks: elements(tables.codebooks), nlist: UInt32(index.nlist),
            queries: UInt32(c.queries), nprobe: UInt32(c.nprobe), dimension: UInt32(c.dimension),
            rows: UInt32(lists.rows), m: UInt32(tables.m), ksub: UInt32(tables.ksub),
            metric: c.metric == .l2 ? 0 : 1, k: UInt32(c.k), wanted: UInt32(wanted), perBlock: UInt32(c.perBlock),
            growth: tables.growth + (c.hasShortTables ? 0x1p-20 : 0), radius: tables.radius, fixed: tables.fixed,
            hasShortTables: c.hasShortTables)
        let problem = HostModel.problem {
            akin_host_ivf_search(search, order, &keys, &numbers, &certain, $0, $1)
        }
        if let problem { throw Problem(text: problem) }
        return Found(
            rows: (0..<c.queries).map { q in
                (q * wanted..<(q + 1) * wanted).filter { numbers[$0] != .max }.map {
                    (lists.ids[Int(numbers[$0])], keys[$0])
                }
            }, certain: certain.map { $0 == 1 })
    }
}
