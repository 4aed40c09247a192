package import Akin
import AkinCUDA

// Selection and exact search, beside what bounds them.
extension DeviceMeasurement {
    /// The k best of long rows, as a share of the rate at which the device copies.
    static func selections(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let count = 128_000, rows = max(2, min(10_000, largest / 204_800))
        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        // A few dozen rows, again and again: each is selected from by itself.
        let some = min(rows, 64)
        let values = try RandomMatrix.floats(some * count, seed: 1)
        let buffer = try pool.allocate(Float.self, count: rows * count, on: stream)
        try values.withUnsafeBufferPointer { try stream.upload($0, to: buffer) }
        for row in stride(from: some, to: rows, by: some) {
            try stream.copy(buffer, 0..<min(some, rows - row) * count, to: buffer, at: row * count)
        }
        let half = buffer.count / 2
        let copying = try median(of: 10, on: stream) { try stream.copy(buffer, 0..<half, to: buffer, at: half) }
        let bandwidth = Double(2 * half * 4) / copying
        return try [100, 1_000].map { k in
            let outValues = try pool.allocate(Float.self, count: rows * k, on: stream)
            let outColumns = try pool.allocate(UInt32.self, count: rows * k, on: stream)
            let selection = try DeviceSelection(
                rows: rows, count: count, k: k, largest: false, library: device.kernels, pool: pool)
            let seconds = try median(of: 10, on: stream) {
                try selection.run(
                    buffer.whole, stride: count, values: outValues.whole, columns: outColumns.whole, on: stream)
            }
            let bytes = rows * count * 4, share = Double(bytes) / seconds / bandwidth
            return DeviceMeasurement(
                what: "k-selection, \(rows) rows of \(count), k = \(k)", value: "\(number(seconds * 1e3)) ms",
                beside:
                    "\(rate(bytes, seconds)), \(number(share * 100)) % of \(rate(2 * half * 4, copying)) when copying")
        }
    }

    /// Exact search of vectors in clusters and of vectors without structure.
    static func exactSearches(_ device: DeviceUnderTest, _ largest: Int) throws -> [DeviceMeasurement] {
        let dimension = 128, rows = max(1_000, min(1_000_000, largest / 2_048)), queries = max(10, rows / 100)
        var measurements: [DeviceMeasurement] = []
        for (name, centers) in [("clusters", 1_000), ("no structure", 0)] {
            let all = try RandomMatrix.rows(rows + queries, dimension, centers: centers)
            let index = try FlatIndex(all.rows(0..<rows))
            let asked = all.rows(rows..<rows + queries)
            measurements += try exactSearch(device, index, asked, ks: centers > 0 ? [10, 100] : [10], name)
        }
        return measurements
    }

    /// Exact search of an index for each of some k.
    private static func exactSearch(
        _ device: DeviceUnderTest, _ index: FlatIndex, _ queries: Matrix<Float>, ks: [Int], _ name: String
    ) throws -> [DeviceMeasurement] {
        try ks.flatMap { k in
            let timing = try ExactTiming(device, index, queries, k: k)
            let what = "exact search, \(name), \(index.count) x \(index.dimension), \(queries.rows) queries, k = \(k)"
            return [
                DeviceMeasurement(
                    what: what, value: "\(number(timing.seconds * 1e3)) ms",
                    beside: "\(timing.compared) queries compared in full; \(timing.checked) are the CPU's to the bit"),
                DeviceMeasurement(
                    what: what + ", of it on the device", value: "\(number(timing.deviceSeconds * 1e3)) ms", beside: ""),
            ]
        }
    }
}

/// How long exact search takes on a device.
package struct ExactTiming {
    /// Seconds of a search, from vectors on the host to neighbours on the host; the median.
    package let seconds: Double
    /// Seconds of it between the first and the last piece of the device's work; the median.
    package let deviceSeconds: Double
    /// Queries that were compared with every row in double precision.
    package let compared: Int
    /// Queries whose answers were compared with the CPU's.
    package let checked: Int

    /// Searches several times, and on the CPU for some of the queries.
    ///
    /// - Throws: ``CaseFailure`` when the answers differ from the CPU's.
    package init(_ device: DeviceUnderTest, _ index: FlatIndex, _ queries: Matrix<Float>, k: Int) throws {
        let there = try CUDAFlatIndex(index, kernels: device.kernels)
        var answers: [(device: Double, compared: Int)] = []
        seconds = try DeviceMeasurement.median(of: 10) {
            let answer = try there.answer(queries, k: k)
            answers.append((answer.deviceSeconds, answer.compared))
        }
        let counted = answers.dropFirst(2).sorted { $0.device < $1.device }
        deviceSeconds = counted[counted.count / 2].device
        compared = counted[counted.count / 2].compared
        let sample = queries.rows(0..<min(100, queries.rows))
        checked = sample.rows
        let (found, expected) = (try there.answer(sample, k: k).result, try index.search(sample, k: k))
        try expectSame(found, expected, "exact search, k \(k)")
    }
}
