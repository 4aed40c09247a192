package import Akin

/// The inverted lists of an index on a device, searched there.
///
/// The lists that a query looks at are found by the index on the CPU; scanning, selecting and the distances that decide
/// are the device's. Answers are those of the index, id by id and score by score: queries whose answer the device
/// cannot be certain of are searched by the index. Belongs to one thread.
package final class DeviceLists {
    /// The same index on the CPU.
    package let index: IVFIndex
    private let lists: InterleavedLists
    private let tables: ListTables
    private let library: KernelLibrary
    private let pool: DevicePool
    private let stream: CUDAStream
    private let codes, starts, blocks: DeviceBuffer<UInt32>
    private let terms, centroids, codebooks: DeviceBuffer<Float>?

    private var isProduct: Bool { index.metric != .l2 }

    /// Brings the lists of an index to a device.
    ///
    /// - Parameters:
    ///   - index: with lists of floats, or of product codes of 4 to 8 bits, and no second codes.
    ///   - library: the device's kernels.
    ///   - pool: where its memory comes from.
    ///   - stream: whose work this is.
    /// - Throws: `IndexError.unsupported` for other codes; ``CUDAError``: what the pool and copies throw.
    /// - Complexity: O(count · code bytes).
    package init(_ index: IVFIndex, library: KernelLibrary, pool: DevicePool, stream: CUDAStream) throws {
        guard let lists = index.interleavedLists() else { throw IndexError.unsupported(index.spec) }
        self.index = index
        self.lists = lists
        tables = index.listTables(lists)
        self.library = library
        self.pool = pool
        self.stream = stream
        func upload<Element>(_ values: [Element]) throws -> DeviceBuffer<Element> {
            let buffer = try pool.allocate(Element.self, count: values.count, on: stream)
            try stream.upload(values, to: buffer)
            return buffer
        }
        func upload(_ matrix: Matrix<Float>) throws -> DeviceBuffer<Float> {
            let buffer = try pool.allocate(Float.self, count: matrix.rows * matrix.columns, on: stream)
            try matrix.withUnsafeElements { try stream.upload($0, to: buffer) }
            return buffer
        }
        codes = try upload(lists.codes)
        starts = try upload(lists.starts)
        blocks = try upload(lists.blocks)
        terms = lists.terms.isEmpty ? nil : try upload(lists.terms)
        centroids = try tables.centroids.map { try upload($0) }
        codebooks = try tables.codebooks.map { try upload($0) }
    }

    /// What a search found.
    package struct Answer {
        /// One row per query, nearest first, ties by smaller id.
        package var rows: [[Neighbor]]
        /// Queries that were searched by the index.
        package var repeated: Int
    }

    /// Finds the `k` nearest vectors of each query in its `nprobe` nearest lists.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: 1 to 1,024.
    ///   - nprobe: 1 to the number of lists.
    /// - Returns: the rows, and how many of them are the index's work.
    /// - Throws: ``CUDAError``: numbers out of range; what the pool, compiling and launches throw; `IndexError`.
    package func search(_ queries: Matrix<Float>, k: Int, nprobe: Int) throws -> Answer {
        var answer = Answer(rows: [], repeated: 0)
        guard queries.rows > 0 else { return answer }
        let device = library.context.device
        let plan = try ListScanPlan(
            queries: queries.rows, nprobe: nprobe, k: k,
            vectorsPerList: Double(index.count) / Double(max(1, index.nlist)),
            codes: tables.ksub == 0
                ? .floats(dimension: queries.columns) : .product(m: tables.m, ksub: tables.ksub),
            multiprocessors: device.multiprocessors, sharedLimit: device.sharedMemoryPerBlockOptIn)
        let (prepared, probes, offsets) = try index.listQueries(queries, nprobe: nprobe)
        let x = try pool.allocate(Float.self, count: prepared.rows * prepared.columns, on: stream)
        let probed = try pool.allocate(UInt32.self, count: probes.count, on: stream)
        let offset = try pool.allocate(Float.self, count: offsets.count, on: stream)
        try prepared.withUnsafeElements { try stream.upload($0, to: x) }
        try stream.upload(probes, to: probed)
        try stream.upload(offsets, to: offset)
        let entries = try pool.allocate(UInt64.self, count: plan.blocks * plan.wanted, on: stream)
        let places = queries.rows * plan.wanted
        let keys = try pool.allocate(Float.self, count: places, on: stream)
        let numbers = try pool.allocate(UInt32.self, count: places, on: stream)
        let certain = try pool.allocate(UInt32.self, count: queries.rows, on: stream)

        let dimension = UInt32(prepared.columns), scan = try kernel(plan.kernel(isProduct: isProduct))
        let (chunks, perBlock) = (UInt32(plan.chunks), UInt32(plan.perBlock))
        let (wanted, lists) = (UInt32(plan.wanted), UInt32(index.nlist)), end = isProduct ? "ip" : "l2"
        if let codebooks {
            let (m, ksub) = (UInt32(tables.m), UInt32(tables.ksub)), dsub = dimension / m
            let table = try pool.allocate(Float.self, count: queries.rows * tables.m * tables.ksub, on: stream)
            try stream.launch(
                kernel("akin_ivf_tables"), grid: LaunchSize(queries.rows), block: 256,
                sharedBytes: 4 * prepared.columns, x, codebooks, m, ksub, dsub, Float(isProduct ? -1 : -2), table)
            if ksub == 16 {
                try stream.launch(
                    scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes, terms,
                    starts, blocks, probed, offset, UInt32(nprobe), table, m, chunks, perBlock, wanted, entries)
            } else {
                try stream.launch(
                    scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes, terms,
                    starts, blocks, probed, offset, UInt32(nprobe), table, m, ksub, chunks, perBlock, wanted, entries)
            }
            try stream.launch(
                kernel("akin_ivf_decide_pq_" + end), grid: LaunchSize(queries.rows), block: 256,
                sharedBytes: plan.decideSharedBytes, entries, chunks, wanted, UInt32(k), codes, starts, blocks, lists,
                offset, UInt32(nprobe), x, centroids, dimension, codebooks, UInt32(self.lists.rows), ksub, dsub,
                tables.growth, tables.radius, tables.fixed, keys, numbers, certain)
        } else {
            try stream.launch(
                scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes, starts,
                blocks, probed, UInt32(nprobe), x, dimension, chunks, perBlock, wanted, entries)
            try stream.launch(
                kernel("akin_ivf_decide_flat_" + end), grid: LaunchSize(queries.rows), block: 256,
                sharedBytes: plan.decideSharedBytes, entries, chunks, wanted, UInt32(k), codes, starts, blocks, lists,
                x, dimension, tables.growth, tables.radius, keys, numbers, certain)
        }
        let (foundKeys, foundNumbers) = (try stream.download(keys), try stream.download(numbers))
        let isCertain = try stream.download(certain)
        for q in 0..<queries.rows {
            guard isCertain[q] == 1 else {
                answer.repeated += 1
                let again = try index.search(
                    queries.rows(q..<q + 1), k: k, options: SearchOptions(threads: 1, nprobe: nprobe))
                answer.rows.append(Array(again.neighbors[0]))
                continue
            }
            let row = (q * plan.wanted..<(q + 1) * plan.wanted).filter { foundNumbers[$0] != .max }.map {
                (key: foundKeys[$0], id: self.lists.ids[Int(foundNumbers[$0])])
            }
            let nearest = row.sorted { ($0.key, $0.id) < ($1.key, $1.id) }.prefix(k)
            answer.rows.append(nearest.map { Neighbor(id: $0.id, score: isProduct ? 0 - $0.key : $0.key) })
        }
        return answer
    }

    private func kernel(_ name: String) throws(CUDAError) -> Kernel { try library.kernel(name, in: "ivf.cu") }
}
