import Akin
import AkinTestSupport
import Testing

@Suite("Principal components")
struct PCATests {
    /// Independent components of the given deviations, turned by a rotation, around a mean.
    private func sample(_ deviations: [Float], rows: Int, seed: UInt64) throws -> (Matrix<Float>, LinearTransform) {
        let d = deviations.count
        let plain = Matrix<Float>(rows: rows, columns: d) { elements in
            var random = SeededRandom(seed: seed)
            for i in elements.indices { elements[i] = random.gaussian() * deviations[i % d] }
        }
        let turn = try LinearTransform.randomRotation(input: d, output: d, seed: seed + 1)
        let moved = LinearTransform(
            matrix: turn.matrix, bias: (0..<d).map { Float($0) + 1 }, isOrthonormal: true)
        return (try moved.apply(plain), turn)
    }

    private func covariance(_ vectors: Matrix<Float>) -> [[Double]] {
        let rows = doubles(vectors), d = vectors.columns, n = Double(vectors.rows)
        let mean = (0..<d).map { c in rows.reduce(0) { $0 + $1[c] } / n }
        return (0..<d).map { i in
            (0..<d).map { j in rows.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[j] - mean[j]) } / n }
        }
    }

    @Test("the axes of a known covariance are found in order", arguments: [1, 2, 3, 17, 40])
    func knownCovariance(d: Int) throws {
        let deviations = (0..<d).map { Float(d - $0) }
        let (x, turn) = try sample(deviations, rows: 20_000, seed: 1)
        let pca = try LinearTransform.pca(x, output: d)
        #expect(orthonormalityError(pca.matrix) < 1e-5)
        #expect(pca.keepsDistances)
        let c = covariance(try pca.apply(x))
        for i in 0..<d {
            for j in 0..<d {
                let expected = i == j ? Double(deviations[i] * deviations[i]) : 0
                #expect(
                    abs(c[i][j] - expected) < 0.06 * Double(deviations[i] * deviations[j]) * (i == j ? 1 : 0.01) + 1e-3)
            }
            if i > 0 { #expect(c[i][i] <= c[i - 1][i - 1]) }
            let row = pca.matrix[i]
            #expect((row.max(by: { abs($0) < abs($1) }) ?? 0) > 0)
        }
        // The first axis is the column of the rotation whose deviation is greatest.
        let overlap = (0..<d).reduce(Float(0)) { $0 + pca.matrix[0, $1] * turn.matrix[$1, 0] }
        #expect(abs(abs(overlap) - 1) < (d == 1 ? 1e-5 : 0.1))
        #expect(largestDifference(try #require(pca.inverse).apply(try pca.apply(x)), x) < 1e-3)
    }

    @Test("whitening gives the unit covariance, rotated or not", arguments: [false, true])
    func whitening(rotation: Bool) throws {
        let (x, _) = try sample([10, 5, 3, 1, 0.5, 0.1], rows: 5_000, seed: 2)
        let pca = try LinearTransform.pca(x, output: 5, whitening: true, rotation: rotation, seed: 9)
        let c = covariance(try pca.apply(x))
        for i in 0..<5 { for j in 0..<5 { #expect(abs(c[i][j] - (i == j ? 1 : 0)) < 1e-3) } }
        // The way back loses only what the way there does.
        let y = try pca.apply(x), back = try #require(pca.inverse).apply(y)
        #expect(largestDifference(try pca.apply(back), y) < 1e-3)
        let full = try LinearTransform.pca(x, output: 6, whitening: true, rotation: rotation, seed: 9)
        #expect(largestDifference(try #require(full.inverse).apply(try full.apply(x)), x) < 1e-3)
    }

    @Test("a rotation after the components keeps what they kept")
    func rotationKeepsSpan() throws {
        let (x, _) = try sample([9, 7, 5, 1, 1, 1], rows: 1_000, seed: 3)
        let plain = try LinearTransform.pca(x, output: 3),
            turned = try LinearTransform.pca(x, output: 3, rotation: true, seed: 4)
        #expect(orthonormalityError(turned.matrix) < 1e-5)
        let a = try #require(plain.inverse).apply(try plain.apply(x))
        let b = try #require(turned.inverse).apply(try turned.apply(x))
        #expect(largestDifference(a, b) < 1e-3)
        #expect(plain.matrix != turned.matrix)
    }

    @Test("data that lack directions are mapped without noise in them", arguments: [false, true])
    func rankDeficient(whitening: Bool) throws {
        // Rank 3 in 12 dimensions, far from the origin.
        let low = Matrix<Float>.randomIntegers(rows: 400, columns: 3, in: -8...8, seed: 5)
        let x = Matrix<Float>(rows: 400, columns: 12) { elements in
            for row in 0..<400 {
                let v = low[row]
                for c in 0..<12 {
                    elements[row * 12 + c] = 100 + v[0] * Float(c % 2) + v[1] * Float(c % 3) + v[2] * Float(c % 5)
                }
            }
        }
        let pca = try LinearTransform.pca(x, output: 12, whitening: whitening)
        let y = doubles(try pca.apply(x))
        for k in 3..<12 { #expect(y.allSatisfy { abs($0[k]) < 1e-2 }) }
        let back = try #require(pca.inverse).apply(try pca.apply(x))
        #expect(largestDifference(whitening ? try pca.apply(back) : back, whitening ? try pca.apply(x) : x) < 1e-2)
    }

    @Test("constant data become zero", arguments: [Float(0), 1, -1e6, 1e18])
    func constant(value: Float) throws {
        let x = Matrix<Float>(rows: 50, columns: 8) { $0.update(repeating: value) }
        for whitening in [false, true] {
            let pca = try LinearTransform.pca(x, output: 4, whitening: whitening)
            let y = try pca.apply(x)
            let small = y.withUnsafeElements { $0.allSatisfy { $0.isFinite && abs($0) <= abs(value) * 1e-5 } }
            #expect(small)
        }
    }

    @Test("as few vectors as outputs are enough, a large sample is thinned")
    func sampleSizes() throws {
        let x = Matrix<Float>.random(rows: 70_000, columns: 6, seed: 7)
        let chain = try TransformChain.train([.pca(6, whitening: false, rotation: false)], on: x, seed: 1)
        #expect(chain.outputDimension == 6)
        let few = try LinearTransform.pca(x.rows(0..<6), output: 6)
        #expect(orthonormalityError(few.matrix) < 1e-5)
        let one = try LinearTransform.pca(x.rows(0..<1), output: 1)
        #expect(try one.apply(x.rows(0..<1))[0].allSatisfy { abs($0) < 1e-5 })
    }
}
