import Akin
import AkinCUDA
import AkinCUDACases
import AkinTestSupport
import Testing

@Suite("Runs with vectors that the device makes")
struct ScaleRunTests {
    /// The formula of `synthetic.cu`, one component at a time.
    private static func component(seed: UInt64, row: UInt64, c: UInt64, dimension: UInt64) -> Float {
        func mixed(_ word: UInt64) -> UInt64 {
            var x = word &+ 0x9E37_79B9_7F4A_7C15
            x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
            return x ^ x >> 31
        }
        func normal(_ word: UInt64) -> Float {
            let sum = (0..<4).reduce(0) { $0 + Int(word >> (16 * UInt64($1)) & 0xFFFF) }
            return Float(sum - 131_070) * 0x1.bb67aep-16
        }
        let path = mixed(mixed(seed) &+ row)
        var x: Float = 0
        for level in 1...3 as ClosedRange<UInt64> {
            let place = mixed(mixed(seed + level) &+ path >> (64 - 6 * level))
            x.addProduct(1.25 - 0.25 * Float(level), normal(mixed(place &+ c)))
        }
        for j in 0..<12 as Range<UInt64> {
            let along = normal(mixed(mixed(mixed(seed + 5) &+ row) &+ j))
            x.addProduct(0.15625 * along, normal(mixed(mixed(seed + 4) &+ j * dimension + c)))
        }
        x.addProduct(0.125, normal(mixed(mixed(path) &+ c)))
        return x
    }

    @Test("rows are what the formula says, from whatever row on")
    func synthetic() throws {
        let device = FakeDevice()
        do {
            let context = try device.context()
            let vectors = try SyntheticVectors(dimension: 21, seed: 7, kernels: FakeDevice.kernels(context))
            let pool = try DevicePool(context)
            let stream = try CUDAStream(context)
            let first = 5_000_000_000
            let rows = try vectors.onHost(first..<first + 70, pool: pool, stream: stream)
            for i in 0..<70 {
                let expected = (0..<21 as Range<UInt64>).map {
                    Self.component(seed: 7, row: UInt64(first + i), c: $0, dimension: 21)
                }
                #expect(rows[i] == expected, "row \(i)")
            }
            // Components vary about as much as the weights say.
            let all = rows.withUnsafeElements { $0.reduce(0.0) { $0 + Double($1) * Double($1) } } / (70 * 21)
            #expect((1.2...3.2).contains(all))
            let again = try vectors.onHost(first + 33..<first + 34, pool: pool, stream: stream)
            #expect(again[0] == rows[33])
        }
        #expect(device.isClean)
    }

    @Test("the nearest of all rows are those of the CPU")
    func exact() throws {
        let device = FakeDevice()
        let context = try device.context()
        let kernels = FakeDevice.kernels(context)
        let vectors = try SyntheticVectors(dimension: 16, kernels: kernels)
        let (pool, stream) = (try DevicePool(context), try CUDAStream(context))
        let base = try vectors.onHost(0..<600, pool: pool, stream: stream)
        let queries = try vectors.onHost(600..<605, pool: pool, stream: stream)
        let found = try vectors.nearest(
            to: queries, of: 600, k: 4, kernels: kernels, pool: pool, stream: stream)
        let expected = try FlatIndex(base).search(queries, k: 4).neighbors
        #expect(found == (0..<5).map { expected[$0].map(\.id) })
    }

    @Test("a run builds, searches and tells of every phase; more lists find more")
    func run() throws {
        let device = FakeDevice()
        do {
            let context = try device.context()
            var run = ScaleRun(name: "small", count: 1_200, lists: 12, bytes: 4, exactQueries: 8)
            run.dimension = 24
            run.block = 500
            run.timedQueries = 4
            run.nprobes = [1, 12, 24]
            var told = 0
            let rows = try run.measure(
                DeviceUnderTest(context: context, kernels: FakeDevice.kernels(context))
            ) { _ in told += 1 }
            #expect(told == rows.count)
            // Two of training, two of building, one of exact search, two of searches: 24 lists are more than there are.
            #expect(rows.count == 7)
            #expect(rows.allSatisfy { $0.what.hasPrefix("IVF12,PQ4, 1200 x 24 made on the device: ") })
            let recalls = rows.suffix(2).compactMap { row in
                row.beside.split(separator: ";").first.flatMap { Double($0.dropFirst("recall@10 ".count)) }
            }
            #expect(recalls.count == 2)
            // 4 bytes say little of 24 components, yet far more than chance, which is 10 of 1,200.
            #expect(recalls[0] > 0.03 && recalls[1] > 0.15 && recalls[0] <= recalls[1], "\(recalls)")

            run.limit = 0
            let short = try run.measure(
                DeviceUnderTest(context: context, kernels: FakeDevice.kernels(context)))
            #expect(short[2].beside.contains("500 vectors, then the time was up"), "\(short[2].beside)")
            #expect(short.suffix(2).allSatisfy { $0.value == "not measured" })
        }
        #expect(device.isClean)
    }
}
