package import Akin

/// Fills inverted lists with product codes on a device: vectors are assigned, coded and put in place there.
///
/// The lists are those that the CPU makes of the same vectors, bit by bit. Until ``finish(firstID:)`` the device holds codes
/// in the order of the vectors, and 12 bytes of each vector beside; during it, the codes twice.
package final class DeviceListBuilder {
    private let index: IVFIndex
    private let shape: (m: Int, ksub: Int, dsub: Int, rows: Int)
    private let capacity: Int
    private let scale: PointScale
    private let metric: Metric
    private let library: KernelLibrary
    private let pool: DevicePool
    private let stream: CUDAStream
    private let coding: ProductCoding
    private let means: DeviceBuffer<Float>
    private let numbers: DeviceBuffer<UInt32>
    private var codes: DeviceBuffer<UInt32>?
    private var terms: DeviceBuffer<Float>?
    /// Vectors so far.
    package private(set) var count = 0

    /// Makes room for vectors.
    ///
    /// - Parameters:
    ///   - index: trained, without vectors: product codes of 4 to 8 bits, centroids that are all compared, no second codes.
    ///   - capacity: vectors at most, 1 to 2^32 - 4,097.
    ///   - library: the device's kernels.
    ///   - pool: where its memory comes from.
    ///   - stream: whose work this is.
    /// - Throws: `IndexError.unsupported` for another kind of index; ``CUDAError``: what the pool and copies throw.
    package init(
        _ index: IVFIndex, capacity: Int, library: KernelLibrary, pool: DevicePool, stream: CUDAStream
    ) throws {
        guard let shape = index.productShape, let quantizer = index.listQuantizer,
            let compared = index.comparedCentroids, index.count == 0
        else {
            throw IndexError.unsupported(
                "\(index.spec) on a device; expected IVF…,PQ of 4 to 8 bits, without vectors, second codes and a graph "
                    + "over centroids")
        }
        let limit = Int(UInt32.max) - 4_096
        guard (1...limit).contains(capacity) else {
            throw CUDAError.outOfRange(name: "capacity", value: capacity, allowed: 1...limit)
        }
        self.index = index
        self.shape = shape
        self.capacity = capacity
        self.library = library
        self.pool = pool
        self.stream = stream
        metric = compared.metric
        scale = PointScale(compared.vectors, metric: compared.metric)
        coding = try ProductCoding(quantizer, words: shape.rows, library: library, pool: pool, stream: stream)
        means = try pool.upload(compared.vectors, on: stream)
        numbers = try pool.allocate(UInt32.self, count: capacity, on: stream)
        codes = try pool.allocate(UInt32.self, count: capacity * shape.rows, on: stream)
        terms = metric == .l2 ? try pool.allocate(Float.self, count: capacity, on: stream) : nil
        if let codes { try stream.fill(codes, byte: 0) }
    }

    /// Puts the work on some vectors into the stream.
    ///
    /// - Parameters:
    ///   - points: as the codes see them, transformed and normalised where the index says so; belongs to the stream.
    ///   - rows: 1 or more, of the buffer from its start; not more than there is room for.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    /// - Complexity: O(rows · (nlist + ksub) · dimension).
    package func add(_ points: DeviceBuffer<Float>, rows: Int) throws(CUDAError) {
        guard let codes, (1...capacity - count).contains(rows) else {
            throw .outOfRange(name: "rows", value: rows, allowed: 1...max(1, capacity - count))
        }
        let dimension = index.codedDimension
        let clustering = try DeviceClustering(
            points, rows: rows, scale: scale, dimension: dimension, centroids: index.nlist, metric: metric,
            library: library, pool: pool, stream: stream)
        try clustering.place(means)
        try clustering.assignOnDevice()
        try stream.copy(clustering.numbers, 0..<rows, to: numbers, at: count)
        let own = count..<count + rows
        let lists = try numbers.slice(own)
        let words = try codes.slice(own.lowerBound * shape.rows..<own.upperBound * shape.rows)
        let residual = index.codesResiduals ? means : nil
        try coding.encode(
            points, count: rows, residuals: residual.map { (lists, $0) }, into: words, on: stream)
        if let terms {
            try stream.launch(
                kernel("terms"), grid: LaunchSize((rows + 255) / 256), block: 256, words, lists, residual,
                UInt32(rows), UInt32(dimension), coding.codebooks, UInt32(shape.ksub), UInt32(shape.dsub),
                UInt32(shape.rows), try terms.slice(own))
        }
        count += rows
    }

    /// Puts all vectors into their lists, and waits for it; nothing can be added afterwards.
    ///
    /// - Parameter firstID: the id of the first vector that was added; the others follow.
    /// - Returns: the lists, of which the host knows no codes.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    package func finish(firstID: Int64 = 0) throws(CUDAError) -> DeviceLists {
        guard let codes, count > 0 else { throw .outOfRange(name: "vectors", value: count, allowed: 1...capacity) }
        let lanes = InterleavedLists.blockVectors, nlist = index.nlist
        let counterBytes = max(64 << 20, min(8 << 30, (pool.budget - pool.usage.inUse) / 8))
        let chunk = ClusteringPlan.chunk(points: count, centroids: nlist, counterBytes: counterBytes)
        let order = try PointOrder(
            numbers, points: count, groups: nlist, chunk: chunk, library: library, pool: pool, stream: stream)
        let firsts = try stream.download(order.starts)
        var firstBlocks: [UInt32] = [0]
        for list in 0..<nlist {
            firstBlocks.append(firstBlocks[list] + (firsts[list + 1] - firsts[list] + 31) / 32)
        }
        let blocks = try pool.upload(firstBlocks, on: stream)
        let places = Int(firstBlocks[nlist]) * lanes
        let placed = try pool.allocate(UInt32.self, count: places * shape.rows, on: stream)
        let placedTerms = terms == nil ? nil : try pool.allocate(Float.self, count: places, on: stream)
        try stream.fill(placed, byte: 0)
        if let placedTerms { try stream.fill(placedTerms, byte: 0) }
        try stream.launch(
            kernel("place"), grid: LaunchSize((count + 255) / 256), block: 256, order.order, order.starts, blocks,
            UInt32(nlist), codes, UInt32(shape.rows), terms, UInt32(count), placed, placedTerms)
        let greatest = try pool.allocate(UInt32.self, count: 1, on: stream)
        try stream.fill(greatest, byte: 0)
        if let placedTerms {
            try stream.launch(
                kernel("greatest"), grid: LaunchSize(8 * library.context.device.multiprocessors), block: 256,
                placedTerms, UInt64(places), greatest)
        }
        let term = Float(bitPattern: try stream.download(greatest)[0])
        let rows = try stream.download(order.order)
        // What is let go serves again, in this stream or behind it.
        self.codes = nil
        terms = nil
        return try DeviceLists(
            index,
            StoredLists(
                codes: placed, starts: order.starts, blocks: blocks, terms: placedTerms, firsts: firsts,
                rows: shape.rows, names: .rows(rows, first: firstID)),
            tables: index.productTables(greatestTerm: term), library: library, pool: pool, stream: stream)
    }

    private func kernel(_ name: String) throws(CUDAError) -> Kernel {
        try library.kernel("akin_ivf_" + name, in: "ivf_build.cu")
    }
}
