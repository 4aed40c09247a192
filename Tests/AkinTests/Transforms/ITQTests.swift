import Akin
import AkinTestSupport
import Testing

@Suite("Iterative quantization")
struct ITQTests {
    /// Clusters that principal components cut through: their signs say little until the space is turned.
    static let sample = Matrix<Float>.clustered(rows: 3000, columns: 24, clusters: 40, seed: 5)

    /// The mean squared distance of vectors, scaled alike, from the corners of the cube that they are nearest to.
    private func loss(_ coded: Matrix<Float>) -> Double {
        var squares = 0.0, magnitudes = 0.0
        coded.withUnsafeElements { elements in
            for x in elements {
                squares += Double(x) * Double(x)
                magnitudes += abs(Double(x))
            }
        }
        // With the best scale s, the mean of (x - s sign x)² is that of x² less the square of that of |x|.
        let count = Double(coded.rows * coded.columns)
        return (squares / count - (magnitudes / count) * (magnitudes / count)) / (squares / count)
    }

    @Test("turns without stretching, centres, and is the same on any number of threads", arguments: [1, 8, 24])
    func isRotation(bits: Int) throws {
        let learned = try LinearTransform.itq(Self.sample, output: bits, seed: 3, threads: 1)
        #expect(learned.matrix.rows == bits && orthonormalityError(learned.matrix) < 1e-5)
        let other = try LinearTransform.itq(Self.sample, output: bits, seed: 3, threads: 3)
        #expect(largestDifference(learned.matrix, other.matrix) == 0 && learned.bias == other.bias)
        let coded = try learned.apply(Self.sample)
        for column in 0..<bits {
            let sum = (0..<coded.rows).reduce(0.0) { $0 + Double(coded[$1, column]) }
            #expect(abs(sum / Double(coded.rows)) < 1e-3)
        }
    }

    @Test("signs lose less than those of principal components and of a random rotation", arguments: [8, 16, 24])
    func losesLess(bits: Int) throws {
        let learned = try loss(LinearTransform.itq(Self.sample, output: bits, seed: 3).apply(Self.sample))
        let plain = try LinearTransform.pca(Self.sample, output: bits)
        let components = try plain.apply(Self.sample)
        let turned = try LinearTransform.randomRotation(input: bits, output: bits, seed: 9).apply(components)
        #expect(learned < 0.95 * loss(components), "\(learned) beside \(loss(components))")
        #expect(learned < 0.95 * loss(turned), "\(learned) beside \(loss(turned))")
    }

    @Test("its codes find more of the neighbours than plain signs of principal components")
    func findsMore() throws {
        let queries = Matrix<Float>.clustered(rows: 100, columns: 24, clusters: 40, seed: 5, skipping: 3000)
        let truth = bruteForce(Self.sample, queries, k: 10, metric: .l2)
        func recall(_ spec: String) throws -> Double {
            var index = try HashIndex(training: Self.sample, spec: IndexSpec(parsing: spec))
            try index.add(Self.sample)
            let found = try index.search(queries, k: 10, options: .init(refineFactor: 8)).neighbors
            return IndexSpecMatrixTests.recall(found, truth)
        }
        let learned = try recall("ITQ24,BFlat,RFlat"), plain = try recall("PCA24,BFlat,RFlat")
        #expect(learned > plain + 0.02, "\(learned) beside \(plain)")
    }

    @Test("too few vectors and impossible sizes are refused")
    func refusals() {
        #expect(throws: IndexError.self) { try LinearTransform.itq(Self.sample, output: 25, seed: 1) }
        #expect(throws: IndexError.self) { try LinearTransform.itq(Self.sample, output: 0, seed: 1) }
        #expect(throws: IndexError.self) { try LinearTransform.itq(Self.sample.rows(0..<7), output: 8, seed: 1) }
    }
}
