import Akin
import AkinCUDA

extension CUDACase {
    /// What a GPU finds among 16-bit floats is what the CPU finds.
    static let halves = [
        CUDACase("search among 16-bit floats gives the CPU's ids and scores") { device in
            for spec in ["SQfp16", "SQbf16"] {
                for metric in Metric.allCases {
                    let index = try halfIndex(spec, halfRows(1_300, 21, seed: 1), metric)
                    let there = try CUDAHalfIndex(index, kernels: device.kernels, budget: 64 << 20)
                    let queries = halfRows(20, 21, seed: 2)
                    let answer = try checkHalf(there, queries, k: 10, "\(spec) \(metric)")
                    try expect(answer.nominated, equals: 20, "queries that tiles answered")
                    for k in [1, 300, 1_100, 2_000] {
                        try checkHalf(there, queries.rows(0..<2), k: k, "\(spec) \(metric)")
                    }
                    try checkHalf(there, queries.rows(0..<0), k: 3, "no queries")
                }
            }
            let turned = try halfIndex("RR16,SQfp16", halfRows(400, 21, seed: 3), .cosine)
            try checkHalf(
                CUDAHalfIndex(turned, kernels: device.kernels, budget: 64 << 20), halfRows(5, 21, seed: 4), k: 7,
                "behind a rotation")
        },
        CUDACase("16-bit floats that are streamed, in another order than ids, removed or missing are found alike") {
            device in
            let rows = 2_000, ids = (0..<rows).map { Int64(($0 * 1_301) % rows) * 3 - 700 }
            for spec in ["SQfp16", "SQbf16"] {
                var index = try halfIndex(spec, halfRows(rows, 16, seed: 5), .innerProduct, ids: ids)
                try index.remove([-700, 5, 8, 2_000])
                for budget in [300 << 10, 64 << 20] {
                    let there = try CUDAHalfIndex(index, kernels: device.kernels, budget: budget)
                    try expect(there.isResident, equals: budget > 1 << 20, "whether the vectors fit")
                    for k in [9, 1_500] {
                        let asked = halfRows(3, 16, seed: 6)
                        try checkHalf(there, asked, k: k, "\(spec)")
                        for filter in [
                            .predicate { $0 % 5 != 0 }, .range(0..<600), .members(of: [2, 11, 5]), .range(0..<0),
                        ] as [IDFilter] {
                            try checkHalf(there, asked, k: k, "\(spec) under a filter", filter: filter)
                        }
                    }
                }
                let empty = try halfIndex(spec, halfRows(0, 16, seed: 5), .l2)
                try checkHalf(
                    CUDAHalfIndex(empty, kernels: device.kernels, budget: 1 << 20), halfRows(2, 16, seed: 6), k: 3,
                    "empty")
            }
        },
        CUDACase("16-bit floats at the ends of their range give the CPU's scores") { device in
            for (scale, spec) in [
                (1e-6, "SQfp16"), (3e4, "SQfp16"), (1e9, "SQfp16"), (1e-30, "SQbf16"), (1e13, "SQbf16"),
            ]
                as [(Float, String)]
            {
                for metric in Metric.allCases {
                    let index = try halfIndex(spec, halfRows(600, 9, seed: 7, scale: scale), metric)
                    let there = try CUDAHalfIndex(index, kernels: device.kernels, budget: 64 << 20)
                    // Products of the smallest are too small for a float: all come out as zeros, of either sign.
                    for size in [1, scale] {
                        try checkHalf(
                            there, halfRows(4, 9, seed: 8, scale: size), k: 6, "\(spec) \(metric), \(scale), \(size)")
                    }
                }
            }
        },
        CUDACase("replicas and shards of 16-bit floats give the CPU's ids and scores") { device in
            let index = try halfIndex(
                "SQfp16", halfRows(900, 12, seed: 9), .l2, ids: (0..<900).map { Int64(($0 * 271) % 900) })
            let queries = halfRows(7, 12, seed: 10)
            for (spread, count) in [(CUDAPlacement.Spread.replicas, 2), (.shards, 3)] {
                let placement = try CUDAPlacement(
                    kernels: Array(repeating: device.kernels, count: count), budget: 32 << 20)
                let there = try placement.place(index, spread: spread)
                try expect(there is CUDAShards, equals: spread == .shards, "what the devices hold")
                for filter in [nil, .range(20..<90), .members(of: [4]), .range(0..<0)] as [IDFilter?] {
                    for k in [5, 400] {
                        let options = SearchOptions(filter: filter)
                        let found = try there.search(queries, k: k, options: options)
                        let expected = try index.search(queries, k: k, options: options)
                        try expectSame(found, expected, "\(spread), k \(k)")
                        try expect(found.isLimited, equals: expected.isLimited, "\(spread), k \(k), isLimited")
                    }
                }
            }
        },
        CUDACase("other codes are no 16-bit floats, and bad queries are the CPU's errors") { device in
            let base = halfRows(300, 8, seed: 11)
            for spec in ["SQ8", "IVF4,SQfp16", "SQfp16,RFlat", "PQ4"] {
                var index = try IVFIndex(training: base, spec: IndexSpec(parsing: spec), options: .init(iterations: 1))
                try index.add(base)
                do {
                    _ = try CUDAHalfIndex(index, kernels: device.kernels, budget: 1 << 20)
                    throw CaseFailure("\(spec) was taken for 16-bit floats")
                } catch IndexError.unsupported(let what) {
                    try expect(
                        what.hasPrefix(index.spec + " as 16-bit floats") && what.contains("expected SQfp16"), what)
                }
            }
            let index = try halfIndex("SQbf16", base, .l2)
            let there = try CUDAHalfIndex(index, kernels: device.kernels, budget: 1 << 20)
            let bad = Matrix([[0, 1, .nan, 2, 3, 4, 5, 6] as [Float]])
            for (asked, k, threads) in [(base, 0, 1), (halfRows(3, 5, seed: 1), 1, 1), (bad, 1, 1), (base, 1, 0)] {
                try expectSameRefusal(index, there, asked, k: k, SearchOptions(threads: threads))
            }
        },
    ]

