import Akin
import AkinTestSupport
import CAkinKernels
import Testing

@Suite("Transform kernels")
struct TransformKernelTests {
    static let levels: [akin_simd_level] = [
        AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON,
    ].filter { akin_transform_at($0) != nil }
    static let dimensions = [1, 2, 3, 7, 8, 16, 17, 31, 32, 33, 64, 100, 128, 130]

    private func values(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.gaussian() }
    }

    private func linear(_ level: akin_simd_level, x: [Float], rows: Int, a: [Float], bias: [Float], out: Int) -> [Float]
    {
        let input = a.count / out
        let padded = (out + 31) / 32 * 32
        var packed = [Float](repeating: .nan, count: padded * input)
        akin_transform_pack(a, out, input, &packed)
        let paddedBias = bias + Array(repeating: 0, count: padded - out)
        var y = [Float](repeating: .nan, count: rows * out)
        akin_transform_at(level).pointee.linear(x, rows, input, packed, paddedBias, out, &y)
        return y
    }

    @Test("every level has transform kernels where it has others")
    func everyLevel() {
        for level in [AKIN_SIMD_SCALAR, AKIN_SIMD_AVX2, AKIN_SIMD_AVX512, AKIN_SIMD_NEON] {
            #expect((akin_transform_at(level) == nil) == (akin_kernels_at(level) == nil))
        }
    }

    @Test("a matrix gives the same bits at every level, and what doubles give", arguments: dimensions)
    func linear(dimension: Int) {
        for out in [1, 5, 31, 32, 33, 64, 97] {
            for rows in [1, 2, 12, 13, 29] {
                let x = values(rows * dimension, seed: 1), a = values(out * dimension, seed: 2)
                let bias = values(out, seed: 3)
                let expected = linear(AKIN_SIMD_SCALAR, x: x, rows: rows, a: a, bias: bias, out: out)
                var worst = 0.0
                for r in 0..<rows {
                    for o in 0..<out {
                        var sum = Double(bias[o]), size = abs(sum)
                        for i in 0..<dimension {
                            let term = Double(a[o * dimension + i]) * Double(x[r * dimension + i])
                            sum += term
                            size += abs(term)
                        }
                        worst = max(worst, abs(sum - Double(expected[r * out + o])) / size)
                    }
                }
                #expect(worst <= Double(dimension + 1) * 6e-8)
                for level in Self.levels {
                    let same = linear(level, x: x, rows: rows, a: a, bias: bias, out: out) == expected
                    #expect(same, "level \(level.rawValue), \(rows) x \(dimension) to \(out)")
                }
            }
        }
    }

    @Test("sums of products give the same bits at every level", arguments: dimensions)
    func gram(dimension: Int) {
        for other in [1, 4, 15, 16, 17, 40] {
            let rows = 37
            let x = values(rows * dimension, seed: 4).map(Double.init)
            let y = values(rows * other, seed: 5).map(Double.init)
            let first = dimension / 5, last = dimension - dimension / 7
            var expected = [Double](repeating: 0.5, count: dimension * other)
            for i in first..<last {
                for j in 0..<other {
                    for r in 0..<rows {
                        expected[i * other + j].addProduct(x[r * dimension + i], y[r * other + j])
                    }
                }
            }
            for level in Self.levels {
                var c = [Double](repeating: 0.5, count: dimension * other)
                akin_transform_at(level).pointee.gram(x, dimension, y, other, rows, first, last, &c)
                let same = c == expected
                #expect(same, "level \(level.rawValue)")
            }
        }
    }

    @Test("a rotation gives the same bits at every level and is undone", arguments: dimensions)
    func rotation(dimension: Int) {
        for rows in [1, 15, 16, 17, 40] {
            let x = values(rows * dimension, seed: 6)
            let signs = values(3 * dimension, seed: 7).map { $0 < 0 ? Float(-1) : 1 }
            let run = { (level: akin_simd_level, x: [Float], reverse: Bool) in
                let scratch = Buffer<Float>(repeating: 0, count: dimension * 16)
                var y = [Float](repeating: .nan, count: rows * dimension)
                akin_transform_at(level).pointee.rotate(x, rows, dimension, signs, 3, reverse, &y, scratch.pointer)
                return y
            }
            let expected = run(AKIN_SIMD_SCALAR, x, false), back = run(AKIN_SIMD_SCALAR, expected, true)
            let worst = zip(x, back).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            #expect(worst < 1e-5)
            for level in Self.levels {
                let same = run(level, x, false) == expected && run(level, expected, true) == back
                #expect(same, "level \(level.rawValue), \(rows) x \(dimension)")
            }
        }
    }
}
