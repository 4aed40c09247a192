import Akin
import AkinCUDA

/// Building and searching an inverted file of vectors that the device makes for itself.
package struct ScaleRun: Sendable {
    /// "100M".
    package var name: String
    /// Vectors, and components of each.
    package var count: Int
    package var dimension = 96
    /// Inverted lists, and bytes of a code.
    package var lists, bytes: Int
    /// Vectors that centroids are trained with, for each list.
    package var pointsPerList = 64
    /// Vectors that are made, assigned and coded at a time.
    package var block = 1 << 21
    /// Queries that recall is measured with, against exact search.
    package var exactQueries: Int
    /// Queries that are searched for at once when the time is taken.
    package var timedQueries = 10_000
    package var nprobes = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    package var k = 10
    /// Seconds that the run may take: what is left out then is said to be.
    package var limit = 540.0

    package static let all = [
        ScaleRun(name: "100M", count: 100_000_000, lists: 65_536, bytes: 16, exactQueries: 1_000),
        ScaleRun(name: "1B", count: 1_000_000_000, lists: 131_072, bytes: 8, exactQueries: 100),
    ]

    package init(name: String, count: Int, lists: Int, bytes: Int, exactQueries: Int) {
        self.name = name
        self.count = count
        self.lists = lists
        self.bytes = bytes
        self.exactQueries = exactQueries
    }

    private var spec: String { "IVF\(lists),PQ\(bytes)" }

    /// Does it all.
    ///
    /// - Parameters:
    ///   - device: where.
    ///   - say: is told of each figure as soon as it is known.
    /// - Returns: the figures.
    /// - Throws: ``CUDAError``, `IndexError`.
    package func measure(
        _ device: DeviceUnderTest, say: (DeviceMeasurement) -> Void = { _ in }
    ) throws -> [DeviceMeasurement] {
        let start = ContinuousClock.now
        var rows: [DeviceMeasurement] = []
        func note(_ what: String, _ value: String, _ beside: String = "") {
            let row = DeviceMeasurement(
                what: "\(spec), \(count) x \(dimension) made on the device: \(what)", value: value, beside: beside)
            rows.append(row)
            say(row)
        }
        let vectors = try SyntheticVectors(dimension: dimension, kernels: device.kernels)
        let (empty, sampled, sampling, training) = try train(vectors, device)
        note("\(sampled) vectors made and copied to the host", Self.seconds(sampling))
        note("centroids and codebooks trained with them", Self.seconds(training), "10 iterations; codebooks on the CPU")

        let pool = try DevicePool(device.context)
        let stream = try CUDAStream(device.context)
        let (lists, held, adding, placing) = try build(
            empty, vectors, device, pool, stream, deadline: start + .seconds(limit * 0.7))
        let isWhole = held == count
        note(
            "made, assigned and coded", Self.seconds(adding),
            "\(DeviceMeasurement.number(Double(held) / adding / 1e6)) million vectors a second"
                + (isWhole ? "" : "; \(held) vectors, then the time was up"))
        note(
            "put into lists", Self.seconds(placing), "\(DeviceMeasurement.size(lists.stored.byteCount)) on the device")

        let coarse = try empty.comparedCentroids.map { try CUDAFlatIndex($0, kernels: device.kernels, pool: pool) }
        // Rows behind the last vector: of the same kind, but not stored.
        let queries = try vectors.onHost(count..<count + max(exactQueries, timedQueries), pool: pool, stream: stream)
        var isUp: Bool { ContinuousClock.now - start > .seconds(limit) }
        var truth: [[Int64]] = []
        if !isUp {
            let (found, seconds) = try Self.timed {
                try vectors.nearest(
                    to: queries.rows(0..<exactQueries), of: held, k: k, kernels: device.kernels, pool: pool,
                    stream: stream)
            }
            truth = found
            note("\(exactQueries) queries compared with every vector in doubles", Self.seconds(seconds))
        }
        for nprobe in nprobes where nprobe <= self.lists {
            let what = "search, \(timedQueries) queries, k = \(k), nprobe = \(nprobe)"
            guard !isUp else {
                note(what, "not measured", "the time was up")
                continue
            }
            func search(_ queries: Matrix<Float>) throws -> DeviceLists.Answer {
                try lists.search(
                    queries, k: k, nprobe: nprobe, options: SearchOptions(),
                    nearest: coarse.map { coarse in { try coarse.search($0, k: $1, options: SearchOptions()).neighbors }
                    })
            }
            let recall = try recall(of: search(queries.rows(0..<truth.count)), truth)
            var answers: [DeviceLists.Answer] = []
            let seconds = try DeviceMeasurement.median(of: 3) {
                answers.append(try search(queries.rows(0..<timedQueries)))
            }
            guard let last = answers.last else { continue }
            note(
                what, "\(DeviceMeasurement.number(Double(timedQueries) / seconds)) queries/s",
                "recall@\(k) \(recall); \(Self.seconds(seconds)), of it \(Self.seconds(last.deviceSeconds)) scanning and "
                    + "deciding; \(last.compared) queries compared in doubles")
        }
        return rows
    }

    /// Trains with the first vectors.
    private func train(
        _ vectors: SyntheticVectors, _ device: DeviceUnderTest
    ) throws -> (index: IVFIndex, count: Int, sampling: Double, training: Double) {
        let sampled = min(count, lists * pointsPerList)
        let (sample, sampling) = try Self.timed {
            try vectors.onHost(
                0..<sampled, pool: DevicePool(device.context), stream: CUDAStream(device.context))
        }
        let (index, training) = try Self.timed {
            try IVFIndex(
                training: sample, spec: IndexSpec(parsing: spec),
                options: .init(
                    maxPointsPerCentroid: pointsPerList, device: CUDAClustering(kernels: device.kernels)))
        }
        return (index, sampled, sampling, training)
    }

    /// Makes vectors block by block and adds them, until all are there or the deadline is past.
    private func build(
        _ empty: IVFIndex, _ vectors: SyntheticVectors, _ device: DeviceUnderTest, _ pool: DevicePool,
        _ stream: CUDAStream, deadline: ContinuousClock.Instant
    ) throws -> (lists: DeviceLists, count: Int, adding: Double, placing: Double) {
        let builder = try DeviceListBuilder(
            empty, capacity: count, library: device.kernels, pool: pool, stream: stream)
        let (_, adding) = try Self.timed {
            let points = try pool.allocate(Float.self, count: min(block, count) * dimension, on: stream)
            for first in stride(from: 0, to: count, by: block) {
                if first > 0, ContinuousClock.now > deadline { break }
                let some = first..<min(first + block, count)
                try vectors.make(some, in: points, on: stream)
                try builder.add(points, rows: some.count)
                // Not too far ahead of the device, or the deadline would be seen too late.
                try stream.synchronize()
            }
        }
        pool.trim()
        let held = builder.count
        let (lists, placing) = try Self.timed { try builder.finish() }
        return (lists, held, adding, placing)
    }

    private func recall(of answer: DeviceLists.Answer, _ truth: [[Int64]]) -> String {
        guard !truth.isEmpty else { return "not measured" }
        let hits = zip(answer.rows, truth).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1).count }
        return DeviceMeasurement.number(Double(hits) / Double(truth.count * k))
    }

    private static func seconds(_ value: Double) -> String {
        value < 1 ? "\(DeviceMeasurement.number(value * 1e3)) ms" : "\(DeviceMeasurement.number(value)) s"
    }

    private static func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
        let start = ContinuousClock.now
        let result = try body()
        let taken = (ContinuousClock.now - start).components
        return (result, Double(taken.seconds) + Double(taken.attoseconds) * 1e-18)
    }
}
