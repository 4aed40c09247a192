import Akin
import AkinTestSupport
import Testing

/// A matrix as nested arrays of doubles.
func doubles(_ matrix: Matrix<Float>) -> [[Double]] { (0..<matrix.rows).map { matrix[$0].map(Double.init) } }

/// The greatest difference between the products of rows and those of an orthonormal set.
func orthonormalityError(_ matrix: Matrix<Float>) -> Double {
    let rows = doubles(matrix)
    var worst = 0.0
    for i in rows.indices {
        for j in 0...i {
            let product = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 }
            worst = max(worst, abs(product - (i == j ? 1 : 0)))
        }
    }
    return worst
}

/// The greatest difference between two matrices of the same shape.
func largestDifference(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Float {
    guard a.rows == b.rows, a.columns == b.columns else { return .infinity }
    return a.withUnsafeElements { x in
        b.withUnsafeElements { y in zip(x, y).reduce(0) { max($0, abs($1.0 - $1.1)) } }
    }
}

@Suite("Transforms")
struct TransformTests {
    static let dimensions = [1, 2, 3, 17, 32, 33, 64, 96, 100, 128, 200]

    @Test("a random rotation is orthonormal and keeps distances", arguments: dimensions)
    func randomRotation(dimension: Int) throws {
        let x = Matrix<Float>.random(rows: 50, columns: dimension, seed: 1)
        let chain = try TransformChain.train([.randomRotation(nil)], on: x, seed: 7)
        let y = try chain.apply(x)
        #expect(y.columns == dimension)
        var worst = 0.0
        for i in 1..<50 {
            let before = zip(x[0], x[i]).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            let after = zip(y[0], y[i]).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            worst = max(worst, abs(before - after) / before)
        }
        #expect(worst < 1e-5)
        #expect(chain.keepsDistances)
        #expect(largestDifference(try #require(try chain.invert(y)), x) < 1e-5)
        let dense = try LinearTransform.randomRotation(input: dimension, output: (dimension + 1) / 2, seed: 3)
        #expect(orthonormalityError(dense.matrix) < 1e-6)
        let fast = HadamardRotation(dimension: dimension, seed: 5)
        #expect(orthonormalityError(fast.linear.matrix) < 1e-5)
        #expect(largestDifference(try fast.linear.apply(x), try fast.apply(x)) < 1e-4)
    }

    @Test("a fast rotation spreads every component over all of them", arguments: [32, 48, 63, 65, 96, 127, 200, 960])
    func spreading(dimension: Int) {
        // A unit vector should become one whose components are near 1 / sqrt d; the greatest of d normal ones stays
        // below 6 / sqrt d but once in many millions.
        let matrix = HadamardRotation(dimension: dimension, seed: 11).linear.matrix
        let largest = matrix.withUnsafeElements { $0.reduce(Float(0)) { max($0, abs($1)) } }
        #expect(largest < 7 / Float(dimension).squareRoot())
    }

    @Test("different seeds turn differently, the same seed the same way")
    func seeds() throws {
        let x = Matrix<Float>.random(rows: 20, columns: 48, seed: 1)
        for transform: IndexSpec.Transform in [
            .randomRotation(nil), .randomRotation(16), .pca(16, whitening: true, rotation: true),
        ] {
            let y = try [1, 1, 2].map { try TransformChain.train([transform], on: x, seed: $0).apply(x) }
            #expect(y[0] == y[1])
            #expect(y[0] != y[2])
        }
        let two = try TransformChain.train([.randomRotation(nil), .randomRotation(nil)], on: x, seed: 1)
        #expect(two.transforms[0].record != two.transforms[1].record)
    }

    @Test("centring takes the mean away, normalisation gives length one")
    func centeringAndNormalization() throws {
        let x = Matrix<Float>(rows: 1_000, columns: 5) { elements in
            var random = SeededRandom(seed: 2)
            for i in elements.indices { elements[i] = random.gaussian() + Float(i % 5) * 10 }
        }
        let centred = try TransformChain.train([.center], on: x, seed: 1)
        let y = doubles(try centred.apply(x))
        for c in 0..<5 { #expect(abs(y.reduce(0) { $0 + $1[c] } / 1_000) < 1e-5) }
        #expect(largestDifference(try #require(try centred.invert(try centred.apply(x))), x) < 1e-5)

        let unit = try TransformChain.train([.l2Normalization], on: x, seed: 1)
        for row in doubles(try unit.apply(x)) {
            #expect(abs(row.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
        }
        let zero = Matrix<Float>(rows: 1, columns: 5) { _ in }
        #expect(try unit.apply(zero) == zero)
        #expect(try unit.invert(zero) == nil)
        let huge = Matrix<Float>([[3e38, 0, .greatestFiniteMagnitude, 0, 0]])
        #expect(try unit.apply(huge)[0].allSatisfy { $0.isFinite && $0 <= 1 })
    }

    @Test("transforms follow one another, and the pieces agree with the whole")
    func chain() throws {
        let x = Matrix<Float>.random(rows: 500, columns: 40, seed: 3)
        let spec = try IndexSpec(parsing: "Center,PCAWR32,RR,L2norm,OPQ4_16,Flat", dimension: 40)
        let chain = try TransformChain.train(spec.transforms, on: x, seed: 5)
        #expect(chain.transforms.map(\.outputDimension) == [40, 32, 32, 32, 16])
        #expect(chain.outputDimension == spec.codedDimension(40))
        var y = x
        for transform in chain.transforms { y = try transform.apply(y) }
        #expect(try chain.apply(x) == y)
        let pieces = Matrix<Float>(rows: 500, columns: 16) { target in
            x.withUnsafeElements { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                chain.apply(from, count: 7, into: to)
                chain.apply(from + 7 * 40, count: 493, into: to + 7 * 16)
            }
        }
        #expect(pieces == y)
        #expect(!chain.hasInverse)
        let nothing = TransformChain(inputDimension: 40)
        #expect(try nothing.apply(x) == x)
        #expect(throws: IndexError.dimensionMismatch(expected: 40, actual: 16)) { try chain.apply(y) }
    }

    @Test("a stored transform comes back the same, and what cannot be is refused")
    func records() throws {
        let x = Matrix<Float>.random(rows: 300, columns: 36, seed: 4)
        let spec = try IndexSpec(parsing: "Center,PCAW35,PCAR34,RR,RR33,OPQ3,L2norm,Flat", dimension: 36)
        let chain = try TransformChain.train(spec.transforms, on: x, seed: 5)
        var y = x
        for transform in chain.transforms {
            let (record, values) = (transform.record, transform.values)
            let again = try #require(record.transform(values: values))
            let expected = try transform.apply(y)
            #expect(try again.apply(y) == expected)
            #expect(again.record == record)
            #expect(again.values == values)
            #expect(record.transform(values: values + [0]) == nil)
            if !values.isEmpty {
                #expect(record.transform(values: values.dropLast()) == nil)
                #expect(record.transform(values: [.nan] + values.dropFirst()) == nil)
            }
            for wrong in [0, -1, Int.min, Int.max, 1 << 40] {
                var bad = record
                bad.inputDimension = wrong
                #expect(bad.valueCount == nil)
                bad = record
                bad.outputDimension = wrong
                #expect(bad.valueCount == nil)
                if record.kind == .hadamard {
                    bad = record
                    bad.rounds = wrong
                    #expect(bad.valueCount == nil)
                }
            }
            y = expected
        }
    }

    @Test("the result is the same on any number of threads and at every level")
    func determinism() throws {
        let x = Matrix<Float>.random(rows: 2_500, columns: 50, seed: 6)
        let spec = try IndexSpec(parsing: "Center,PCAWR48,RR,OPQ8_40,Flat", dimension: 50)
        var expected: Matrix<Float>?
        for kernels in Kernels.available {
            for threads in [1, 2, 5] {
                let chain = try TransformChain.train(
                    spec.transforms, on: x, seed: 1, threads: threads, kernels: kernels)
                let y = try chain.apply(x, threads: threads, kernels: kernels)
                let same = y == expected ?? y
                #expect(same, "\(kernels.name), \(threads) threads")
                expected = y
            }
        }
    }

    @Test("bad samples are errors")
    func badSamples() throws {
        let all =
            try IndexSpec(parsing: "PCA8,Flat").transforms + [
                .opq(m: 2, output: 8), .randomRotation(nil), .center, .l2Normalization, .randomRotation(4),
            ]
        for transform in all {
            var rows = [[Float]](repeating: [Float](repeating: 1, count: 10), count: 20)
            rows[3][4] = .nan
            #expect(throws: IndexError.notFinite(row: 3, column: 4)) {
                try TransformChain.train([transform], on: Matrix(rows), seed: 1)
            }
            rows[3][4] = .infinity
            #expect(throws: IndexError.notFinite(row: 3, column: 4)) {
                try TransformChain.train([transform], on: Matrix(rows), seed: 1)
            }
            #expect(throws: IndexError.empty) {
                try TransformChain.train([transform], on: Matrix(rows: 0, columns: 10) { _ in }, seed: 1)
            }
        }
        let few = Matrix<Float>.random(rows: 7, columns: 10, seed: 1)
        for transform in all.prefix(2) {
            let error = #expect(throws: IndexError.self) { try TransformChain.train([transform], on: few, seed: 1) }
            guard case .tooFewVectors(_, given: 7, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        for wrong in [0, -1, 11, Int.max] {
            for transform: IndexSpec.Transform in [
                .pca(wrong, whitening: false, rotation: false), .randomRotation(wrong), .opq(m: 1, output: wrong),
            ] {
                #expect(throws: IndexError.self) { try TransformChain.train([transform], on: few, seed: 1) }
            }
        }
        for m in [0, -3, 3, 11] {
            #expect(throws: IndexError.self) { try TransformChain.train([.opq(m: m, output: nil)], on: few, seed: 1) }
        }
        #expect(throws: CancellationError.self) {
            try TransformChain.train(
                [.pca(2, whitening: false, rotation: false)], on: few, seed: 1,
                monitor: ProgressMonitor(shouldStop: { true }))
        }
    }
}
