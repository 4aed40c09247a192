package import Akin

/// Points on a device that are assigned to centroids, again and again while these move: the two steps of k-means.
///
/// Both give what the CPU gives, to the bit. Points are coded once; each assignment is bounded by the one before.
/// Belongs to one thread.
package final class DeviceClustering {
    /// The launches.
    package let plan: ClusteringPlan
    /// `[points]`: the centroid of each, once there was an assignment.
    package let numbers: DeviceBuffer<UInt32>
    private let isProduct: Bool
    private let pool: DevicePool
    private let stream: CUDAStream
    private let library: KernelLibrary
    private let centre: DeviceBuffer<Float>?
    private let scale: Float
    private let points: DeviceBuffer<Float>
    private let pointLength, pointError: DeviceBuffer<Float>
    private let pointCodes: DeviceBuffer<UInt16>
    private let centroids, length, error, term, largest: DeviceBuffer<Float>
    private let codes: DeviceBuffer<UInt16>
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
    package convenience init(
        _ points: Matrix<Float>, centroids count: Int, metric: Metric, library: KernelLibrary, pool: DevicePool,
        stream: CUDAStream
    ) throws(CUDAError) {
        let there = try pool.allocate(Float.self, count: points.rows * points.columns, on: stream)
        try Self.upload(points, to: there, stream)
        try self.init(
            there, rows: points.rows, scale: PointScale(points, metric: metric), dimension: points.columns,
            centroids: count, metric: metric, library: library, pool: pool, stream: stream)
    }

    /// Codes points that are on the device already: the first `rows` of a buffer that belongs to the stream.
    package init(
        _ points: DeviceBuffer<Float>, rows: Int, scale measured: PointScale, dimension: Int, centroids count: Int,
        metric: Metric, library: KernelLibrary, pool: DevicePool, stream: CUDAStream
    ) throws(CUDAError) {
        precondition(metric != .cosine, "normalise the vectors and use the inner product")
        precondition(points.count >= rows * dimension)
        let device = library.context.device
        let plan = try ClusteringPlan(
            points: rows, centroids: count, dimension: dimension, multiprocessors: device.multiprocessors,
            sharedLimit: device.sharedMemoryPerBlockOptIn)
        self.plan = plan
        self.points = points
        isProduct = metric == .innerProduct
        self.pool = pool
        self.stream = stream
        self.library = library
        scale = ClusteringPlan.scale(largest: measured.largest)
        func floats(_ count: Int) throws(CUDAError) -> DeviceBuffer<Float> {
            try pool.allocate(Float.self, count: count, on: stream)
        }
        let coded = plan.tiles * ClusteringPlan.tile
        pointLength = try floats(plan.points)
        pointError = try floats(plan.points)
        pointCodes = try pool.allocate(UInt16.self, count: plan.points * plan.padded, on: stream)
        centroids = try floats(count * plan.dimension)
        length = try floats(coded)
        error = try floats(coded)
        term = try floats(coded)
        largest = try floats(3)
        codes = try pool.allocate(UInt16.self, count: coded * plan.padded, on: stream)
        numbers = try pool.allocate(UInt32.self, count: plan.points, on: stream)
        centre = measured.centre.isEmpty ? nil : try floats(plan.dimension)
        if let centre { try stream.upload(measured.centre, to: centre) }
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
        try place(newCentroids)
        let decided = try assignOnDevice()
        let keys = try pool.allocate(Double.self, count: plan.points, on: stream)
        let halves = LaunchSize(min((plan.points + 15) / 16, 64 * library.context.device.multiprocessors))
        try stream.launch(
            kernel("keys_\(isProduct ? "ip" : "l2")"), grid: halves, block: 256, points, centroids,
            UInt32(plan.dimension), UInt32(plan.points), numbers, keys)
        return (
            try stream.download(numbers), try stream.download(keys), Int(try stream.download(decided)[0])
        )
    }

    /// Brings centroids to the device, `[centroids, dimension]`, for ``assignOnDevice()`` and ``iterate(isSpherical:)``.
    ///
    /// - Throws: ``CUDAError``: what copies throw.
    package func place(_ newCentroids: Matrix<Float>) throws(CUDAError) {
        precondition(newCentroids.rows == plan.centroids && newCentroids.columns == plan.dimension)
        try Self.upload(newCentroids, to: centroids, stream)
    }

    /// Takes centroids that are on the device, in a buffer that belongs to the stream.
    ///
    /// - Throws: ``CUDAError``: what copies throw.
    package func place(_ newCentroids: DeviceBuffer<Float>) throws(CUDAError) {
        try stream.copy(newCentroids, 0..<centroids.count, to: centroids)
    }

    /// Puts an assignment of all points to the centroids on the device into the stream; ``numbers`` become the answer.
    ///
    /// - Returns: one number, of the points that were decided in double precision.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    @discardableResult
    package func assignOnDevice() throws(CUDAError) -> DeviceBuffer<UInt32> {
        let (count, k) = (UInt32(plan.points), UInt32(plan.centroids))
        let (dimension, tiles) = (UInt32(plan.dimension), UInt32(plan.tiles))
        let bytes = UInt32(2 * plan.padded), kind = plan.isResident ? "resident" : "streamed"
        let rows = plan.tiles * ClusteringPlan.tile, capacity = UInt32(ClusteringPlan.capacity)
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
        try stream.fill(decided, byte: 0)
        try stream.launch(
            kernel("nearest_\(kind)"), grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.sharedBytes,
            pointCodes, pointLength, pointError, count, codes, term, largest, tiles, bytes, isAssigned ? numbers : nil,
            numbers, doubtful, reach, found, decided)
        let turns = LaunchSize(plan.turns)
        try stream.launch(
            kernel("candidates_\(kind)"), grid: turns, block: 256, sharedBytes: plan.sharedBytes, pointCodes, codes,
            term, tiles, bytes, k, doubtful, reach, decided, found, candidates, capacity)
        try stream.launch(
            kernel("decide_\(isProduct ? "ip" : "l2")"), grid: turns, block: 256, points, centroids, k, dimension,
            doubtful, decided, found, candidates, capacity, numbers)
        isAssigned = true
        return decided
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
        matrix(try stream.download(try meansOnDevice(isSpherical: isSpherical)))
    }

    /// One iteration on the device alone: an assignment to the centroids there, which then move.
    ///
    /// Those without points stay where they are.
    ///
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    package func iterate(isSpherical: Bool) throws(CUDAError) {
        try assignOnDevice()
        let moved = try meansOnDevice(isSpherical: isSpherical)
        try stream.copy(moved, 0..<moved.count, to: centroids)
    }

    /// The product codes of the points, less their centroids where residuals are coded.
    ///
    /// Residuals need an assignment.
    ///
    /// - Parameters:
    ///   - quantizer: for vectors as long as the points, of 4 to 8 bits.
    ///   - isResidual: whether centroids are taken off.
    /// - Returns: `[points, quantizer.codeByteCount]`; `nil` for parts that are too long for shared memory.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    /// - Complexity: O(points · ksub · dimension).
    package func codes(by quantizer: ProductQuantizer, isResidual: Bool) throws(CUDAError) -> [UInt8]? {
        precondition(quantizer.dimension == plan.dimension && (4...8).contains(quantizer.nbits))
        precondition(isAssigned || !isResidual, "an assignment comes first")
        let most = ProductCoding.mostComponents(ksub: quantizer.ksub, on: library.context.device)
        guard quantizer.dsub <= most else { return nil }
        let bytes = quantizer.nbits == 4 ? (quantizer.m + 1) / 2 : quantizer.m
        let coding = try ProductCoding(
            quantizer, words: (bytes + 3) / 4, library: library, pool: pool, stream: stream)
        let made = try pool.allocate(UInt32.self, count: plan.points * coding.words, on: stream)
        try stream.fill(made, byte: 0)
        try coding.encode(
            points, count: plan.points, residuals: isResidual ? (numbers.whole, centroids) : nil,
            into: made.whole, on: stream)
        return quantizer.packed(try stream.download(made), perCode: coding.words)
    }

    /// The centroids on the device, `[centroids, dimension]`.
    ///
    /// - Throws: ``CUDAError``: what copies throw, and what went wrong in the work before.
    package func currentCentroids() throws(CUDAError) -> Matrix<Float> { matrix(try stream.download(centroids)) }

    private func meansOnDevice(isSpherical: Bool) throws(CUDAError) -> DeviceBuffer<Float> {
        precondition(isAssigned, "an assignment comes first")
        let order = try PointOrder(
            numbers, points: plan.points, groups: plan.centroids, chunk: plan.chunk, library: library, pool: pool,
            stream: stream)
        let result = try pool.allocate(Float.self, count: plan.centroids * plan.dimension, on: stream)
        let threads = min(256, (plan.dimension + 31) / 32 * 32)
        try stream.launch(
            kernel("average"), grid: LaunchSize(plan.centroids), block: LaunchSize(threads),
            sharedBytes: (plan.dimension + 1) * 8, points, UInt32(plan.dimension), order.starts, order.order,
            centroids, UInt32(isSpherical ? 1 : 0), result)
        return result
    }

    private func matrix(_ elements: [Float]) -> Matrix<Float> {
        Matrix(rows: plan.centroids, columns: plan.dimension) { _ = $0.update(fromContentsOf: elements) }
    }

    private func kernel(_ name: String) throws(CUDAError) -> Kernel {
        try library.kernel("akin_kmeans_" + name, in: "kmeans.cu")
    }

    private static func upload(
        _ matrix: Matrix<Float>, to buffer: DeviceBuffer<Float>, _ stream: CUDAStream
    ) throws(CUDAError) {
        try matrix.withUnsafeElements { (elements) throws(CUDAError) in try stream.upload(elements, to: buffer) }
    }
}
