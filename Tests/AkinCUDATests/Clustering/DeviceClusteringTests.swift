import Akin
import AkinCUDA
import AkinTestSupport
import Testing

/// Both steps of k-means from end to end, on a device made of host memory.
@Suite("Clustering on a device")
struct DeviceClusteringTests {
    @Test(
        "each step of several iterations is the CPU's",
        arguments: [Metric.l2, .innerProduct], [0, 3] as [UInt64])
    func iterations(metric: Metric, seed: UInt64) throws {
        let device = FakeDevice(seed: seed)
        try run(on: device, metric: metric, points: 300, centroids: 40, dimension: 21)
        #expect(device.isClean)
    }

    @Test("a device whose shared memory holds no points streams them")
    func streamed() throws {
        let device = FakeDevice()
        try run(on: device, metric: .l2, points: 20, centroids: 3, dimension: 1_000)
        #expect(device.isClean)
    }

    private func run(on device: FakeDevice, metric: Metric, points count: Int, centroids k: Int, dimension: Int) throws
    {
        let points = Matrix<Float>.random(rows: count, columns: dimension, seed: 2)
        let context = try device.context()
        let library = FakeDevice.kernels(context)
        let pool = try DevicePool(context)
        let stream = try CUDAStream(context)
        let clustering = try DeviceClustering(
            points, centroids: k, metric: metric, library: library, pool: pool, stream: stream)
        // One centroid lies far from all points, and stays where it is.
        var centroids = Matrix<Float>(rows: k, columns: dimension) { y in
            for i in y.indices { y[i] = i < dimension ? 3 : points[i / dimension * 3 % count, i % dimension] }
        }
        if metric == .innerProduct { centroids = UnitRows.make(centroids) }
        for _ in 0..<3 {
            let (numbers, keys, decided) = try clustering.assign(centroids)
            #expect(numbers == (try CentroidAssigner(centroids, metric: metric).assign(points)))
            #expect(decided < count)
            for (i, number) in numbers.enumerated() {
                let y = centroids[Int(number)], x = points[i]
                let key =
                    metric == .l2
                    ? zip(x, y).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
                    : zip(x, y).reduce(0) { $0 - Double($1.0) * Double($1.1) }
                #expect(abs(keys[i] - key) <= 1e-12 * (1 + abs(key)))
            }
            let moved = try clustering.means(isSpherical: metric == .innerProduct)
            for centroid in 0..<k {
                let members = numbers.indices.filter { numbers[$0] == UInt32(centroid) }
                let sums = (0..<dimension).map { c in members.reduce(0.0) { $0 + Double(points[$1, c]) } }
                let scale =
                    metric == .l2 ? Double(members.count) : sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let expected = members.isEmpty ? centroids[centroid] : sums.map { Float($0 / scale) }
                #expect(moved[centroid] == expected, "\(centroid)")
            }
            centroids = moved
        }
    }
}

/// Rows of length one.
private enum UnitRows {
    static func make(_ rows: Matrix<Float>) -> Matrix<Float> {
        Matrix(
            (0..<rows.rows).map { i in
                let length = rows[i].reduce(0) { $0 + $1 * $1 }.squareRoot()
                return rows[i].map { $0 / length }
            })
    }
}
