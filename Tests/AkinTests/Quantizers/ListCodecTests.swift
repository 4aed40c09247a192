import Akin
import AkinTestSupport
import CAkinKernels
import Testing

/// A codec with vectors and queries of its dimension.
struct CodecCase: CustomTestStringConvertible, Sendable {
    var name: String
    var dimension: Int
    var scale: Float = 1
    var make: @Sendable (Matrix<Float>) throws -> any ListCodec

    var testDescription: String { "\(name), dimension \(dimension)\(scale == 1 ? "" : ", times \(scale)")" }

    static func scalar(_ kind: IndexSpec.ScalarType, _ dimension: Int, scale: Float = 1) -> CodecCase {
        CodecCase(name: kind.rawValue, dimension: dimension, scale: scale) {
            ScalarCodec(try ScalarQuantizer.train(kind, $0))
        }
    }

    static func product(_ m: Int, _ nbits: Int, _ dimension: Int, scale: Float = 1) -> CodecCase {
        CodecCase(name: "PQ\(m)x\(nbits)", dimension: dimension, scale: scale) {
            PQCodec(try .train(.init(dimension: dimension, m: m, nbits: nbits), $0, iterations: 3))
        }
    }

    static func fast(_ m: Int, _ dimension: Int, scale: Float = 1) -> CodecCase {
        CodecCase(name: "PQ\(m)x4fs", dimension: dimension, scale: scale) {
            try FastScanCodec(.train(.init(dimension: dimension, m: m, nbits: 4), $0, iterations: 3))
        }
    }

    static func signs(_ bits: Int, _ dimension: Int, scale: Float = 1) -> CodecCase {
        CodecCase(name: "RaBitQ\(bits)", dimension: dimension, scale: scale) {
            try RaBitQCodec(bits: bits, dimension: $0.columns)
        }
    }

    static let all: [CodecCase] = {
        var cases: [CodecCase] = []
        for kind in IndexSpec.ScalarType.allCases {
            for dimension in [1, 3, 17, 100] { cases.append(.scalar(kind, dimension)) }
        }
        for (m, dimension) in [(1, 1), (1, 17), (2, 4), (3, 3), (7, 14), (8, 8), (9, 9), (64, 128), (200, 200)] {
            cases.append(.fast(m, dimension))
        }
        for (m, nbits, dimension) in [
            (1, 8, 1), (2, 8, 34), (3, 5, 3), (16, 8, 64), (8, 4, 16), (5, 6, 10), (3, 7, 6), (2, 9, 4), (1, 10, 3),
        ] {
            cases.append(.product(m, nbits, dimension))
        }
        for (bits, dimension) in [(1, 1), (1, 3), (1, 17), (1, 32), (1, 100), (1, 200)] {
            cases.append(.signs(bits, dimension))
        }
        return cases
    }()

    /// Codecs whose first look is probable, not certain.
    static let probable: [CodecCase] = [(2, 3), (2, 64), (3, 17), (4, 100), (6, 33), (8, 40), (9, 65)].map {
        .signs($0.0, $0.1)
    }

    /// Values at and beyond what floats can square.
    static let extreme: [CodecCase] =
        [0, 1e-25, 1e6, 1e17, 1e30, 3e37].flatMap { (scale: Float) in
            [
                .scalar(.bits8, 16, scale: scale), .scalar(.bits6, 16, scale: scale),
                .scalar(.bits4, 16, scale: scale), .scalar(.float16, 16, scale: scale),
                .scalar(.bfloat16, 16, scale: scale),
                .fast(8, 16, scale: scale), .product(4, 8, 16, scale: scale), .product(2, 9, 16, scale: scale),
            ]
        }
        + [0, 1e-25, 1e6, 1e13].flatMap { (scale: Float) in
            [.signs(1, 16, scale: scale), .signs(4, 16, scale: scale)]
        }

    func vectors(_ count: Int, seed: UInt64) -> Matrix<Float> {
        let random = Matrix.random(rows: count, columns: dimension, seed: seed)
        return Matrix(rows: count, columns: dimension) { out in
            random.withUnsafeElements { for i in out.indices { out[i] = $0[i] * scale } }
        }
    }
}

@Suite("List codecs")
struct ListCodecTests {
    private let counts = [0, 1, 31, 32, 33, 63, 64, 65, 300]

