import Akin
import AkinTestSupport
import Testing

@Suite("Optimized product quantization")
struct OPQTests {
    /// Vectors whose variance lies in few directions across all components.
    private func sample(rows: Int, dimension d: Int, seed: UInt64) throws -> Matrix<Float> {
        let plain = Matrix<Float>(rows: rows, columns: d) { elements in
            var random = SeededRandom(seed: seed)
            for i in elements.indices { elements[i] = random.gaussian() * 10 / Float(1 + i % d) + 1 }
        }
        return try LinearTransform.randomRotation(input: d, output: d, seed: seed + 1).apply(plain)
    }

    /// What codes lose of vectors, per vector.
    private func loss(_ vectors: Matrix<Float>, m: Int, bits: Int) throws -> Double {
        let quantizer = try ProductQuantizer.train(
            .init(dimension: vectors.columns, m: m, nbits: bits), vectors, threads: 2)
        let decoded = try quantizer.decode(try quantizer.encode(vectors))
        return zip(doubles(vectors), doubles(decoded)).reduce(0) { sum, rows in
            sum + zip(rows.0, rows.1).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        } / Double(vectors.rows)
    }

    @Test("codes lose less after the rotation", arguments: [(4, 4), (8, 4), (4, 6), (2, 8)])
    func lessLoss(m: Int, bits: Int) throws {
        let x = try sample(rows: 3_000, dimension: 32, seed: 1)
        let opq = try LinearTransform.opq(x, m: m, output: 32, bits: bits, seed: 1)
        #expect(orthonormalityError(opq.matrix) < 1e-5)
        #expect(opq.keepsDistances)
        #expect(opq.bias.allSatisfy { $0 == 0 })
        let plain = try loss(x, m: m, bits: bits), rotated = try loss(try opq.apply(x), m: m, bits: bits)
        #expect(rotated < 0.8 * plain, "\(rotated), \(plain) without")
        // Better than dealing components alone, which is what a sample smaller than the codebooks gets.
        let dealt = try LinearTransform.opq(x, m: m, output: 32, bits: 12, seed: 1)
        let first = try loss(try dealt.apply(x), m: m, bits: bits)
        #expect(rotated < first * 1.001, "\(rotated), \(first) by dealing")
    }

    @Test("fewer dimensions keep what matters")
    func fewerDimensions() throws {
        let x = try sample(rows: 2_000, dimension: 24, seed: 3)
        let opq = try LinearTransform.opq(x, m: 4, output: 12, bits: 4, seed: 1)
        #expect(opq.outputDimension == 12)
        #expect(!opq.keepsDistances)
        #expect(orthonormalityError(opq.matrix) < 1e-5)
        let total = doubles(x).reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
        let kept = doubles(try opq.apply(x)).reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
        #expect(kept > 0.85 * total)
    }

    @Test("parts get nearly the same product of variances when dealt", arguments: [1, 2, 4, 8, 16])
    func balance(m: Int) throws {
        let x = Matrix<Float>(rows: 1_000, columns: 16) { elements in
            var random = SeededRandom(seed: 8)
            for i in elements.indices { elements[i] = random.gaussian() * Float(1 << (i % 16 / 2)) }
        }
        // Twelve bits ask for 4,096 vectors, so there is no refinement.
        let opq = try LinearTransform.opq(x, m: m, output: 16, bits: 12, seed: 1)
        #expect(orthonormalityError(opq.matrix) < 1e-5)
        let y = doubles(try opq.apply(x))
        let variances = (0..<16).map { c in y.reduce(0) { $0 + $1[c] * $1[c] } / 1_000 }
        let size = 16 / m
        let products = (0..<m).map { part in (part * size..<(part + 1) * size).reduce(1.0) { $0 * variances[$1] } }
        if (2...4).contains(m) { #expect((products.max() ?? 0) < 30 * (products.min() ?? 0)) }
    }

    @Test("constant and duplicate vectors are no trouble")
    func constant() throws {
        for value in [Float(0), 1, -1e6] {
            let x = Matrix<Float>(rows: 50, columns: 8) { $0.update(repeating: value) }
            let opq = try LinearTransform.opq(x, m: 2, output: 8, bits: 4, seed: 1)
            #expect(orthonormalityError(opq.matrix) < 1e-5)
        }
        let few = Matrix<Float>.randomIntegers(rows: 3, columns: 8, seed: 1)
        let x = Matrix<Float>(rows: 300, columns: 8) { elements in
            for row in 0..<300 { for c in 0..<8 { elements[row * 8 + c] = few[row % 3, c] } }
        }
        let opq = try LinearTransform.opq(x, m: 4, output: 8, bits: 4, seed: 1)
        #expect(orthonormalityError(opq.matrix) < 1e-5)
        #expect(try loss(try opq.apply(x), m: 4, bits: 4) < 1e-6)
    }

    @Test("the rotation is the same on any number of threads and at every level")
    func determinism() throws {
        let x = try sample(rows: 1_500, dimension: 20, seed: 5)
        var expected: Matrix<Float>?
        for kernels in Kernels.available {
            for threads in [1, 3] {
                let opq = try LinearTransform.opq(
                    x, m: 5, output: 20, bits: 5, seed: 1, threads: threads, kernels: kernels)
                let same = opq.matrix == expected ?? opq.matrix
                #expect(same, "\(kernels.name), \(threads) threads")
                expected = opq.matrix
            }
        }
        let other = try LinearTransform.opq(x, m: 5, output: 20, bits: 5, seed: 2)
        #expect(other.matrix != expected)
    }
}
