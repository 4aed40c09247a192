import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Index plans")
struct IndexPlanTests {
    @Test("codes are planned with the layout that codecs have", arguments: [1, 4, 17, 24, 100, 128])
    func layout(dimension d: Int) throws {
        let x = Matrix<Float>.random(rows: 80, columns: d, seed: 1)
        var codecs: [any ListCodec] = try IndexSpec.ScalarType.allCases.map { try ScalarCodec.train($0, x) }
        for m in [1, 2, 4, d] where d.isMultiple(of: m) {
            codecs.append(try PQCodec.train(m: m, bits: 6, x))
            codecs.append(try FastScanCodec.train(m: m, isResidual: false, x))
        }
        for codec in codecs {
            for metric in [Metric.l2, .innerProduct] {
                let layout = CodeLayout(codec.specification, dimension: d, metric: metric)
                #expect(layout.blockVectors == codec.blockVectors, "\(codec.specification)")
                #expect(layout.blockByteCount == codec.blockByteCount, "\(codec.specification)")
                #expect(layout.codeByteCount == codec.codeByteCount, "\(codec.specification)")
                let tables = codec.tables.reduce(0) { $0 + 4 * $1.rows * $1.columns }
                #expect(layout.tableByteCount == tables, "\(codec.specification)")
            }
        }
        for bits in [9, 12] {
            let wide = CodeLayout(.product(m: d, bits: bits), dimension: d, metric: .l2)
            #expect(wide.blockByteCount == 64 * (2 * d + 4))
            #expect(wide.tableByteCount == 4 * d << bits)
        }
    }

    static let specs = [
        "Flat", "SQ8", "PQ8", "PQ12x4fs", "IVF32,Flat", "IVF32,SQ4", "IVF32,SQ6", "IVF32,SQfp16", "IVF32,PQ8x6",
        "IVF32,PQ4x9",
        "IVF32,PQ12x4fs", "IVF32,PQ12x4fsr,RFlat", "IVF32,PQ8,Refine(SQ8)", "OPQ4_16,IVF32,PQ4x4,RFlat",
        "PCA12,IVF32,SQ8", "RR,IVF32,Flat", "IVF400_HNSW16,SQ8",
    ]

    @Test("bytes agree with the index and its file", arguments: specs, [Metric.l2, .cosine])
    func bytesAgree(text: String, metric: Metric) throws {
        let (n, d) = (6_000, 24)
        let x = Matrix<Float>.random(rows: n, columns: d, seed: 2)
        let spec = try IndexSpec(parsing: text, dimension: d)
        let plan = try spec.plan(count: n, dimension: d, metric: metric)
        try withTemporaryDirectory { folder in
            let path = folder + "/index.akin"
            let bytes: Int, stored: Int
            if spec == .flat {
                let index = try FlatIndex(x, metric: metric)
                try index.save(to: path)
                (bytes, stored) = (index.byteCount, 4 * n * d)
            } else {
                var index = try IVFIndex(training: x, spec: spec, metric: metric, options: .init(iterations: 2))
                try index.add(x)
                try index.save(to: path)
                (bytes, stored) = (index.byteCount, index.storedByteCount)
            }
            let file = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            let lists = plan.parts[.file, default: []].filter {
                ["codes", "ids", "refinement", "vectors"].contains($0.name)
            }.reduce(0) { $0 + $1.byteCount }
            let close = { (a: Int, b: Int, share: Double) in abs(Double(a) - Double(b)) <= share * Double(b) + 24_000 }
            #expect(close(plan.byteCount(.file), file, 0.02), "file: planned \(plan.byteCount(.file)), is \(file)")
            #expect(close(lists, stored, 0.03), "lists: planned \(lists), are \(stored)")
            // Codebooks are planned twice, by rows and by columns.
            let tables = plan.parts[.search]?.first { $0.name == "tables" }?.byteCount ?? 0
            let planned = plan.byteCount(.search) - tables
            #expect(close(planned, bytes, 0.05), "memory: planned \(planned), is \(bytes)")
        }
    }

