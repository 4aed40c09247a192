import Akin
import AkinTestSupport
import CAkinKernels
import Testing

/// Lengths around every register width, and some that people use.
private let lengths = [1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 127, 128, 784, 960]

private func tables() -> [akin_kernel_table] {
    [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON]
        .compactMap { akin_kernels_at($0)?.pointee }
}

@Suite("Kernels")
struct KernelTests {
    @Test("sum distances and products in doubles to the same bits at every level", arguments: lengths)
    func exactSumsAgree(_ length: Int) throws {
        let data = Matrix.random(rows: 20, columns: length, seed: UInt64(length))
        for i in 0..<19 {
            let x = data[i], y = data[i + 1]
            // The order that all levels share: 16 running sums, then pairwise.
            var distances = [Double](repeating: 0, count: 16), products = distances
            for c in 0..<length {
                let difference = Double(x[c]) - Double(y[c])
                distances[c % 16] += difference * difference
                products[c % 16] += Double(x[c]) * Double(y[c])
            }
            func total(_ s: [Double]) -> Double {
                var s = s
                for width in [8, 4, 2, 1] { for j in 0..<width { s[j] += s[j + width] } }
                return s[0]
            }
            for table in tables() {
                #expect(table.distance(x, y, length) == total(distances), "\(String(cString: table.name))")
                #expect(table.product(x, y, length) == total(products), "\(String(cString: table.name))")
            }
        }
    }

    @Test("sum whole numbers without any error", arguments: lengths)
    func wholeNumbersAreExact(_ length: Int) throws {
        let data = Matrix.randomIntegers(rows: 2, columns: length, in: 0...255, seed: 9)
        let x = data[0], y = data[1]
        let distance = zip(x, y).reduce(0) { $0 + Int($1.0 - $1.1) * Int($1.0 - $1.1) }
        let product = zip(x, y).reduce(0) { $0 + Int($1.0) * Int($1.1) }
        for table in tables() {
            #expect(table.distance(x, y, length) == Double(distance))
            #expect(table.product(x, y, length) == Double(product))
        }
    }

    @Test("sort words as the standard library does", arguments: [0, 1, 2, 100, 5000])
    func sortsWords(_ count: Int) {
        var random = SeededRandom(seed: 4)
        for mask in [UInt64.max, 0xff, 0xffff_0000_0000_00ff, 0] {
            var words = (0..<count).map { _ in random.next() & mask }
            let expected = words.sorted()
            var spare = words
            akin_sort_words(&words, &spare, count)
            #expect(words == expected)
        }
    }

    @Test("keep the nearest candidates when they make room", arguments: [1, 5, 10, 33, 500])
    func compactKeepsTheNearest(_ k: Int) {
        var random = SeededRandom(seed: UInt64(k))
        for table in tables() {
            for round in 0..<20 {
                let count = k + Int.random(in: 0..<300, using: &random)
                let room = (count + 16) / 16 * 16
                let spread = Int32(round % 4 == 0 ? 3 : 100_000)  // few values: many ties
                var lo = (0..<room).map { _ in Int32.random(in: -spread...spread, using: &random) }
                var hi = lo.map { $0 + (round % 2 == 0 ? 0 : Int32.random(in: 0...50, using: &random)) }
                var row = (0..<room).map { UInt32($0) }
                let before = (0..<count).map { (lo[$0], hi[$0], row[$0]) }
                lo.withUnsafeMutableBufferPointer { l in
                    hi.withUnsafeMutableBufferPointer { h in
                        row.withUnsafeMutableBufferPointer { r in
                            var selector = akin_selector(
                                lo: l.baseAddress, hi: h.baseAddress, row: r.baseAddress, count: UInt32(count),
                                limit: UInt32(count), capacity: UInt32(room + 192), k: UInt32(k), bound: .max)
                            table.compact(&selector)
                            let kth = before.map { $0.1 }.sorted()[k - 1]
                            #expect(selector.bound >= kth)
                            #expect(
                                before.filter { $0.1 <= selector.bound }.count <= k + k / 32 || selector.bound == kth)
                            let expected = before.filter { $0.0 <= selector.bound }
                            #expect(Int(selector.count) == expected.count)
                            for (i, candidate) in expected.enumerated() {
                                #expect((l[i], h[i], r[i]) == candidate)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("find the first component that is not finite")
    func findsWhatIsNotFinite() {
        var x = [Float](repeating: 1, count: 10_000)
        #expect(akin_first_not_finite(x, x.count) == x.count)
        x[9_999] = .nan
        #expect(akin_first_not_finite(x, x.count) == 9_999)
        x[4_097] = -.infinity
        #expect(akin_first_not_finite(x, x.count) == 4_097)
        x[0] = .greatestFiniteMagnitude
        #expect(akin_first_not_finite(x, x.count) == 4_097)
    }

    @Test("tell whole numbers from others")
    func tellsWholeNumbers() {
        var least: Float = 0, greatest: Float = 0
        var x = (0..<5000).map { Float($0 % 256) }
        #expect(akin_whole_numbers(x, x.count, &least, &greatest) && least == 0 && greatest == 255)
        x[4999] = 0.5
        #expect(!akin_whole_numbers(x, x.count, &least, &greatest))
        x[4999] = 1e30
        #expect(!akin_whole_numbers(x, x.count, &least, &greatest))
        #expect(!akin_whole_numbers([-1e-30], 1, &least, &greatest))
    }

    @Test("map floats to integers of the same order")
    func orderedKeysKeepOrder() {
        let tiny: Float = 0x1p-133
        let values: [Float] = [-.infinity, -1e30, -1, -tiny, 0, .leastNonzeroMagnitude, tiny, 0.5, 1, 3e38, .infinity]
        for (a, b) in zip(values, values.dropFirst()) { #expect(akin_ordered(a) < akin_ordered(b)) }
        for v in values { #expect(akin_unordered(akin_ordered(v)) == v) }
    }
}
