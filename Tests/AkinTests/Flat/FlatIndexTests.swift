import Akin
import AkinTestSupport
import Testing

/// A data set that exact search must get right; each strains the bounds in a way of its own.
enum FlatData: String, CaseIterable, CustomTestStringConvertible {
    case gaussian, bytes, farFromOrigin, tightClusters, outliers, constant, duplicates, tiny, huge, zeros, oneHot

    var testDescription: String { rawValue }

    func matrix(rows: Int, columns: Int, seed: UInt64) -> Matrix<Float> {
        var random = SeededRandom(seed: seed)
        let plain = Matrix.random(rows: rows, columns: columns, seed: seed)
        func map(_ body: (Int, Int, Float) -> Float) -> Matrix<Float> {
            Matrix(rows: rows, columns: columns) { e in
                for i in 0..<rows { for c in 0..<columns { e[i * columns + c] = body(i, c, plain[i, c]) } }
            }
        }
        switch self {
        case .gaussian: return plain
        case .bytes: return .randomIntegers(rows: rows, columns: columns, in: 0...255, seed: seed)
        case .farFromOrigin: return map { _, _, v in 1000 + v }
        case .tightClusters: return map { i, c, v in Float((i % 4) * (c % 3)) * 50 + 0.001 * v }
        case .outliers: return map { i, _, v in i % 97 == 5 ? v * 10_000 : v }
        case .constant: return map { _, c, _ in Float(c) * 0.37 }
        case .duplicates: return map { i, c, _ in plain[i % 7, c] }
        case .tiny: return map { _, _, v in v * 1e-25 }
        case .huge: return map { _, _, v in v * 1e17 }
        case .zeros: return map { i, _, v in i % 3 == 0 ? 0 : v }
        case .oneHot: return map { i, c, _ in c == (i &* 31 &+ Int(random.next() % 2)) % columns ? 1 : 0 }
        }
    }
}

struct FlatCase: Sendable, CustomTestStringConvertible {
    var data: FlatData = .gaussian
    var rows = 700
    var dimension = 33
    var queries = 21
    var k = 10
    var testDescription: String { "\(data.rawValue) \(rows)x\(dimension) q=\(queries) k=\(k)" }

    static let all: [FlatCase] =
        FlatData.allCases.map { FlatCase(data: $0) }
        + [1, 2, 7, 8, 15, 16, 17, 31, 128, 300].map { FlatCase(dimension: $0) }
        + [1, 2, 47, 48, 49, 97].map { FlatCase(rows: $0, k: 5) }
        + [1, 2, 3, 5, 8, 9, 64].map { FlatCase(queries: $0) }
        + [1, 2, 100, 349, 350, 351, 699, 700, 5000].map { FlatCase(k: $0) }
        + FlatData.allCases.map { FlatCase(data: $0, rows: 4000, dimension: 16, queries: 9, k: 3) }
        + [FlatCase(data: .bytes, rows: 2000, k: 100), FlatCase(data: .constant, rows: 3000, k: 200)]
}

@Suite("Exact search")
struct FlatIndexTests {
    @Test("equals brute force in double precision", arguments: FlatCase.all, Metric.allCases)
    func equalsBruteForce(_ c: FlatCase, metric: Metric) throws {
        let base = c.data.matrix(rows: c.rows, columns: c.dimension, seed: 1)
        let queries = c.data.matrix(rows: c.queries, columns: c.dimension, seed: 2)
        let truth = bruteForce(base, queries, k: c.k, metric: metric)
        var reference: Neighbors?
        for kernels in Kernels.available {
            let index = try FlatIndex(base, metric: metric, kernels: kernels)
            for nomination in Nomination.allCases {
                if nomination == .exact8 && (c.data != .bytes || metric != .l2) { continue }
                if nomination != .exact64 && c.data == .huge { continue }
                var options = SearchOptions(threads: 1)
                options.nomination = nomination
                let found = try index.search(queries, k: c.k, options: options).neighbors
                let isRight = agree(found, truth)
                #expect(isRight, "\(kernels.name) \(nomination)")
                // Not only right, but the same bits, whatever nominated and whichever level summed.
                let isSame = found == reference ?? found  // compared here: a failure should not print both answers
                #expect(isSame, "\(kernels.name) \(nomination)")
                reference = found
            }
        }
    }

