import Akin
import AkinTestSupport
import CAkinKernels
import Testing

@Suite("Product quantizer")
struct ProductQuantizerTests {
    /// Codeword k of each part is k in every component.
    private func staircase(m: Int, nbits: Int, dsub: Int = 1) throws -> ProductQuantizer {
        let ksub = 1 << nbits
        return try ProductQuantizer(
            .init(dimension: m * dsub, m: m, nbits: nbits),
            codebooks: Matrix(rows: m * ksub, columns: dsub) { out in
                for i in out.indices { out[i] = Float(i / dsub % ksub) }
            })
    }

    @Test("packs numbers with the lowest bits first")
    func packs() throws {
        let four = try staircase(m: 3, nbits: 4)
        #expect(try four.encode(Matrix([[1, 2, 15]]))[0] == [0x21, 0x0f])
        let five = try staircase(m: 3, nbits: 5)
        // 00001, 11111, 10101 -> 1 + (31 << 5) + (21 << 10) = 0x57e1
        #expect(try five.encode(Matrix([[1, 31, 21]]))[0] == [0xe1, 0x57])
        let twelve = try staircase(m: 2, nbits: 12)
        #expect(try twelve.encode(Matrix([[0x123, 0xabc]]))[0] == [0x23, 0xc1, 0xab])
        let eight = try staircase(m: 2, nbits: 8)
        #expect(try eight.encode(Matrix([[200, 7]]))[0] == [200, 7])
    }

    @Test("decodes what it packs", arguments: 4...12)
    func roundTrip(_ nbits: Int) throws {
        let quantizer = try staircase(m: 7, nbits: nbits, dsub: 2)
        let x = Matrix<Float>(rows: 40, columns: 14) { out in
            for i in out.indices { out[i] = Float((i / 2 * 37) % (1 << nbits)) }
        }
        #expect(try quantizer.decode(quantizer.encode(x)) == x)
    }

    @Test("takes the nearest codeword, the first of equals, at every level", arguments: [1, 2, 3, 8], [4, 6, 8])
    func nearestCodeword(_ dsub: Int, _ nbits: Int) throws {
        // Small whole numbers: distances are exact and often equal.
        let m = 3, ksub = 1 << nbits
        let books = Matrix.randomIntegers(rows: m * ksub, columns: dsub, in: 0...3, seed: 8)
        let quantizer = try ProductQuantizer(.init(dimension: m * dsub, m: m, nbits: nbits), codebooks: books)
        let x = Matrix.randomIntegers(rows: 100, columns: m * dsub, in: 0...3, seed: 9)
        var transposed = [Float](repeating: 0, count: m * ksub * dsub)
        for s in 0..<m {
            for k in 0..<ksub {
                for d in 0..<dsub { transposed[(s * dsub + d) * ksub + k] = books[s * ksub + k, d] }
            }
        }
        var expected = [UInt16](repeating: 0, count: x.rows * m)
        for i in 0..<x.rows {
            for s in 0..<m {
                var best = Float.infinity
                for k in 0..<ksub {
                    var distance: Float = 0
                    for d in 0..<dsub {
                        let difference = x[i, s * dsub + d] - books[s * ksub + k, d]
                        distance += difference * difference
                    }
                    if distance < best {
                        best = distance
                        expected[i * m + s] = UInt16(k)
                    }
                }
            }
        }
        for simd in [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON] {
            guard let table = akin_code_kernels_at(simd)?.pointee else { continue }
            var numbers = [UInt16](repeating: .max, count: x.rows * m)
            transposed.withUnsafeBufferPointer { words in
                var shape = akin_codebooks(codewords: words.baseAddress, m: m, dsub: dsub, ksub: ksub)
                x.withUnsafeElements { table.pq_encode(&shape, $0.baseAddress, x.rows, &numbers) }
            }
            let agrees = numbers == expected
            #expect(agrees, "level \(simd.rawValue)")
        }
        let decoded = try quantizer.decode(quantizer.encode(x))
        var same = true
        for i in 0..<x.rows {
            for c in 0..<m * dsub {
                same = same && decoded[i, c] == books[c / dsub * ksub + Int(expected[i * m + c / dsub]), c % dsub]
            }
        }
        #expect(same)
    }

    @Test("makes the same tables of a query at every level", arguments: [(1, 1, 4), (64, 2, 4), (5, 3, 8), (7, 4, 6)])
    func tablesAgree(_ m: Int, _ dsub: Int, _ nbits: Int) {
        let ksub = 1 << nbits
        let words = Matrix.random(rows: m * dsub, columns: ksub, seed: 4)
        let x = Matrix.random(rows: 1, columns: m * dsub, seed: 5)[0]
        var plain: [[Float]] = [], plainBytes: [UInt8] = []
        for simd in [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON] {
            guard let table = akin_code_kernels_at(simd)?.pointee else { continue }
            var tables = [Float](repeating: .nan, count: m * ksub)
            var least = [Float](repeating: .nan, count: m), greatest = least
            words.withUnsafeElements {
                var shape = akin_codebooks(codewords: $0.baseAddress, m: m, dsub: dsub, ksub: ksub)
                table.pq_tables(&shape, x, -2, &tables, &least, &greatest)
            }
            var bytes = [UInt8](repeating: 0, count: m * ksub)
            var inverse: Float = 0
            let query = akin_quantize_step(least, greatest, m, 1, 1e-6, &inverse)
            table.pq_quantize(tables, least, m, ksub, inverse, &bytes)
            if plain.isEmpty { (plain, plainBytes) = ([tables, least, greatest], bytes) }
            let agrees = [tables, least, greatest] == plain && bytes == plainBytes
            #expect(agrees, "level \(simd.rawValue)")
            var worst: Float = 0
            for s in 0..<m {
                for k in 0..<ksub {
                    let exact = (0..<dsub).reduce(Float(0)) { $0 - 2 * x[s * dsub + $1] * words[s * dsub + $1, k] }
                    #expect(abs(tables[s * ksub + k] - exact) < 1e-4)
                    let rounded = least[s] + query.scale * Float(bytes[s * ksub + k])
                    worst = max(worst, abs(rounded - tables[s * ksub + k]) / query.scale)
                }
            }
            #expect(worst <= 0.501)
        }
    }