    @Test("a billion vectors are planned without allocating anything")
    func billion() throws {
        let spec = try IndexSpec(parsing: "IVF262144_HNSW32,PQ16x4fs", dimension: 96)
        let plan = try spec.plan(count: 1_000_000_000, dimension: 96)
        // 8 bytes of codes, 4 of terms, 8 of ids.
        #expect((20_000_000_000..<20_500_000_000).contains(plan.byteCount(.file)))
        #expect(plan.mappedSearchByteCount < 1 << 30)
        #expect(plan.trainingCount == 262_144 * 256)
        #expect(plan.shards == 1)
        #expect(plan.tasks.contains { $0.phase == .train && $0.operation == .trainCentroids })
        #expect(plan.tasks.contains { $0.phase == .build && $0.operation == .assignByGraph })
        let small = try spec.plan(count: 1_000_000_000, dimension: 96, memory: 4 << 30)
        #expect(small.shards > 5)
        #expect(small.byteCount(.build) < 4 << 30)
        #expect(small.trainingCount < plan.trainingCount)
        #expect(small.byteCount(.file) == plan.byteCount(.file))
    }

    @Test("every kind of spec has a plan, and more vectors never take less")
    func everySpec() throws {
        let codecs = IndexSpecTests.codecs + ["IVF64,PQ32x4fsr", "HNSW32", "HNSW16,SQ8", "IVF64_HNSW8,RaBitQ4"]
        for transforms in IndexSpecTests.transforms {
            for codec in codecs {
                for metric in Metric.allCases {
                    let spec = try IndexSpec(parsing: transforms + codec, dimension: 128)
                    var last: IndexPlan?
                    for count in [1, 31, 1_000, 1_000_000, 1 << 40] {
                        let plan = try spec.plan(count: count, dimension: 128, metric: metric)
                        for phase in IndexPlan.Phase.allCases {
                            #expect(plan.byteCount(phase) >= last?.byteCount(phase) ?? 0)
                        }
                        #expect(plan.byteCount(.search) > 0 && plan.byteCount(.file) > 0)
                        #expect(plan.tasks.allSatisfy { $0.amount > 0 && $0.amount.isFinite })
                        last = plan
                    }
                }
            }
        }
    }

    @Test("what cannot be is an error")
    func errors() throws {
        let spec = try IndexSpec(parsing: "IVF16,PQ7")
        #expect(throws: IndexSpecError.self) { try spec.plan(count: 10, dimension: 128) }
        for count in [0, -1, Int.min, Int.max] {
            #expect(throws: IndexError.self) { try spec.plan(count: count, dimension: 7) }
        }
        #expect(throws: IndexSpecError.self) { try spec.plan(count: 1, dimension: Int.max) }
        #expect(throws: IndexError.self) { try spec.plan(count: 1, dimension: 7, memory: 0) }
        #expect(throws: IndexError.self) { try spec.plan(count: 1, dimension: 7, iterations: -1) }
        #expect(throws: IndexError.self) { try spec.plan(count: 1, dimension: 7, maxPointsPerCentroid: 0) }
    }

    @Test(
        "rates of all operations are measured, with the code that does the work",
        arguments: [
            "Flat", "IVF64,PQ4x4fs,RFlat", "OPQ4_16,IVF64_HNSW8,PQ4,Refine(SQ8)", "PCA8,SQ4",
            "Center,L2norm,RR,IVF4,Flat",
            "HNSW8,SQ8",
        ])
    func rates(text: String) throws {
        try withTemporaryDirectory { folder in
            for (count, d, rows) in [(1_000_000, 32, 0), (5, 32, 0), (1_000, 32, 300), (1_000, 32, 1)] {
                let plan = try IndexSpec(parsing: text, dimension: d).plan(count: count, dimension: d)
                let sample = rows > 0 ? Matrix<Float>.random(rows: rows, columns: d, seed: 1) : nil
                let rates = try PlanRates.measure(plan, sample: sample, folder: folder, threads: 2, seconds: 0.02)
                let missing = plan.tasks.filter { (plan.seconds($0, at: rates) ?? 0) <= 0 }.map(\.operation)
                // Codebooks cannot be tried with fewer vectors than codewords.
                #expect(missing.isEmpty || (rows > 0 && missing == [.trainCodes]))
                #expect(plan.seconds(.build, at: rates) > 0)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            let plan = try IndexSpec.flat.plan(count: 5, dimension: 3)
            #expect(throws: IndexError.dimensionMismatch(expected: 3, actual: 2)) {
                try PlanRates.measure(plan, sample: .random(rows: 4, columns: 2, seed: 1), folder: folder)
            }
            #expect(throws: CancellationError.self) {
                try PlanRates.measure(plan, folder: folder, monitor: ProgressMonitor(shouldStop: { true }))
            }
            #expect(throws: FileError.self) {
                try PlanRates.measure(plan, folder: folder + "/none", seconds: 0.01)
            }
        }
    }
}