    @Test("does not depend on threads or on how queries are batched", arguments: FlatData.allCases)
    func doesNotDependOnThreadsOrBatches(_ data: FlatData) throws {
        let base = data.matrix(rows: 3000, columns: 24, seed: 3)
        let queries = data.matrix(rows: 70, columns: 24, seed: 4)
        let index = try FlatIndex(base)
        let whole = try index.search(queries, k: 12, options: SearchOptions(threads: 1)).neighbors
        for threads in [2, 3, 8] {
            for arithmetic in SearchOptions.Arithmetic.allCases {
                let found = try index.search(
                    queries, k: 12, options: SearchOptions(threads: threads, arithmetic: arithmetic))
                #expect(found.neighbors == whole, "\(threads) threads, \(arithmetic)")
                #expect(found.isExact)
            }
        }
        for batch in [1, 7, 32] {
            for first in stride(from: 0, to: queries.rows, by: batch) {
                let some = first..<min(first + batch, queries.rows)
                let found = try index.search(queries.rows(some), k: 12, options: SearchOptions(threads: 2)).neighbors
                for q in some { #expect(found[q - first] == whole[q], "batch of \(batch)") }
            }
        }
    }

    @Test("gives ties to the smaller id, however the ids are ordered")
    func givesTiesToSmallerIDs() throws {
        let base = FlatData.duplicates.matrix(rows: 500, columns: 9, seed: 5)
        var random = SeededRandom(seed: 6)
        let ids = (0..<500).map { Int64($0) * 3 - 700 }.shuffled(using: &random)
        let queries = FlatData.duplicates.matrix(rows: 16, columns: 9, seed: 7)
        for metric in Metric.allCases {
            let index = try FlatIndex(base, ids: ids, metric: metric)
            let truth = bruteForce(base, queries, k: 90, metric: metric, ids: ids)
            for threads in [1, 2] {
                let found = try index.search(queries, k: 90, options: SearchOptions(threads: threads)).neighbors
                #expect(found == truth)
            }
        }
    }

    @Test("scores too small for a float are equal, whatever their sign", arguments: ["Flat", "IVF1,Flat", "SQbf16"])
    func underflow(spec: String) throws {
        let base = Matrix<Float>((0..<40).map { [$0 % 3 == 0 ? -1e-30 : 1e-30] })
        let index = try BuiltIndex(IndexSpec(parsing: spec), base, metric: .innerProduct, space: nil).index
        let found = try index.search(Matrix<Float>([[1e-30], [-1e-30]]), k: 10, options: SearchOptions()).neighbors
        for q in 0..<2 {
            #expect(found[q].map(\.id) == Array(0..<10))
            #expect(found[q].allSatisfy { $0.score == 0 })
        }
    }

    @Test("mixes whole and fractional queries over bytes")
    func mixesWholeAndFractionalQueries() throws {
        let base = FlatData.bytes.matrix(rows: 1000, columns: 40, seed: 8)
        let queries = Matrix(
            (0..<20).map { q -> [Float] in
                (0..<40).map { c -> Float in
                    if q % 2 == 0 { return Float((q * c) % 256) }
                    return Float(q * 7 + c) * 0.313 - 20
                }
            })
        let index = try FlatIndex(base)
        #expect(agree(try index.search(queries, k: 10).neighbors, bruteForce(base, queries, k: 10, metric: .l2)))
    }

    @Test("keeps nothing but what it was given when it holds nothing")
    func handlesEmptySets() throws {
        let index = try FlatIndex(Matrix<Float>(rows: 0, columns: 4) { _ in })
        let found = try index.search(.random(rows: 3, columns: 4, seed: 1), k: 2).neighbors
        #expect(found.count == 3 && found[0].isEmpty && found[2].isEmpty)
        let none = try FlatIndex(.random(rows: 5, columns: 4, seed: 1)).search(
            Matrix<Float>(rows: 0, columns: 4) { _ in }, k: 1)
        #expect(none.neighbors.count == 0)
    }

    @Test("refuses input that makes no sense, and says what was expected")
    func refusesBadInput() throws {
        let base = Matrix.random(rows: 10, columns: 4, seed: 1)
        let index = try FlatIndex(base)
        #expect(throws: IndexError.dimensionMismatch(expected: 4, actual: 5)) {
            try index.search(.random(rows: 1, columns: 5, seed: 1), k: 1)
        }
        #expect(throws: IndexError.outOfRange(name: "k", value: 0, allowed: 1...10)) { try index.search(base, k: 0) }
        #expect(throws: IndexError.notFinite(row: 1, column: 1)) {
            try index.search(Matrix([[0, 0, 0, 0], [0, .nan, 0, 0]]), k: 1)
        }
        #expect(throws: IndexError.notFinite(row: 0, column: 1)) { try FlatIndex(Matrix([[1, -.infinity]])) }
        #expect(throws: IndexError.idCountMismatch(vectors: 10, ids: 3)) { try FlatIndex(base, ids: [1, 2, 3]) }
        #expect(throws: IndexError.duplicateID(4)) { try FlatIndex(base, ids: [9, 4, 2, 1, 4, 0, 11, 12, 13, 14]) }
        #expect(throws: IndexError.outOfRange(name: "threads", value: 0, allowed: 1...4096)) {
            try index.search(base, k: 1, options: SearchOptions(threads: 0))
        }
    }

    @Test("stops when it is told to")
    func stopsWhenTold() throws {
        let index = try FlatIndex(.random(rows: 10_000, columns: 8, seed: 1))
        let monitor = ProgressMonitor(shouldStop: { true })
        #expect(throws: CancellationError.self) {
            try index.search(.random(rows: 8, columns: 8, seed: 2), k: 1, options: SearchOptions(monitor: monitor))
        }
    }
}