    @Test("store codes at every place and load them again", arguments: CodecCase.all + CodecCase.probable)
    func storeAndLoad(_ c: CodecCase) throws {
        let codec = try c.make(c.vectors(1100, seed: 1))
        for count in counts {
            let trial = ListTrial(
                codec, c.vectors(count, seed: 2), queries: c.vectors(1, seed: 3), metric: .l2, hasCentroid: true)
            var same = true
            for i in 0..<count {
                var code = [UInt8](repeating: 0x55, count: codec.codeByteCount)
                codec.load(i, in: trial.blocks.pointer, into: &code)
                same = same && code[...] == trial.codes[i * codec.codeByteCount..<(i + 1) * codec.codeByteCount]
            }
            #expect(same, "\(count) codes")
            #expect(codec.blockByteCount % 4 == 0)
        }
    }

    @Test(
        "compute the keys of decoded vectors to the same bits at every level",
        arguments: CodecCase.all + CodecCase.probable)
    func keysAgree(_ c: CodecCase) throws {
        let codec = try c.make(c.vectors(1100, seed: 1))
        for metric in [Metric.l2, .innerProduct] {
            for hasCentroid in [false, true] {
                let trial = ListTrial(
                    codec, c.vectors(40, seed: 2), queries: c.vectors(2, seed: 3), metric: metric,
                    hasCentroid: hasCentroid)
                let plain = trial.key(Kernels.available[0], 37, 1)
                #expect(abs(plain - trial.keys[1][37]) <= 1e-12 * Double(c.dimension))
                for level in Kernels.available { #expect(trial.key(level, 37, 1) == plain, "\(level.name)") }
            }
        }
    }

    @Test("hold every key within its interval", arguments: CodecCase.all + CodecCase.probable + CodecCase.extreme)
    func intervalsHoldKeys(_ c: CodecCase) throws {
        let codec = try c.make(c.vectors(1100, seed: 1))
        for metric in [Metric.l2, .innerProduct] {
            for hasCentroid in [false, true] {
                for count in counts {
                    let trial = ListTrial(
                        codec, c.vectors(count, seed: 2), queries: c.vectors(count == 300 ? 9 : 3, seed: 3),
                        metric: metric, hasCentroid: hasCentroid)
                    for level in Kernels.available { checkIntervals(trial, level) }
                }
            }
        }
    }

    private func checkIntervals(_ trial: ListTrial, _ level: Kernels) {
        let found = trial.scan(level, k: trial.count + 1, isBounded: true)
        let estimates = trial.scan(level, k: trial.count + 1, isBounded: false)
        let plain = trial.scan(Kernels.available[0], k: trial.count + 1, isBounded: false)
        #expect(estimates == plain, "estimates differ at \(level.name)")
        for q in found.indices {
            let complete = found[q].map(\.row) == (0..<trial.count).map(UInt32.init)
            #expect(complete && found[q].count == estimates[q].count)
            guard complete, found[q].count == estimates[q].count else { continue }
            var misses = 0, strays = 0
            for (candidate, estimate) in zip(found[q], estimates[q]) {
                let key = akin_ordered(Float(trial.keys[q][Int(candidate.row)]))
                misses += candidate.lo <= key && key <= candidate.hi ? 0 : 1
                strays +=
                    estimate.lo == estimate.hi && candidate.lo <= estimate.lo && estimate.lo <= candidate.hi ? 0 : 1
            }
            #expect(misses == 0, "\(level.name), query \(q) of a list of \(trial.count)")
            #expect(strays == 0, "\(level.name), query \(q) of a list of \(trial.count)")
        }
    }

    @Test("keep the nearest among the candidates, and nothing that is not allowed", arguments: CodecCase.all)
    func nearestAreCandidates(_ c: CodecCase) throws {
        let codec = try c.make(c.vectors(1100, seed: 1))
        var random = SeededRandom(seed: 5)
        for (metric, count) in [(Metric.l2, 1000), (.innerProduct, 1000), (.l2, 65)] {
            let trial = ListTrial(
                codec, c.vectors(count, seed: 2), queries: c.vectors(5, seed: 3), metric: metric, hasCentroid: true,
                storedAtOnce: count)
            for share in [nil, 0.5, 0.01] as [Double?] {
                let allowed = share.map { share in
                    (0..<count).map { _ in Double.random(in: 0..<1, using: &random) < share }
                }
                for k in [1, 10, 100] {
                    for level in Kernels.available {
                        let found = trial.scan(level, k: k, isBounded: true, allowed: allowed)
                        for q in found.indices {
                            let rows = Set(found[q].map(\.row))
                            let order = (0..<count).filter { allowed?[$0] ?? true }
                                .sorted { (trial.keys[q][$0], $0) < (trial.keys[q][$1], $1) }
                            let missing = order.prefix(k).filter { !rows.contains(UInt32($0)) }
                                .filter {
                                    Float(trial.keys[q][$0]) < Float(trial.keys[q][order[min(k, order.count) - 1]])
                                }
                            #expect(missing.isEmpty, "\(level.name), k = \(k)")
                            let strangers = rows.filter { !(allowed?[Int($0)] ?? true) }
                            #expect(strangers.isEmpty)
                            #expect(rows.count == found[q].count && rows.count >= min(k, order.count))
                        }
                    }
                }
            }
        }
    }
}

@Suite("Layout of blocks")
struct BlockLayoutTests {
    @Test("codes of 4 bits lie eight parts a row, four bytes a vector")
    func nibbles() throws {
        let quantizer = try ProductQuantizer(
            .init(dimension: 10, m: 10, nbits: 4),
            codebooks: Matrix(rows: 160, columns: 1) { out in for i in out.indices { out[i] = Float(i % 16) } })
        let codec = try FastScanCodec(quantizer)
        let vectors = Matrix<Float>(rows: 34, columns: 10) { out in
            for i in out.indices { out[i] = i / 10 == 33 ? Float(i % 10 + 1) : 0 }
        }
        let trial = ListTrial(codec, vectors, queries: vectors.rows(0..<1), metric: .l2, hasCentroid: false)
        #expect(codec.codeByteCount == 5 && codec.blockByteCount == 2 * 128 + 128)
        let second = trial.blocks.pointer + codec.blockByteCount
        // Vector 33 is place 1 of the second block: parts 1...10 of it hold 1...10.
        #expect((0..<4).map { second[4 + $0] } == [0x51, 0x62, 0x73, 0x84])
        #expect((0..<4).map { second[128 + 4 + $0] } == [0x09, 0x0a, 0, 0])
        let term = UnsafeRawPointer(second + 256).load(fromByteOffset: 4, as: Float.self)
        #expect(term == 385)
        #expect(codec.specification == .fastScan(m: 10, residual: false))
    }