    private static func halfIndex(
        _ spec: String, _ rows: Matrix<Float>, _ metric: Metric, ids: [Int64]? = nil
    ) throws -> IVFIndex {
        var index = try IVFIndex(
            training: rows.rows > 0 ? rows : halfRows(2, rows.columns, seed: 1), spec: IndexSpec(parsing: spec),
            metric: metric)
        try index.add(rows, ids: ids)
        return index
    }

    /// Searches on the device and on the CPU.
    @discardableResult
    private static func checkHalf(
        _ index: CUDAHalfIndex, _ queries: Matrix<Float>, k: Int, _ what: String, filter: IDFilter? = nil
    ) throws -> CUDAFlatIndex.Answer {
        let options = SearchOptions(filter: filter)
        let answer = try index.answer(queries, k: k, options: options)
        let expected = try index.ivf.search(queries, k: k, options: options)
        try expectSame(answer.result, expected, "\(what), k \(k)")
        try expect(answer.result.isLimited, equals: expected.isLimited, "\(what), isLimited")
        return answer
    }

    /// Random rows, every third one equal to that two before it, and a few of zeros, so that there are ties.
    private static func halfRows(_ rows: Int, _ dimension: Int, seed: UInt64, scale: Float = 1) -> Matrix<Float> {
        var random = SplitMix64(seed: seed)
        return Matrix(rows: rows, columns: dimension) { x in
            for i in x.indices {
                x[i] = scale * (0..<4).reduce(-2) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
            }
            for row in stride(from: 3, to: rows, by: 3) {
                for c in 0..<dimension {
                    x[row * dimension + c] = row % 60 == 0 ? 0 : x[(row - 2) * dimension + c]
                }
            }
        }
    }
}
