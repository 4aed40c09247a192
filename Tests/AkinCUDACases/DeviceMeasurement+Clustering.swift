import Akin
import AkinCUDA

// k-means, beside the rate at which the device multiplies half floats.
extension DeviceMeasurement {
    /// Iterations of k-means on a million points, as a share of what `mma` reaches with nothing else to do.
    static func clusterings(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let (products, seconds) = try halfProducts(device, steps: max(4, min(8_192, largest >> 18)))
        let rate = products / seconds
        let dimension = 128, count = max(256, min(1_000_000, largest / 2_048)), centroids = max(16, count / 244)
        let points = try RandomMatrix.rows(count, dimension, centers: 1_000)
        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        let steps = try DeviceClustering(
            points, centroids: centroids, metric: .l2, library: device.kernels, pool: pool, stream: stream)
        try steps.place(points.rows(0..<centroids))
        // The first iterations move most, and have no assignment before them: two of them do not count.
        let iteration = try median(of: 10, on: stream) { try steps.iterate(isSpherical: false) }
        let assignment = try median(of: 10, on: stream) { try steps.assignOnDevice() }
        let decided = try stream.download(steps.assignOnDevice())[0]
        let wholly = try median(of: 3) {
            _ = try steps.assign(points.rows(0..<centroids))
            _ = try steps.means(isSpherical: false)
        }
        let work = 2 * Double(count) * Double(centroids) * Double(dimension)
        func share(_ seconds: Double) -> String {
            "\(number(work / seconds / 1e12)) TFLOPS, \(number(work / seconds / rate * 100)) % of mma's rate"
        }
        let what = "k-means, \(count) x \(dimension), \(centroids) centroids"
        return [
            DeviceMeasurement(
                what: "products of half floats by mma, from registers", value: "\(number(rate / 1e12)) TFLOPS",
                beside: "wgmma, which these kernels do not use, may reach more"),
            DeviceMeasurement(
                what: what + ", an iteration on the device", value: "\(number(iteration * 1e3)) ms",
                beside: share(iteration)),
            DeviceMeasurement(
                what: what + ", of it the assignment", value: "\(number(assignment * 1e3)) ms",
                beside: "\(share(assignment)); \(decided) points decided in doubles"),
            DeviceMeasurement(
                what: what + ", an iteration with numbers, keys and centroids copied to the host",
                value: "\(number(wholly * 1e3)) ms", beside: "as `akin cluster --device cuda` does it"),
        ]
    }

    /// Operations of `mma` with half floats in registers, and the seconds that they took; a product and a sum are two.
    static func halfProducts(_ device: DeviceUnderTest, steps: Int) throws -> (operations: Double, seconds: Double) {
        let kernel = try device.kernels.kernel("akin_half_products", in: "sanity.cu")
        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        let blocks = 4 * device.context.device.multiprocessors
        let sums = try pool.allocate(Float.self, count: blocks * 256, on: stream)
        let seconds = try median(of: 10, on: stream) {
            try stream.launch(kernel, grid: LaunchSize(blocks), block: 256, UInt32(steps), sums)
        }
        let perWarp = 8 * 2 * 16 * 8 * 16
        return (Double(blocks * 8) * Double(steps) * Double(perWarp), seconds)
    }
}
