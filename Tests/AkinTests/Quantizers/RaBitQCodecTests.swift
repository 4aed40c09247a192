import Akin
import AkinTestSupport
import Testing

@Suite("RaBitQ codec")
struct RaBitQCodecTests {
    /// Keys of the vectors themselves.
    private func trueKeys(_ trial: ListTrial, _ vectors: Matrix<Float>) -> [[Double]] {
        trial.queries.map { x in
            (0..<vectors.rows).map { i in
                let r = vectors[i]
                return (0..<x.count).reduce(0.0) { sum, c in
                    let stored = Double(r[c]) + (trial.centroid.map { Double($0[c]) } ?? 0)
                    let difference = Double(x[c]) - stored
                    return sum + (trial.metric == .l2 ? difference * difference : -Double(x[c]) * stored)
                }
            }
        }
    }

    private static let cases: [(bits: Int, dimension: Int)] = [
        (1, 64), (1, 100), (1, 784), (2, 128), (4, 100), (8, 96),
    ]

    @Test("estimates keys without bias, within the error that it states", arguments: cases)
    func estimates(_ bits: Int, _ dimension: Int) throws {
        for (metric, hasCentroid) in [(Metric.l2, true), (.l2, false), (.innerProduct, true)] {
            let vectors = Matrix.random(rows: 600, columns: dimension, seed: 11)
            let trial = ListTrial(
                try RaBitQCodec(bits: bits, dimension: dimension), vectors,
                queries: Matrix.random(rows: 8, columns: dimension, seed: 12), metric: metric, hasCentroid: hasCentroid)
            let exact = trueKeys(trial, vectors)
            for level in Kernels.available {
                let found = trial.scan(level, k: 601, isBounded: true, boundsTrueKeys: true)
                var outside = 0, bias = 0.0, width = 0.0, total = 0
                for q in found.indices {
                    #expect(found[q].count == 600)
                    for candidate in found[q] {
                        let key = exact[q][Int(candidate.row)]
                        let lo = Double(ordered(candidate.lo)), hi = Double(ordered(candidate.hi))
                        outside += lo <= key && key <= hi ? 0 : 1
                        bias += (lo + hi) / 2 - key
                        width += (hi - lo) / 2
                        total += 1
                    }
                }
                // 1.9 standard errors to either side hold 94 of 100.
                let share = Double(outside) / Double(total)
                #expect(share < 0.09, "\(level.name), \(metric): \(share)")
                #expect(bits > 4 || share > 0.02, "\(level.name), \(metric): \(share)")
                #expect(abs(bias) < 0.1 * width, "\(level.name), \(metric)")
            }
        }
    }

    @Test("halves the error with each bit")
    func bitsHelp() throws {
        let dimension = 96
        let vectors = Matrix.random(rows: 300, columns: dimension, seed: 21)
        var errors: [Double] = []
        for bits in [1, 2, 3, 4, 6, 8] {
            let trial = ListTrial(
                try RaBitQCodec(bits: bits, dimension: dimension), vectors,
                queries: Matrix.random(rows: 4, columns: dimension, seed: 22), metric: .l2, hasCentroid: true)
            let exact = trueKeys(trial, vectors)
            var sum = 0.0
            for q in 0..<4 {
                for i in 0..<300 { sum += (trial.keys[q][i] - exact[q][i]) * (trial.keys[q][i] - exact[q][i]) }
            }
            errors.append((sum / 1200).squareRoot())
        }
        for (more, fewer) in zip(errors.dropFirst(), errors) { #expect(more < 0.65 * fewer) }
        #expect(errors[5] < 0.02 * errors[0])
    }

    @Test("looks at lower bits only where signs leave a doubt, and still finds the nearest", arguments: [2, 4, 7])
    func twoLooks(_ bits: Int) throws {
        let dimension = 64, count = 2000, k = 10
        let vectors = Matrix.random(rows: count, columns: dimension, seed: 31)
        let trial = ListTrial(
            try RaBitQCodec(bits: bits, dimension: dimension), vectors,
            queries: Matrix.random(rows: 20, columns: dimension, seed: 32), metric: .l2, hasCentroid: true,
            storedAtOnce: count)
        for level in Kernels.available {
            let found = trial.scan(level, k: k, isBounded: true)
            var right = 0
            for q in found.indices {
                let rows = Set(found[q].map(\.row))
                let nearest = (0..<count).sorted { trial.keys[q][$0] < trial.keys[q][$1] }.prefix(k)
                right += nearest.filter { rows.contains(UInt32($0)) }.count
            }
            #expect(right >= 196, "\(level.name): \(right) of 200")
        }
    }

    @Test("decodes to a vector near the one coded")
    func decodes() throws {
        let dimension = 100
        let x = Matrix.random(rows: 20, columns: dimension, seed: 41)
        for (bits, most) in [(1, 0.7), (2, 0.4), (4, 0.12), (8, 0.01)] {
            let codec = try RaBitQCodec(bits: bits, dimension: dimension)
            let trial = ListTrial(codec, x, queries: x.rows(0..<1), metric: .l2, hasCentroid: false)
            let y = trial.decode()
            var error = 0.0, length = 0.0
            for i in 0..<20 {
                for d in 0..<dimension {
                    error += Double((x[i, d] - y[i][d]) * (x[i, d] - y[i][d]))
                    length += Double(x[i, d] * x[i, d])
                }
            }
            #expect((error / length).squareRoot() < most)
        }
    }

    @Test("holds a vector of zeros exactly")
    func zeros() throws {
        for bits in [1, 5] {
            let codec = try RaBitQCodec(bits: bits, dimension: 20)
            let x = Matrix<Float>(rows: 2, columns: 20) { _ in }
            let trial = ListTrial(
                codec, x, queries: Matrix.random(rows: 1, columns: 20, seed: 5), metric: .l2, hasCentroid: true)
            #expect(trial.decode()[1] == [Float](repeating: 0, count: 20))
            let exact = trueKeys(trial, x)[0][1]
            #expect(abs(trial.keys[0][1] - exact) < 1e-9)
        }
    }

    @Test("packs the signs first, lowest bit first")
    func packs() throws {
        let codec = try RaBitQCodec(bits: 3, dimension: 20)
        #expect(codec.codeByteCount == 3 + 5 + 12)
        #expect(try RaBitQCodec(bits: 1, dimension: 128).codeByteCount == 16 + 8)
        #expect(codec.specification == .rabit(bits: 3))
        #expect(throws: IndexError.outOfRange(name: "bits", value: 10, allowed: 1...9)) {
            try RaBitQCodec(bits: 10, dimension: 20)
        }
        #expect(throws: IndexError.outOfRange(name: "dimension", value: 0, allowed: 1...65_536)) {
            try RaBitQCodec(bits: 1, dimension: 0)
        }
    }

    private func ordered(_ key: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: key ^ ((key >> 31) & .max))) }
}
