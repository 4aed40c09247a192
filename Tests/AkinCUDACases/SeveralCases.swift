import Akin
import AkinCUDA

extension CUDACase {
    /// Several devices give what one gives.
    ///
    /// They are logical: the same device, named twice or more.
    static let several = [
        CUDACase("replicas and shards give the CPU's ids and scores") { device in
            let base = severalRows(500, 16, seed: 1), queries = severalRows(5, 16, seed: 2)
            let ids = (0..<500).map { Int64(($0 * 271) % 500) }
            var lists = try IVFIndex(
                training: base, spec: IndexSpec(parsing: "IVF10,PQ4"), metric: .cosine, options: .init(iterations: 2))
            try lists.add(base, ids: ids)
            let indexes: [any VectorIndex] = [
                try FlatIndex(base), try FlatIndex(base, ids: ids, metric: .innerProduct), lists,
            ]
            for index in indexes {
                for (spread, count) in [(CUDAPlacement.Spread.replicas, 2), (.shards, 3)] {
                    let placement = try CUDAPlacement(
                        kernels: Array(repeating: device.kernels, count: count), budget: 32 << 20)
                    let there = try placement.place(index, spread: spread)
                    try expect(there is CUDAShards, equals: spread == .shards, "what the devices hold")
                    for (k, nprobe) in [(12, 4), (300, 10)] {
                        let options = SearchOptions(nprobe: nprobe)
                        try expectSame(
                            there.search(queries, k: k, options: options),
                            index.search(queries, k: k, options: options),
                            "\(index.spec), \(spread) on \(count), k \(k), nprobe \(nprobe)")
                    }
                    for k in [3, 9] {
                        let filter = SearchOptions(nprobe: 10, filter: .members(of: [3, 5, 40, 490]))
                        let found = try there.search(queries, k: k, options: filter)
                        let expected = try index.search(queries, k: k, options: filter)
                        try expectSame(found, expected, "\(index.spec) under a filter, k \(k)")
                        try expect(found.isLimited, equals: expected.isLimited, "isLimited under a filter, k \(k)")
                    }
                    // Fewer queries than devices.
                    try expectSame(
                        there.search(queries.rows(0..<1), k: 2, options: SearchOptions()),
                        index.search(queries.rows(0..<1), k: 2, options: SearchOptions()), "one query")
                }
            }
        },
        CUDACase("an index that does not fit each device is shared among them") { device in
            let index = try FlatIndex(severalRows(4_000, 32, seed: 3))
            let kernels = [device.kernels, device.kernels]
            let small = try CUDAPlacement(kernels: kernels, budget: 1 << 20).place(index)
            let large = try CUDAPlacement(kernels: kernels, budget: 64 << 20).place(index)
            try expect(small is CUDAShards, "it is not in parts")
            try expect(large is CUDAReplicas, "it is not on each")
            let queries = severalRows(3, 32, seed: 4)
            try expectSame(
                small.search(queries, k: 5, options: SearchOptions()), index.search(queries, k: 5), "in parts")
        },
        CUDACase("the exact graph is the CPU's, an approximate one reaches its recall") { device in
            let vectors = severalRows(400, 12, seed: 5)
            let graphs = try CUDAGraph(kernels: [device.kernels, device.kernels], budget: 32 << 20)
            for metric in [Metric.l2, .innerProduct] {
                let expected = try KNNGraph.exact(vectors, k: 7, metric: metric)
                try expect(
                    try graphs.exact(vectors, k: 7, metric: metric) == expected, "\(metric): the graphs differ")
                let found = try graphs.approximate(vectors, k: 7, metric: metric, options: .init(recall: 0.8))
                var hits = 0
                for row in 0..<400 {
                    hits += Set(found[row].map(\.id)).intersection(expected[row].map(\.id)).count
                    try expect(!found[row].contains { $0.id == Int64(row) }, "\(row) is its own neighbour")
                }
                let recall = Double(hits) / 2_800
                try expect(recall > 0.75, "\(metric): recall is \(recall)")
                try expect(!found.isExact && abs((found.measuredRecall ?? 0) - recall) < 0.06, "\(metric): as measured")
            }
            // Fewer vectors than neighbours, and hardly any.
            for count in [0, 1, 2, 5] {
                let some = vectors.rows(0..<count)
                try expect(
                    try graphs.exact(some, k: 9) == KNNGraph.exact(some, k: 9), "the graphs of \(count) differ")
            }
        },
    ]

    /// Random rows, every third one equal to that two before it, so that there are ties.
    private static func severalRows(_ rows: Int, _ dimension: Int, seed: UInt64) -> Matrix<Float> {
        var random = SplitMix64(seed: seed)
        return Matrix(rows: rows, columns: dimension) { x in
            for i in x.indices { x[i] = (0..<4).reduce(-2) { sum, _ in sum + Float.random(in: 0..<1, using: &random) } }
            for row in stride(from: 3, to: rows, by: 3) {
                for c in 0..<dimension { x[row * dimension + c] = x[(row - 2) * dimension + c] }
            }
        }
    }
}
