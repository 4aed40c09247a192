import Akin
import AkinCUDA
import AkinTestSupport
import Testing

/// Inverted lists from end to end, on a device made of host memory.
@Suite("Inverted lists on a device")
struct DeviceListsTests {
    @Test(
        "answers are the index's",
        arguments: ["IVF16,Flat", "IVF16,PQ6", "IVF16,PQ12x4fs"], [Metric.l2, .innerProduct, .cosine])
    func answers(spec: String, metric: Metric) throws {
        let device = FakeDevice(seed: 1)
        try {
            let base = Matrix<Float>.random(rows: 600, columns: 24, seed: 3)
            let index = try Self.index(spec, metric, base)
            let queries = Matrix<Float>.random(rows: 9, columns: 24, seed: 4)
            let lists = try Self.lists(index, device)
            for (k, nprobe) in [(1, 1), (10, 5), (100, 16)] {
                let found = try lists.search(queries, k: k, nprobe: nprobe)
                let expected = try index.search(queries, k: k, options: .init(nprobe: nprobe)).neighbors
                #expect(found.rows == (0..<9).map { Array(expected[$0]) }, "k \(k), nprobe \(nprobe)")
                #expect(found.compared == 0)
            }
            #expect(try lists.search(queries.rows(0..<0), k: 1, nprobe: 1).rows.isEmpty)
        }()
        #expect(device.isClean)
    }

    @Test(
        "answers are the index's with tables of 16 bits, too",
        arguments: ["IVF8,PQ6", "IVF8,PQ12x5", "IVF8,PQ3x7"], [Metric.l2, .innerProduct])
    func shortTables(spec: String, metric: Metric) throws {
        let base = Matrix<Float>.random(rows: 600, columns: 24, seed: 5)
        let index = try Self.index(spec, metric, base), device = FakeDevice()
        let context = try device.context()
        let lists = try DeviceLists(
            index, library: FakeDevice.kernels(context), pool: DevicePool(context, budget: 1 << 26), summed: .shorts)
        let queries = Matrix<Float>.random(rows: 9, columns: 24, seed: 6)
        for (k, nprobe) in [(1, 1), (10, 5), (100, 8)] {
            let found = try lists.search(queries, k: k, nprobe: nprobe)
            let expected = try index.search(queries, k: k, options: .init(nprobe: nprobe)).neighbors
            #expect(found.rows == (0..<9).map { Array(expected[$0]) }, "k \(k), nprobe \(nprobe)")
            #expect(found.compared == 0)
        }
    }

    @Test("what tables of 16 bits lose is known to the decision")
    func shortTablesLose() throws {
        // The first part spreads so far that one step of it holds many vectors, which differ by the second alone.
        var random = SeededRandom(seed: 7)
        let base = Matrix<Float>(rows: 800, columns: 2) { x in
            for row in 0..<800 {
                x[2 * row] = row % 100 == 0 ? -1 : 0
                x[2 * row + 1] = Float.random(in: -0.0001...0.0001, using: &random)
            }
        }
        let index = try Self.index("PQ2", .innerProduct, base), context = try FakeDevice().context()
        let lists = try DeviceLists(
            index, library: FakeDevice.kernels(context), pool: DevicePool(context, budget: 1 << 26), summed: .shorts)
        let queries = Matrix<Float>([0.5, -0.5, 0.7, -0.7, 1, -1, 1.3, -1.3].map { [1, $0] })
        // Those that share the least step cannot be mistaken; k is beyond them.
        for k in [25, 33, 64] {
            let found = try lists.search(queries, k: k, nprobe: 1)
            let expected = try index.search(queries, k: k, options: .init(nprobe: 1)).neighbors
            #expect(found.rows == (0..<queries.rows).map { Array(expected[$0]) })
        }
    }

    @Test("what the first look cannot tell apart a wider one can")
    func widened() throws {
        // More equal vectors than the first look keeps, fewer than the second does.
        let base = Matrix<Float>(rows: 300, columns: 4) { x in for i in x.indices { x[i] = Float(i % 4) } }
        let index = try Self.index("IVF1,Flat", .l2, base)
        let found = try Self.lists(index, FakeDevice()).search(base.rows(0..<2), k: 3, nprobe: 1)
        #expect(found.compared == 0)
        let expected = try index.search(base.rows(0..<2), k: 3, options: .init(nprobe: 1)).neighbors
        #expect(found.rows == [Array(expected[0]), Array(expected[1])])
    }

    @Test("codes that a device does not hold are refused")
    func refused() throws {
        let base = Matrix<Float>.random(rows: 100, columns: 4, seed: 3)
        let expected = " on a device; expected IVF…,Flat, or IVF…,PQ of 4 to 8 bits with or without a second code"
        for spec in ["IVF4,SQ8", "IVF4,SQ8,RFlat"] {
            let index = try Self.index(spec, .l2, base)
            #expect(throws: IndexError.unsupported(spec + expected)) { try Self.lists(index, FakeDevice()) }
        }
    }

    private static func index(_ spec: String, _ metric: Metric, _ base: Matrix<Float>) throws -> IVFIndex {
        var index = try IVFIndex(
            training: base, spec: IndexSpec(parsing: spec), metric: metric, options: .init(iterations: 3, threads: 1))
        try index.add(base, threads: 1)
        return index
    }

    private static func lists(_ index: IVFIndex, _ device: FakeDevice) throws -> DeviceLists {
        let context = try device.context()
        return try DeviceLists(index, library: FakeDevice.kernels(context), pool: DevicePool(context))
    }
}
