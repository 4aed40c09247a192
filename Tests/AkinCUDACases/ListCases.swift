import Akin
import AkinCUDA

extension CUDACase {
    /// What a GPU finds in inverted lists is what the CPU finds, and the lists that it fills are the CPU's.
    static let lists = [
        CUDACase("inverted files give the CPU's ids and scores") { device in
            for (spec, metric) in [
                ("IVF12,Flat", Metric.l2), ("IVF12,Flat", .innerProduct), ("IVF12,PQ6", .l2), ("IVF12,PQ6", .cosine),
                ("IVF12,PQ4x6", .l2), ("IVF12,PQ12x4", .innerProduct), ("IVF8_HNSW4,Flat", .l2), ("PQ12x4fs", .l2),
            ] {
                let index = try listIndex(spec, metric, count: 600, dimension: 24)
                let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 64 << 20)
                let queries = listRows(5, 24, seed: 9)
                for (k, nprobe) in [(10, 3), (40, 100)] {
                    let options = SearchOptions(nprobe: nprobe)
                    let expected = try index.search(queries, k: k, options: options)
                    let found = try there.answer(queries, k: k, options: options)
                    let what = "\(spec), \(metric), k \(k), nprobe \(nprobe)"
                    try expectSame(found.result, expected, what)
                    try expect(found.compared, equals: 0, "\(what), queries compared in full")
                    try expect(found.result.isLimited, equals: expected.isLimited, "\(what), isLimited")
                }
            }
        },
        CUDACase("long codes are added up in 16 bits") { device in
            let index = try listIndex("IVF5,PQ48", .l2, count: 500, dimension: 48)
            let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 64 << 20)
            let queries = listRows(5, 48, seed: 14), options = SearchOptions(nprobe: 3)
            let found = try there.answer(queries, k: 10, options: options)
            try expectSame(found.result, index.search(queries, k: 10, options: options), "PQ48")
            try expect(found.compared, equals: 0, "queries compared in full")
        },
        CUDACase("any k is found in inverted files, ties by smaller id") { device in
            for (spec, metric) in [
                ("IVF20,Flat", Metric.l2), ("IVF20,Flat", .innerProduct), ("IVF20,PQ3", .l2), ("IVF20,PQ3", .cosine),
                ("IVF20,PQ3x4", .innerProduct), ("IVF3,PQ2x4fs", .l2),
            ] {
                // Many vectors have the same code, and ids do not ascend with the order of vectors.
                let index = try tiedIndex(spec, metric, count: 2_600, dimension: 6)
                let queries = listRows(3, 6, seed: 14)
                let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 64 << 20)
                for (k, nprobe) in [(1_025, 20), (1_025, 1), (2_000, 9), (3_000, 20)] {
                    let options = SearchOptions(nprobe: nprobe), what = "\(spec), \(metric), k \(k), nprobe \(nprobe)"
                    let found = try there.answer(queries, k: k, options: options)
                    try expectSame(found.result, index.search(queries, k: k, options: options), what)
                    try expect(found.compared, equals: 3, "\(what), queries compared in full")
                }
            }
        },
        CUDACase("queries that floats cannot decide are compared in full, in parts where memory asks for it") {
            device in
            let one = listRows(1, 8, seed: 15)[0]
            var rows = Array(repeating: one, count: 3_000)
            rows += listRows(400, 8, seed: 16).elementRows
            let index = try listIndex(
                "IVF4,Flat", .l2, Matrix(rows), ids: (0..<3_400).map { Int64(($0 * 1_201) % 3_400) })
            let queries = Matrix([one, listRows(1, 8, seed: 17)[0], one])
            for budget in [64 << 20, 280 << 10] {
                let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: budget)
                for k in [3, 2_500, 3_100] {
                    let options = SearchOptions(nprobe: 4)
                    let found = try there.answer(queries, k: k, options: options)
                    try expectSame(found.result, index.search(queries, k: k, options: options), "k \(k) in \(budget)")
                    try expect(found.compared >= 2, "k \(k) in \(budget): \(found.compared) queries compared in full")
                }
            }
        },
        CUDACase("inverted files are searched under filters") { device in
            for (spec, metric) in [
                ("IVF20,Flat", Metric.l2), ("IVF20,Flat", .cosine), ("IVF20,PQ3", .l2), ("IVF20,PQ3x4", .innerProduct),
                ("IVF8_HNSW4,Flat", .l2),
            ] {
                let index = try tiedIndex(spec, metric, count: 2_600, dimension: 6)
                let queries = listRows(4, 6, seed: 14)
                let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 64 << 20)
                let filters: [(String, IDFilter)] = [
                    ("few", .members(of: [7, 1_201, 2_402, 9_000])), ("a range", .range(2_000..<7_000)),
                    ("odd ids", .predicate { $0 % 2 == 1 }), ("none", .members(of: [])),
                    ("all", IDFilter.members(of: []).inverted),
                ]
                for (name, filter) in filters {
                    for (k, nprobe) in [(3, 2), (700, 20), (1_200, 20)] {
                        let options = SearchOptions(nprobe: nprobe, filter: filter)
                        let what = "\(spec), \(metric), filter \(name), k \(k), nprobe \(nprobe)"
                        let expected = try index.search(queries, k: k, options: options)
                        let found = try there.search(queries, k: k, options: options)
                        try expectSame(found, expected, what)
                        try expect(found.isLimited, equals: expected.isLimited, "\(what), isLimited")
                    }
                }
            }
        },
        CUDACase("second codes decide about the CPU's candidates") { device in
            for (spec, metric) in [
                ("IVF20,PQ3,RFlat", Metric.l2), ("IVF20,PQ3,RFlat", .cosine), ("IVF20,PQ6x4fs,RFlat", .l2),
                ("IVF20,PQ6x4fsr,Refine(SQ8)", .innerProduct), ("IVF20,PQ3x4,Refine(SQfp16)", .l2),
                ("PQ2x5,RFlat", .innerProduct), ("IVF8_HNSW4,PQ2x4fs,RFlat", .cosine),
            ] {
                // Few codes, so that many estimates are equal.
                let index = try tiedIndex(spec, metric, count: 2_600, dimension: 6)
                let queries = listRows(7, 6, seed: 18)
                let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 64 << 20)
                let small = try CUDAIVFIndex(index, kernels: device.kernels, budget: 230 << 10)
                let shards = try CUDAPlacement(kernels: [device.kernels, device.kernels], budget: 32 << 20)
                    .place(index, spread: .shards)
                let odd = IDFilter.predicate { $0 % 2 == 1 }
                for (k, nprobe, factor, filter) in [
                    (3, 2, 1, nil), (10, 20, 4, nil), (70, 5, 10, odd), (400, 20, 4, nil), (2_000, 20, 1, odd),
                ] as [(Int, Int, Double, IDFilter?)] {
                    var options = SearchOptions(nprobe: nprobe, filter: filter)
                    options.refineFactor = factor
                    let what = "\(spec), \(metric), k \(k), nprobe \(nprobe), factor \(factor)"
                    let expected = try index.search(queries, k: k, options: options)
                    for (name, other) in [("whole", there), ("in parts", small), ("shards", shards)]
                        as [(String, any VectorIndex)]
                    {
                        let found = try other.search(queries, k: k, options: options)
                        try expectSame(found, expected, "\(what), \(name)")
                        try expect(found.isLimited, equals: expected.isLimited, "\(what), \(name), isLimited")
                    }
                    // The processor's answer is the same however many threads share a query.
                    for threads in [1, 3] {
                        options.threads = threads
                        try expectSame(
                            index.search(queries.rows(0..<1), k: k, options: options),
                            there.search(queries.rows(0..<1), k: k, options: options), "\(what), \(threads) threads")
                    }
                }
            }
        },
        CUDACase("many queries are searched in batches that fit") { device in
            let index = try listIndex("IVF9,PQ4", .l2, count: 400, dimension: 8)
            let queries = listRows(40, 8, seed: 10), options = SearchOptions(nprobe: 4)
            let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 1 << 20)
            try expectSame(
                there.search(queries, k: 5, options: options), index.search(queries, k: 5, options: options), "batches")
            let filter = SearchOptions(nprobe: 4, filter: .range(50..<300))
            try expectSame(
                there.search(queries, k: 5, options: filter), index.search(queries, k: 5, options: filter),
                "batches under a filter")
        },
        CUDACase("inverted files refuse what the CPU refuses") { device in
            let index = try listIndex("IVF4,Flat", .l2, count: 100, dimension: 4)
            let there = try CUDAIVFIndex(index, kernels: device.kernels, budget: 16 << 20)
            let queries = listRows(2, 4, seed: 11), bad = Matrix([[0, 1, .nan, 2] as [Float]])
            for (asked, k, nprobe) in [(queries, 0, 1), (listRows(2, 5, seed: 1), 1, 1), (bad, 1, 1), (queries, 1, 0)] {
                try expectSameRefusal(index, there, asked, k: k, SearchOptions(nprobe: nprobe))
            }
        },
        CUDACase("lists filled on the device are the CPU's, bit by bit") { device in
            for (spec, metric) in [
                ("IVF12,PQ6", Metric.l2), ("IVF12,PQ6", .innerProduct), ("IVF7,PQ4x5", .l2), ("IVF12,PQ12x4", .l2),
                ("IVF12,PQ3x4", .l2), ("IVF150,PQ2x4fsr", .l2),
            ] {
                let empty = try listIndex(spec, metric, count: 0, dimension: 12)
                let points = listRows(700, 12, seed: 12)
                var expected = empty
                try expected.add(points)
                let pool = try DevicePool(device.context, budget: 64 << 20)
                let stream = try CUDAStream(device.context)
                let builder = try DeviceListBuilder(
                    empty, capacity: 700, library: device.kernels, pool: pool, stream: stream)
                // Parts of any size.
                for part in [0..<1, 1..<300, 300..<700] {
                    let there = try pool.allocate(Float.self, count: part.count * 12, on: stream)
                    try points.rows(part).withUnsafeElements { try stream.upload($0, to: there) }
                    try builder.add(there, rows: part.count)
                }
                let lists = try builder.finish()
                let (found, made) = (try lists.stored.download(stream), expected.interleavedLists())
                try expect(found.starts, equals: made?.starts ?? [], "\(spec), starts")
                try expect(found.blocks, equals: made?.blocks ?? [], "\(spec), blocks")
                try expect(found.ids, equals: made?.ids ?? [], "\(spec), ids")
                try expect(found.codes, equals: made?.codes ?? [], "\(spec), codes")
                try expect(found.terms, equals: made?.terms ?? [], "\(spec), terms")
                // Nothing but these lists is searched: the host has no vectors.
                let queries = listRows(5, 12, seed: 13)
                let answer = try lists.search(queries, k: 7, nprobe: 3)
                try expect(answer.compared, equals: 0, "\(spec), queries compared in full")
                let rows = try expected.search(queries, k: 7, options: .init(nprobe: 3)).neighbors
                for q in 0..<5 { try expect(answer.rows[q], equals: Array(rows[q]), "\(spec), query \(q)") }
                let home = try lists.onHost()
                try expect(home.interleavedLists() == made, "\(spec): lists that went to the device and back differ")
            }
        },
    ]

    private static func listIndex(_ spec: String, _ metric: Metric, count: Int, dimension: Int) throws -> IVFIndex {
        let base = listRows(max(count, 800), dimension, seed: 8)
        return try listIndex(spec, metric, base, ids: (0..<Int64(count)).map { $0 })
    }

    /// Vectors with few different components, and ids in another order than theirs.
    private static func tiedIndex(_ spec: String, _ metric: Metric, count: Int, dimension: Int) throws -> IVFIndex {
        let base = listRows(count, dimension, seed: 8)
        let few = Matrix<Float>(rows: count, columns: dimension) { x in
            base.withUnsafeElements { from in for i in x.indices { x[i] = from[i].rounded() } }
        }
        return try listIndex(spec, metric, few, ids: (0..<count).map { Int64(($0 * 1_201) % 10_007) })
    }

    private static func listIndex(
        _ spec: String, _ metric: Metric, _ base: Matrix<Float>, ids: [Int64]
    ) throws -> IVFIndex {
        var index = try IVFIndex(
            training: base, spec: IndexSpec(parsing: spec), metric: metric, options: .init(iterations: 2))
        try index.add(base.rows(0..<ids.count), ids: ids)
        return index
    }

    private static func listRows(_ rows: Int, _ dimension: Int, seed: UInt64) -> Matrix<Float> {
        var random = SplitMix64(seed: seed)
        return Matrix(rows: rows, columns: dimension) { x in
            for i in x.indices { x[i] = (0..<4).reduce(-2) { sum, _ in sum + Float.random(in: 0..<1, using: &random) } }
        }
    }
}

extension Matrix<Float> {
    /// All rows as arrays.
    fileprivate var elementRows: [[Float]] { (0..<rows).map { self[$0] } }
}
