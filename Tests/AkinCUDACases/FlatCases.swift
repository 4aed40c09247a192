import Akin
import AkinCUDA

extension CUDACase {
    /// What a GPU finds is what the CPU finds.
    static let flat = [
        CUDACase("exact search gives the CPU's ids and scores") { device in
            for metric in Metric.allCases {
                let base = flatRows(700, 33, seed: 1), queries = flatRows(20, 33, seed: 2)
                let answer = try checkFlat(device, FlatIndex(base, metric: metric), queries, k: 10)
                try expect(answer.nominated, equals: 20, "\(metric): queries that tiles answered")
            }
            try checkFlat(device, FlatIndex(flatRows(130, 1, seed: 3)), flatRows(1, 1, seed: 4), k: 1)
            try checkFlat(device, FlatIndex(flatRows(1, 5, seed: 3)), flatRows(2, 5, seed: 4), k: 9)
            try checkFlat(device, FlatIndex(flatRows(2_300, 64, seed: 5)), flatRows(130, 64, seed: 6), k: 100)
        },
        CUDACase("exact search keeps to the order of ids that do not ascend") { device in
            let ids = (0..<500).map { Int64(($0 * 271) % 500) * 3 - 100 }
            for metric in Metric.allCases {
                let index = try FlatIndex(flatRows(500, 12, seed: 7), ids: ids, metric: metric)
                try checkFlat(device, index, flatRows(10, 12, seed: 8), k: 20)
            }
        },
        CUDACase("queries with more equal rows than a list holds are compared in full") { device in
            let one = flatRows(1, 8, seed: 9)[0]
            let base = Matrix(Array(repeating: one, count: 2_500) + flatRows(60, 8, seed: 10).lines)
            let queries = Matrix([one, flatRows(1, 8, seed: 11)[0]])
            let answer = try checkFlat(device, FlatIndex(base), queries, k: 3)
            try expect(answer.compared > 0, "no list overflowed")
        },
        CUDACase("any k is found, also with values that no bound holds for") { device in
            let base = flatRows(2_100, 6, seed: 12), queries = flatRows(2, 6, seed: 13)
            for k in [1_050, 1_051, 2_100, 3_000] {
                let answer = try checkFlat(device, FlatIndex(base, metric: .innerProduct), queries, k: k)
                try expect(answer.compared, equals: 2, "k \(k): queries that were compared in full")
            }
            let huge = Matrix(flatRows(300, 6, seed: 14).lines.map { $0.map { $0 * 1e18 } })
            for metric in Metric.allCases { try checkFlat(device, FlatIndex(huge, metric: metric), queries, k: 5) }
            try checkFlat(device, FlatIndex(base, eightBit: false), queries, k: 5)
        },
        CUDACase("vectors that the device cannot hold are streamed") { device in
            let ids = (0..<3_000).map { Int64(3_000 - $0) }
            let index = try FlatIndex(flatRows(3_000, 16, seed: 15), ids: ids, metric: .cosine)
            for k in [5, 300, 1_600] {
                let streamed = try CUDAFlatIndex(index, kernels: device.kernels, budget: 400 << 10)
                try expect(!streamed.isResident, "the vectors fit")
                try checkFlat(streamed, flatRows(20, 16, seed: 16), k: k)
            }
        },
        CUDACase("exact search refuses what the CPU refuses") { device in
            let index = try FlatIndex(flatRows(50, 4, seed: 17))
            let there = try CUDAFlatIndex(index, kernels: device.kernels, budget: 16 << 20)
            let queries = flatRows(3, 4, seed: 18)
            let bad = Matrix([[0, 1, .nan, 2] as [Float]])
            for (asked, k, threads) in [(queries, 0, 1), (flatRows(3, 5, seed: 1), 1, 1), (bad, 1, 1), (queries, 1, 0)]
            {
                try expectSameRefusal(index, there, asked, k: k, SearchOptions(threads: threads))
            }
            try expectError(
                "no memory",
                {
                    let small = try CUDAFlatIndex(index, kernels: device.kernels, budget: 1_000)
                    _ = try small.search(queries, k: 1, options: SearchOptions())
                }
            ) { if case .overBudget = $0 { true } else { false } }
        },
        CUDACase("a filter lets the device find what it lets the CPU find") { device in
            let rows = 2_700, queries = flatRows(17, 12, seed: 20)
            let ids = (0..<rows).map { Int64(($0 * 1_301) % rows) * 2 - 500 }
            let filters: [(IDFilter, String)] = [
                (.predicate { $0 % 3 != 0 }, "most"), (.predicate { $0 % 50 == 0 }, "one of fifty"),
                (.range(700..<1_500), "a range"), (.members(of: [3, 5, 40, 2_000]), "four"),
                (.range(0..<0), "none"), (IDFilter.range(0..<0).inverted, "all"),
            ]
            for metric in Metric.allCases {
                let base = flatRows(rows, 12, seed: 19)
                let indexes = [try FlatIndex(base, metric: metric), try FlatIndex(base, ids: ids, metric: metric)]
                for index in indexes {
                    // The smaller budget streams the vectors.
                    for budget in [400 << 10, 64 << 20] {
                        let there = try CUDAFlatIndex(index, kernels: device.kernels, budget: budget)
                        try expect(there.isResident, equals: budget > 1 << 20, "whether the vectors fit")
                        for (filter, name) in filters {
                            for (k, asked) in [(7, queries), (1_200, queries.rows(0..<2))] {
                                try checkFilter(there, filter, asked, k: k, name)
                            }
                        }
                    }
                }
            }
        },
        CUDACase("a filter and the order of vectors may be at odds") { device in
            // The nearest do not pass, and those that pass lie close together in few tiles or are all alike.
            let near = flatRows(3_000, 8, seed: 21).lines
            let far = flatRows(1_500, 8, seed: 22).lines.map { $0.map { $0 + 20 } }
            let alike = Array(repeating: [Float](repeating: 40, count: 8), count: 2_600)
            let index = try FlatIndex(Matrix(near + far + alike))
            let there = try CUDAFlatIndex(index, kernels: device.kernels, budget: 64 << 20)
            let queries = flatRows(140, 8, seed: 23)
            let tiles = try checkFilter(there, .range(3_000..<4_500), queries, k: 30, "far ones")
            try expect(tiles.nominated, equals: 140, "queries that tiles answered")
            let equal = try checkFilter(there, .range(4_500..<7_100), queries.rows(0..<3), k: 30, "equal ones")
            try expect(equal.compared, equals: 3, "queries with more equal rows than a list holds")
            let single = try checkFilter(there, .predicate { $0 % 128 == 5 }, queries.rows(0..<1), k: 9, "a row a tile")
            try expect(single.compared, equals: 1, "a query under a filter that few pass")
            try checkFilter(
                CUDAFlatIndex(FlatIndex(Matrix(near), eightBit: false), kernels: device.kernels, budget: 64 << 20),
                .range(5..<2_000), queries.rows(0..<4), k: 3, "no codes")
        },
    ]

