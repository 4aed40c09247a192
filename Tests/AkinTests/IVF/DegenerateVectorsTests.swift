import Akin
import AkinTestSupport
import Testing

/// Vectors that leave training nothing to learn.
@Suite struct DegenerateVectorsTests {
    static let specs = [
        "IVF4,Flat", "SQ8", "SQ4", "SQfp16", "PQ2", "PQ2x4fs", "IVF4,PQ2", "IVF4,PQ4x4fsr,RFlat", "IVF4,SQ8,RFlat",
        "PCA4,IVF4,SQ8", "PCAW4,SQ8", "OPQ2,PQ2", "RR,SQ8", "Center,SQ8", "L2norm,SQ8", "IVF4,RaBitQ", "RaBitQ4,RFlat",
    ]

    static func vectors(_ kind: String) -> Matrix<Float> {
        Matrix(rows: 600, columns: 8) { elements in
            for i in elements.indices {
                let row = i / 8, column = i % 8
                switch kind {
                case "zero": elements[i] = 0
                case "constant": elements[i] = Float(column) - 3
                case "two points": elements[i] = Float((row % 2) * (column + 1))
                case "one direction": elements[i] = column == 3 ? Float(row) : 1
                case "one outlier": elements[i] = row == 17 ? 1e12 : Float(column)
                default: elements[i] = 1e-30 * Float(row * column % 7)
                }
            }
        }
    }

    @Test(
        "constant, repeated, flat and extreme vectors are indexed and found, and nothing fails", arguments: specs,
        ["zero", "constant", "two points", "one direction", "one outlier", "tiny"])
    func degenerate(text: String, kind: String) throws {
        let vectors = Self.vectors(kind)
        for metric in Metric.allCases {
            let spec = try IndexSpec(parsing: text, dimension: 8)
            var index = try IVFIndex(training: vectors, spec: spec, metric: metric, options: .init(threads: 1))
            try index.add(vectors, threads: 1)
            let found = try index.search(
                vectors.rows(0..<20), k: 5, options: .init(threads: 1, nprobe: 4, refineFactor: 4)
            ).neighbors
            let full = (0..<20).allSatisfy { found[$0].count == 5 && Set(found[$0].map(\.id)).count == 5 }
            #expect(full, "\(metric)")
            let finite = (0..<20).allSatisfy { found[$0].allSatisfy { !$0.score.isNaN } }
            #expect(finite, "\(metric)")
        }
    }

    @Test(
        "equal vectors come in the order of their ids", arguments: ["IVF4,Flat", "SQ8", "PQ2", "PQ2x4fs", "IVF4,PQ2"])
    func ties(text: String) throws {
        let vectors = Self.vectors("constant")
        var index = try IVFIndex(
            training: vectors, spec: IndexSpec(parsing: text, dimension: 8), options: .init(threads: 1))
        try index.add(vectors, ids: (0..<600).map { Int64(599 - $0) }, threads: 1)
        let found = try index.search(vectors.rows(0..<1), k: 7, options: .init(threads: 1, nprobe: 4)).neighbors
        #expect(found[0].map(\.id) == Array(0..<7))
    }

    @Test(
        "too few vectors to train with are an error that says how many are needed",
        arguments: ["IVF16,Flat", "PQ2", "IVF4,PQ2x4fs"])
    func tooFew(text: String) throws {
        let few = Matrix<Float>.random(rows: 3, columns: 8, seed: 1)
        let spec = try IndexSpec(parsing: text, dimension: 8)
        let error = #expect(throws: IndexError.self) { try IVFIndex(training: few, spec: spec) }
        if case .tooFewVectors(_, let given, _) = error { #expect(given == 3) }
        #expect(throws: IndexError.empty) { try IVFIndex(training: few.rows(0..<0), spec: spec) }
        #expect(throws: IndexError.self) {
            try IVFIndex(training: Matrix([[Float](repeating: .nan, count: 8)]), spec: spec)
        }
    }
}