    @Test("codes of 8 bits lie in rows of 64 with every fourth column for neighbours")
    func bytes() throws {
        let quantizer = try ProductQuantizer(
            .init(dimension: 2, m: 2, nbits: 8),
            codebooks: Matrix(rows: 512, columns: 1) { out in for i in out.indices { out[i] = Float(i % 256) } })
        let codec = PQCodec(quantizer)
        let vectors = Matrix<Float>(rows: 18, columns: 2) { out in
            for i in out.indices { out[i] = Float(i / 2 + 100 * (i % 2)) }
        }
        let trial = ListTrial(codec, vectors, queries: vectors.rows(0..<1), metric: .innerProduct, hasCentroid: false)
        #expect(codec.blockByteCount == 2 * 64 + 256)
        let block = trial.blocks.pointer
        #expect(block[0] == 0 && block[4] == 1 && block[60] == 15 && block[1] == 16 && block[5] == 17)
        #expect(block[64] == 100 && block[64 + 5] == 117)
    }

    @Test("codes of 6 bits lie sixteen components in three bytes of four")
    func sixBits() throws {
        let codec = try ScalarCodec(
            .bits6, dimension: 16,
            tables: [
                Matrix([[Float](repeating: 0, count: 16), [Float](repeating: 63, count: 16)])
            ])
        let trial = ListTrial(
            codec, Matrix([(0..<16).map { Float($0 == 12 ? 0b100111 : $0) }]),
            queries: Matrix([[Float](repeating: 0, count: 16)]), metric: .l2, hasCentroid: false)
        let block = trial.blocks.pointer
        // Component 12 is 10 01 11: its bits lie above components 0, 4 and 8, lowest first.
        #expect(block[0] == 0b1100_0000 && block[128] == 0b0100_0100 && block[256] == 0b1000_1000)
    }
}