    /// Searches under a filter on the device and on the CPU.
    @discardableResult
    private static func checkFilter(
        _ index: CUDAFlatIndex, _ filter: IDFilter, _ queries: Matrix<Float>, k: Int, _ what: String
    ) throws -> CUDAFlatIndex.Answer {
        let options = SearchOptions(filter: filter)
        let answer = try index.answer(queries, k: k, options: options)
        let expected = try index.flat.search(queries, k: k, options: options)
        try expectSame(answer.result, expected, "\(index.metric), k \(k), \(what)")
        try expect(answer.result.isLimited, equals: expected.isLimited, "\(what), isLimited")
        return answer
    }

    /// Searches on the device and on the CPU.
    @discardableResult
    private static func checkFlat(
        _ device: DeviceUnderTest, _ index: FlatIndex, _ queries: Matrix<Float>, k: Int
    ) throws -> CUDAFlatIndex.Answer {
        try checkFlat(CUDAFlatIndex(index, kernels: device.kernels, budget: 256 << 20), queries, k: k)
    }

    @discardableResult
    private static func checkFlat(
        _ index: CUDAFlatIndex, _ queries: Matrix<Float>, k: Int
    ) throws -> CUDAFlatIndex.Answer {
        let answer = try index.answer(queries, k: k)
        try expectSame(answer.result, try index.flat.search(queries, k: k), "\(index.metric), k \(k)")
        try expect(answer.nominated + answer.compared, equals: queries.rows, "queries answered")
        return answer
    }

    /// Random rows, every third one equal to that two before it, so that there are ties.
    private static func flatRows(_ rows: Int, _ dimension: Int, seed: UInt64) -> Matrix<Float> {
        var random = SplitMix64(seed: seed)
        return Matrix(rows: rows, columns: dimension) { x in
            for i in x.indices { x[i] = (0..<4).reduce(-2) { sum, _ in sum + Float.random(in: 0..<1, using: &random) } }
            for row in stride(from: 3, to: rows, by: 3) {
                for c in 0..<dimension { x[row * dimension + c] = x[(row - 2) * dimension + c] }
            }
        }
    }
}

/// Fails unless two searches gave the same ids, and scores of the same bits.
func expectSame(_ found: SearchResult, _ expected: SearchResult, _ what: String) throws {
    try expect(found.neighbors.count, equals: expected.neighbors.count, "\(what), queries")
    for q in 0..<expected.neighbors.count {
        let (row, best) = (found.neighbors[q], expected.neighbors[q])
        try expect(row.map(\.id), equals: best.map(\.id), "\(what), ids of query \(q)")
        try expect(row.map(\.score.bitPattern), equals: best.map(\.score.bitPattern), "\(what), scores of query \(q)")
    }
    try expect(found.isExact, equals: expected.isExact, "\(what), isExact")
    try expect(found.visited, equals: expected.visited, "\(what), visited")
}

extension Matrix<Float> {
    /// All rows as arrays.
    fileprivate var lines: [[Float]] { (0..<rows).map { self[$0] } }
}
