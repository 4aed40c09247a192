package import Akin

/// Points on a device that are assigned to centroids, again and again while these move: the two steps of k-means.
///
/// Both give what the CPU gives, to the bit. Points are coded once; each assignment is bounded by the one before.
/// Belongs to one thread.
package final class DeviceClustering {
    /// The launches.
    package let plan: ClusteringPlan
    private let isProduct: Bool
    private let pool: DevicePool
    private let stream: CUDAStream
    private let library: KernelLibrary
    /// What half floats stand for: (x - centre) · scale.
    private let centre: DeviceBuffer<Float>?
    private let scale: Float
    private let points, pointLength, pointError: DeviceBuffer<Float>
    private let pointCodes: DeviceBuffer<UInt16>
    private let centroids, length, error, term, largest: DeviceBuffer<Float>
    private let codes: DeviceBuffer<UInt16>
    /// `[points]`: the centroid of each, once there was an assignment.
    private let numbers: DeviceBuffer<UInt32>
    private var isAssigned = false

    /// Brings points to a device and codes them.
    ///
    /// - Parameters:
    ///   - points: `[n, dimension]`, finite, at least one.
    ///   - count: centroids, 1 or more.
    ///   - metric: `.l2` or `.innerProduct`.
    ///   - library: the device's kernels.
    ///   - pool: where its memory comes from: ``ClusteringPlan/scratchBytes`` and the points.
    ///   - stream: whose work this is.
    /// - Throws: ``CUDAError``: numbers out of range; what the pool, compiling and launches throw.
    /// - Complexity: O(n · dimension).
    package init(
        _ points: Matrix<Float>, centroids count: Int, metric: Metric, library: KernelLibrary, pool: DevicePool,
        stream: CUDAStream
    ) throws(CUDAError) {
        precondition(metric != .cosine, "normalise the vectors and use the inner product")
        let device = library.context.device
        let plan = try ClusteringPlan(
            points: points.rows, centroids: count, dimension: points.columns, multiprocessors: device.multiprocessors,
            sharedLimit: device.sharedMemoryPerBlockOptIn)
        self.plan = plan
        isProduct = metric == .innerProduct
        self.pool = pool
        self.stream = stream
        self.library = library
        let (middle, largest) = Self.measure(points, isCentred: metric == .l2)
        scale = ClusteringPlan.scale(largest: largest)
        func floats(_ count: Int) throws(CUDAError) -> DeviceBuffer<Float> {
            try pool.allocate(Float.self, count: count, on: stream)
        }
        let coded = plan.tiles * ClusteringPlan.tile
        self.points = try floats(plan.points * plan.dimension)
        pointLength = try floats(plan.points)
        pointError = try floats(plan.points)
        pointCodes = try pool.allocate(UInt16.self, count: plan.points * plan.padded, on: stream)
        centroids = try floats(count * plan.dimension)
        length = try floats(coded)
        error = try floats(coded)
        term = try floats(coded)
        self.largest = try floats(3)
        codes = try pool.allocate(UInt16.self, count: coded * plan.padded, on: stream)
        numbers = try pool.allocate(UInt32.self, count: plan.points, on: stream)
        centre = middle.isEmpty ? nil : try floats(plan.dimension)
        if let centre { try stream.upload(middle, to: centre) }
        try Self.upload(points, to: self.points, stream)
        try stream.launch(
            library.kernel("akin_kmeans_code_points", in: "kmeans.cu"), grid: LaunchSize((plan.points + 7) / 8),
            block: 256, self.points, centre, scale, UInt32(plan.points), UInt32(plan.dimension), UInt32(plan.padded),
            pointCodes, pointLength, pointError)
    }

    /// Finds the nearest centroid of each point, ties by smaller number, and its key in double precision: the squared
    /// distance, or the inner product with its sign changed.
    ///
    /// - Parameter newCentroids: `[centroids, dimension]`, finite.
    /// - Returns: `[points]` each, and how many points were decided in double precision.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    /// - Complexity: O(points · centroids · dimension).
    package func assign(
        _ newCentroids: Matrix<Float>
    ) throws(CUDAError) -> (numbers: [UInt32], keys: [Double], decided: Int) {
        precondition(newCentroids.rows == plan.centroids && newCentroids.columns == plan.dimension)
        let (count, k) = (UInt32(plan.points), UInt32(plan.centroids))
        let (dimension, tiles) = (UInt32(plan.dimension), UInt32(plan.tiles))
        let (bytes, resident) = (UInt32(2 * plan.padded), UInt32(plan.isResident ? 1 : 0))
        let rows = plan.tiles * ClusteringPlan.tile, capacity = UInt32(ClusteringPlan.capacity)
        try Self.upload(newCentroids, to: centroids, stream)
        try stream.fill(largest, byte: 0)
        try stream.launch(
            kernel("code_centroids"), grid: LaunchSize(rows / 8), block: 256, centroids, centre, scale, k,
            UInt32(rows), dimension, UInt32(plan.padded), UInt32(isProduct ? 1 : 0), codes, length, error, term,
            largest)
        let doubtful = try pool.allocate(UInt32.self, count: plan.points, on: stream)
        let found = try pool.allocate(UInt32.self, count: plan.points, on: stream)
        let reach = try pool.allocate(Float.self, count: plan.points, on: stream)
        let decided = try pool.allocate(UInt32.self, count: 1, on: stream)
        let candidates = try pool.allocate(
            UInt32.self, count: plan.points * ClusteringPlan.capacity, on: stream)
        let keys = try pool.allocate(Double.self, count: plan.points, on: stream)
        try stream.fill(decided, byte: 0)
        try stream.launch(
            kernel("nearest"), grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.sharedBytes, pointCodes,
            pointLength, pointError, count, codes, term, largest, tiles, bytes, resident, isAssigned ? numbers : nil,
            numbers, doubtful, reach, found, decided)
        let turns = LaunchSize(plan.turns)
        try stream.launch(
            kernel("candidates"), grid: turns, block: 256, sharedBytes: plan.sharedBytes, pointCodes, codes, term,
            tiles, bytes, resident, k, doubtful, reach, decided, found, candidates, capacity)
        let metric = isProduct ? "ip" : "l2"
        try stream.launch(
            kernel("decide_\(metric)"), grid: turns, block: 256, points, centroids, k, dimension, doubtful, decided,
            found, candidates, capacity, numbers)
        let halves = LaunchSize(min((plan.points + 15) / 16, 64 * library.context.device.multiprocessors))
        try stream.launch(
            kernel("keys_\(metric)"), grid: halves, block: 256, points, centroids, dimension, count, numbers, keys)
        isAssigned = true
        return (
            try stream.download(numbers), try stream.download(keys), Int(try stream.download(decided)[0])
        )
    }

    /// The mean of the points of each centroid, summed in doubles in the order of the points; the centroid as it was
    /// where there are none.
    ///
    /// Needs an assignment.
    ///
    /// - Parameter isSpherical: whether sums become vectors of length one instead of means.
    /// - Returns: `[centroids, dimension]`.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    /// - Complexity: O(points · dimension).
    package func means(isSpherical: Bool) throws(CUDAError) -> Matrix<Float> {
        precondition(isAssigned, "an assignment comes first")
        let (count, k) = (UInt32(plan.points), UInt32(plan.centroids))
        let (chunk, chunks) = (UInt32(plan.chunk), UInt32(plan.chunks))
        func words(_ count: Int) throws(CUDAError) -> DeviceBuffer<UInt32> {
            try pool.allocate(UInt32.self, count: count, on: stream)
        }
        let counts = try words(plan.chunks * plan.centroids), sizes = try words(plan.centroids)
        let starts = try words(plan.centroids + 1), order = try words(plan.points)
        let result = try pool.allocate(Float.self, count: plan.centroids * plan.dimension, on: stream)
        try stream.launch(
            kernel("count"), grid: LaunchSize(plan.chunks), block: 256, numbers, count, k, chunk, counts)
        try stream.launch(
            kernel("add_chunks"), grid: LaunchSize((plan.centroids + 255) / 256), block: 256, counts, chunks, k, sizes)
        try stream.launch(kernel("add_sizes"), grid: 1, block: 1_024, sharedBytes: 33 * 4, sizes, k, starts)
        try stream.launch(
            kernel("place"), grid: LaunchSize((plan.chunks + 7) / 8), block: 256, numbers, count, k, chunk, chunks,
            starts, counts, order)
        let threads = min(256, (plan.dimension + 31) / 32 * 32)
        try stream.launch(
            kernel("average"), grid: LaunchSize(plan.centroids), block: LaunchSize(threads),
            sharedBytes: (plan.dimension + 1) * 8, points, UInt32(plan.dimension), starts, order,
            centroids, UInt32(isSpherical ? 1 : 0), result)
        let means = try stream.download(result)
        return Matrix(rows: plan.centroids, columns: plan.dimension) { _ = $0.update(fromContentsOf: means) }
    }

    private func kernel(_ name: String) throws(CUDAError) -> Kernel {
        try library.kernel("akin_kmeans_" + name, in: "kmeans.cu")
    }

    private static func upload(
        _ matrix: Matrix<Float>, to buffer: DeviceBuffer<Float>, _ stream: CUDAStream
    ) throws(CUDAError) {
        try matrix.withUnsafeElements { (elements) throws(CUDAError) in try stream.upload(elements, to: buffer) }
    }

    /// The mean of the points, where they are to be centred, and the largest magnitude of what is left of them.
    private static func measure(_ points: Matrix<Float>, isCentred: Bool) -> (centre: [Float], largest: Float) {
        points.withUnsafeElements { elements in
            let d = points.columns
            var centre = [Float](repeating: 0, count: isCentred ? d : 0)
            if isCentred {
                var sums = [Double](repeating: 0, count: d)
                for i in 0..<points.rows { for c in 0..<d { sums[c] += Double(elements[i * d + c]) } }
                for c in 0..<d { centre[c] = Float(sums[c] / Double(points.rows)) }
            }
            var largest: Float = 0
            for i in 0..<points.rows {
                for c in 0..<d { largest = max(largest, abs(elements[i * d + c] - (isCentred ? centre[c] : 0))) }
            }
            return (centre, largest)
        }
    }
}