    @Test("chooses steps that keep sums of bytes within 16 bits", arguments: [1, 2, 200, 258, 1024])
    func sumsFit(_ m: Int) {
        // Every table spans the same: the worst case for the sum.
        let least = [Float](repeating: -1, count: m), greatest = [Float](repeating: 2, count: m)
        var inverse: Float = 0
        let query = akin_quantize_step(least, greatest, m, 3, 1e-6, &inverse)
        let largest = Int((3 * inverse).rounded())
        #expect(largest <= 255 && largest * m <= 65_535 && query.scale > 0)
        #expect(m > 250 || largest == 255)
    }

    @Test("trains the same codebooks on any number of threads")
    func trainingIsDeterministic() throws {
        let x = Matrix.random(rows: 600, columns: 12, seed: 6)
        let parameters = ProductQuantizer.Parameters(dimension: 12, m: 4, nbits: 5)
        let one = try ProductQuantizer.train(parameters, x, seed: 3, threads: 1)
        #expect(try ProductQuantizer.train(parameters, x, seed: 3, threads: 3).codebooks == one.codebooks)
        #expect(try ProductQuantizer.train(parameters, x, seed: 4, threads: 1).codebooks != one.codebooks)
    }

    @Test("finds the clusters that are there")
    func trainingFindsClusters() throws {
        // 16 well separated values in each part.
        let x = Matrix<Float>(rows: 800, columns: 4) { out in
            for i in out.indices { out[i] = Float((i * 7 + i / 16) % 16 * 10) }
        }
        let quantizer = try ProductQuantizer.train(.init(dimension: 4, m: 4, nbits: 4), x, iterations: 50)
        let y = try quantizer.decode(quantizer.encode(x))
        var error = 0.0, spread = 0.0
        for i in 0..<x.rows {
            for d in 0..<4 {
                error += Double((x[i, d] - y[i, d]) * (x[i, d] - y[i, d]))
                spread += Double((x[i, d] - 75) * (x[i, d] - 75))
            }
        }
        #expect(error < 0.02 * spread)
    }

    @Test("trains on equal vectors without trouble")
    func trainingOnConstants() throws {
        let x = Matrix<Float>(rows: 300, columns: 4) { out in for i in out.indices { out[i] = 2 } }
        let quantizer = try ProductQuantizer.train(.init(dimension: 4, m: 2, nbits: 8), x)
        #expect(try quantizer.decode(quantizer.encode(x)) == x)
    }

    @Test("stops when it is told to")
    func cancels() {
        let x = Matrix.random(rows: 300, columns: 4, seed: 1)
        let monitor = ProgressMonitor(shouldStop: { true })
        #expect(throws: CancellationError.self) {
            try ProductQuantizer.train(.init(dimension: 4, m: 2, nbits: 4), x, monitor: monitor)
        }
    }

    @Test("refuses what it cannot do")
    func refuses() throws {
        let x = Matrix.random(rows: 300, columns: 12, seed: 1)
        func train(_ m: Int, _ nbits: Int, _ x: Matrix<Float>) throws {
            _ = try ProductQuantizer.train(.init(dimension: x.columns, m: m, nbits: nbits), x)
        }
        #expect(throws: IndexError.outOfRange(name: "dimension modulo m", value: 2, allowed: 0...0)) {
            try train(5, 4, x)
        }
        #expect(throws: IndexError.outOfRange(name: "m", value: 0, allowed: 1...12)) { try train(0, 4, x) }
        #expect(throws: IndexError.outOfRange(name: "m", value: 13, allowed: 1...12)) { try train(13, 4, x) }
        #expect(throws: IndexError.outOfRange(name: "nbits", value: 3, allowed: 4...12)) { try train(4, 3, x) }
        #expect(throws: IndexError.outOfRange(name: "nbits", value: 13, allowed: 4...12)) { try train(4, 13, x) }
        #expect(throws: IndexError.outOfRange(name: "training vectors", value: 300, allowed: 512...Int.max)) {
            try train(4, 9, x)
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 0)) {
            try train(1, 4, Matrix((0..<20).map { [$0 == 1 ? Float.nan : 1] }))
        }
        #expect(throws: IndexError.outOfRange(name: "codewords", value: 3, allowed: 32...32)) {
            try PQCodec(m: 2, bits: 4, dimension: 4, tables: [Matrix([[1, 1], [2, 2], [3, 3]])])
        }
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 1)) {
            try FastScanCodec(
                m: 2, isResidual: false, dimension: 4, tables: [Matrix(rows: 32, columns: 1) { _ in }])
        }
        #expect(throws: IndexError.outOfRange(name: "nbits", value: 5, allowed: 4...4)) {
            try FastScanCodec(staircase(m: 2, nbits: 5))
        }
        let quantizer = try staircase(m: 2, nbits: 4)
        #expect(throws: IndexError.dimensionMismatch(expected: 2, actual: 1)) { try quantizer.encode(Matrix([[1]])) }
        #expect(throws: IndexError.dimensionMismatch(expected: 1, actual: 2)) {
            try quantizer.decode(Matrix<UInt8>([[1, 2]]))
        }
    }
}
