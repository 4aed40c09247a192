import Akin

/// What some queries are compared by with every vector of their lists: in device memory, and the kernels that read it.
struct ComparisonTables {
    private enum Content {
        /// `[q][dimension of codes]`.
        case queries(DeviceBuffer<Float>, dimension: Int)
        /// `[q][m][ksub]`.
        case floats(DeviceBuffer<Float>, bases: DeviceBuffer<Float>)
        /// `[q][stride]`, and a step for each query.
        case bytes(DeviceBuffer<UInt8>, stride: Int, steps: DeviceBuffer<Float>, bases: DeviceBuffer<Float>)
    }

    private let content: Content

    /// Prepares queries.
    ///
    /// - Throws: ``CUDAError``: what the pool and copies throw.
    init(
        _ lists: DeviceLists, _ asked: AskedLists, by keys: ListComparison.Keys, on stream: CUDAStream, threads: Int
    ) throws {
        func put<Element>(_ values: [Element]) throws -> DeviceBuffer<Element> {
            try lists.pool.upload(values, on: stream)
        }
        guard keys == .estimates else {
            content = .queries(try lists.pool.upload(asked.queries, on: stream), dimension: asked.queries.columns)
            return
        }
        let (count, nprobe, share) = (asked.queries.rows, asked.nprobe, 64)
        let (queries, offsets, index) = (asked.queries, asked.offsets, lists.index)
        let parts = try eachRow((count + share - 1) / share, threads: threads, share: 1) { part -> [ListEstimates] in
            let some = part * share..<min((part + 1) * share, count)
            let own = Array(offsets[some.lowerBound * nprobe..<some.upperBound * nprobe])
            return index.listEstimates(queries.rows(some), offsets: own).map { [$0] } ?? []
        }.joined()
        let bases = try put(parts.flatMap(\.bases))
        if let stride = parts.first?.stride, stride > 0 {
            content = .bytes(
                try put(parts.flatMap(\.bytes)), stride: stride, steps: try put(parts.flatMap(\.steps)), bases: bases)
        } else {
            content = .floats(try put(parts.flatMap(\.floats)), bases: bases)
        }
    }

    /// Writes keys of vectors.
    ///
    /// - Parameters:
    ///   - lists: where the vectors are.
    ///   - probed: `[q][nprobe]`.
    ///   - allowed: bits of a filter, or `nil`.
    ///   - before: ``ListPlaces/before``, of these queries.
    ///   - nprobe: lists of each query.
    ///   - queries: how many.
    ///   - blocks: which of those that a query counts.
    ///   - keys: `[q][blocks][32]`, NaN where there is no vector.
    ///   - stream: whose work this becomes.
    /// - Throws: ``CUDAError``: what compiling and launches throw.
    func launch(
        _ lists: DeviceLists, probed: DeviceBuffer<UInt32>, allowed: DeviceBuffer<UInt32>?,
        before: DeviceBuffer<UInt32>, nprobe: Int, queries: Int, blocks: Range<Int>, keys: DeviceBuffer<Float>,
        on stream: CUDAStream
    ) throws(CUDAError) {
        let (stored, tables) = (lists.stored, lists.tables), end = lists.isProduct ? "ip" : "l2"
        let (first, width, probes) = (UInt32(blocks.lowerBound), UInt32(blocks.count), UInt32(nprobe))
        /// 8 blocks of vectors a step, some steps a block of threads.
        func grid(steps: Int) -> LaunchSize {
            LaunchSize(queries, min(65_535, (blocks.count + 8 * steps - 1) / (8 * steps)))
        }
        switch content {
        case .queries(let x, let dimension):
            if let codebooks = lists.codebooks {
                try stream.launch(
                    lists.kernel("akin_ivf_keys_pq_" + end), grid: grid(steps: 4), block: 256, stored.codes,
                    stored.starts, stored.blocks, probed, before, probes, allowed, first, width, x, lists.centroids,
                    UInt32(dimension), codebooks, UInt32(stored.rows), UInt32(tables.ksub),
                    UInt32(dimension / tables.m), keys)
            } else {
                try stream.launch(
                    lists.kernel("akin_ivf_keys_flat_" + end), grid: grid(steps: 4), block: 256, stored.codes,
                    stored.starts, stored.blocks, probed, before, probes, allowed, first, width, x,
                    UInt32(dimension), keys)
            }
        case .floats(let sums, let bases):
            // A block of threads copies the tables, so it should have more to do.
            let bytes = 4 * tables.m * tables.ksub, fits = bytes <= stream.context.device.sharedMemoryPerBlockOptIn
            try stream.launch(
                lists.kernel("akin_ivf_estimate_floats"), grid: grid(steps: 16), block: 256,
                sharedBytes: fits ? bytes : 0, stored.codes, stored.terms, stored.starts, stored.blocks, probed, before,
                probes, allowed, first, width, bases, UInt32(stored.rows), sums, UInt32(tables.m),
                UInt32(tables.ksub), UInt32(fits ? 1 : 0), keys)
        case .bytes(let sums, let stride, let steps, let bases):
            try stream.launch(
                lists.kernel("akin_ivf_estimate_bytes"), grid: grid(steps: 16), block: 256, sharedBytes: stride,
                stored.codes, stored.terms, stored.starts, stored.blocks, probed, before, probes, allowed, first, width,
                bases, UInt32(stored.rows), sums, steps, UInt32(tables.m), UInt32(stride), keys)
        }
    }
}
