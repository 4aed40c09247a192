import Akin
import AkinCUDA

extension CUDACase {
    /// k-means on a GPU is that of the CPU.
    static let clustering = [
        CUDACase("k-means gives the CPU's centroids, sizes and objectives") { device in
            let clustering = try CUDAClustering(kernels: device.kernels, budget: 256 << 20)
            let points = clusterRows(600, 24, seed: 1)
            for (centroids, isSpherical, restarts) in [(150, false, 1), (33, true, 2), (1, false, 1)] {
                var options = KMeansOptions(
                    iterations: 3, restarts: restarts, isSpherical: isSpherical, maxPointsPerCentroid: nil)
                let expected = try KMeans.train(points, centroids: centroids, options: options)
                options.device = clustering
                let found = try KMeans.train(points, centroids: centroids, options: options)
                try expectSameClusters(found, expected, "\(centroids) centroids")
            }
        },
        CUDACase("k-means streams points that are too long to stay in shared memory") { device in
            let clustering = try CUDAClustering(kernels: device.kernels, budget: 64 << 20)
            let points = clusterRows(150, 850, seed: 8)
            var options = KMeansOptions(iterations: 2, maxPointsPerCentroid: nil)
            let expected = try KMeans.train(points, centroids: 130, options: options)
            options.device = clustering
            try expectSameClusters(try KMeans.train(points, centroids: 130, options: options), expected, "130")
        },
        CUDACase("k-means gives empty centroids the places that the CPU gives them") { device in
            let clustering = try CUDAClustering(kernels: device.kernels, budget: 64 << 20)
            // 40 places with 10 points each, and more centroids than a random start hits.
            let places = clusterRows(40, 6, seed: 2)
            let points = Matrix((0..<400).map { i in places[i % 40].map { $0 + Float(i / 40) * 0x1p-12 } })
            for start in KMeansOptions.Start.allCases {
                var options = KMeansOptions(iterations: 6, seed: 5, start: start, maxPointsPerCentroid: nil)
                let expected = try KMeans.train(points, centroids: 60, options: options)
                options.device = clustering
                try expectSameClusters(try KMeans.train(points, centroids: 60, options: options), expected, "\(start)")
            }
        },
        CUDACase("an inverted file trained and filled there has the CPU's lists and codes") { device in
            let clustering = try CUDAClustering(kernels: device.kernels, budget: 64 << 20)
            let points = clusterRows(600, 16, seed: 3)
            for (spec, metric) in [
                ("IVF20,Flat", Metric.l2), ("IVF12,PQ4", .cosine), ("IVF12,PQ8x6", .l2), ("IVF9,PQ1x4", .l2),
                ("IVF12,PQ4x5,RFlat", .innerProduct), ("IVF12,PQ16x4fsr", .l2), ("IVF12,PQ8x4fs", .innerProduct),
                ("IVF12,SQ8", .l2),
            ] {
                let parsed = try IndexSpec(parsing: spec)
                var (there, here) = (
                    try IVFIndex(
                        training: points, spec: parsed, metric: metric,
                        options: .init(iterations: 3, device: clustering)),
                    try IVFIndex(training: points, spec: parsed, metric: metric, options: .init(iterations: 3))
                )
                try there.add(points, device: clustering)
                try here.add(points)
                try expect(there.interleavedLists() == here.interleavedLists(), "\(spec): lists or codes differ")
                let queries = clusterRows(20, 16, seed: 4), options = SearchOptions(nprobe: 3)
                try expectSame(
                    there.search(queries, k: 10, options: options), here.search(queries, k: 10, options: options), spec)
            }
        },
        CUDACase("product codes made there are the CPU's bytes") { device in
            let clustering = try CUDAClustering(kernels: device.kernels, budget: 64 << 20)
            for (m, nbits) in [(3, 8), (4, 6), (5, 4), (12, 4)] {
                let vectors = clusterRows(300, 3 * m, seed: 7)
                let quantizer = try ProductQuantizer.train(
                    .init(dimension: vectors.columns, m: m, nbits: nbits), vectors, iterations: 2)
                let held = try clustering.hold(vectors, centroids: 1, metric: .l2)
                let expected = try quantizer.encode(vectors)
                let codes = try held.codes(by: quantizer, isResidual: false)
                try expect(codes ?? [], equals: expected.withUnsafeElements { Array($0) }, "PQ\(m)x\(nbits)")
            }
        },
        CUDACase("iterations that stay on the device move centroids as the CPU does") { device in
            let pool = try DevicePool(device.context, budget: 64 << 20)
            let stream = try CUDAStream(device.context)
            let points = clusterRows(300, 20, seed: 6)
            var centroids = points.rows(0..<30)
            let steps = try DeviceClustering(
                points, centroids: 30, metric: .l2, library: device.kernels, pool: pool, stream: stream)
            try steps.place(centroids)
            for _ in 0..<2 {
                try steps.iterate(isSpherical: false)
                let numbers = try CentroidAssigner(centroids, metric: .l2).assign(points)
                centroids = Matrix(
                    (0..<30).map { centroid in
                        let members = numbers.indices.filter { numbers[$0] == UInt32(centroid) }
                        guard !members.isEmpty else { return centroids[centroid] }
                        return (0..<20).map { c in
                            Float(members.reduce(0.0) { $0 + Double(points[$1, c]) } / Double(members.count))
                        }
                    })
                let moved = try steps.currentCentroids()
                for i in 0..<30 { try expect(moved[i], equals: centroids[i], "centroid \(i)") }
            }
        },
    ]

    /// Random rows around few places, some of them equal.
    private static func clusterRows(_ rows: Int, _ dimension: Int, seed: UInt64) -> Matrix<Float> {
        var random = SplitMix64(seed: seed)
        let middles = (0..<8 * dimension).map { _ in Float.random(in: -3..<3, using: &random) }
        return Matrix(rows: rows, columns: dimension) { x in
            for row in 0..<rows {
                let middle = Int(random.next() % 8) * dimension
                for c in 0..<dimension {
                    x[row * dimension + c] = middles[middle + c] + Float.random(in: -1..<1, using: &random)
                }
                guard row % 5 == 4 else { continue }
                for c in 0..<dimension { x[row * dimension + c] = x[(row - 3) * dimension + c] }
            }
        }
    }

    /// Fails unless two trainings gave the same, bit by bit.
    private static func expectSameClusters(_ found: Clustering, _ expected: Clustering, _ what: String) throws {
        for i in 0..<expected.centroids.rows {
            try expect(
                found.centroids[i].map(\.bitPattern), equals: expected.centroids[i].map(\.bitPattern),
                "\(what), centroid \(i)")
        }
        try expect(found.sizes, equals: expected.sizes, "\(what), sizes")
        try expect(found.history, equals: expected.history, "\(what), objectives")
        try expect(found.iterations, equals: expected.iterations, "\(what), iterations")
    }
}
