package import Akin

extension DeviceLists {
    /// What a search found.
    package struct Answer: Sendable {
        /// One row per query, nearest first, ties by smaller id.
        package var rows: [[Neighbor]] = []
        /// Queries that were compared in double precision with every vector of the lists that they looked at.
        package var compared = 0
        /// Vectors in the lists that queries looked at, all together; a list of which no vector passes a filter counts none.
        package var visited = 0
        /// Seconds that the device was at it, from tables to decisions.
        package var deviceSeconds = 0.0
    }

    /// Finds the `k` nearest vectors of each query in its `nprobe` nearest lists.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: 1 or more; a scan finds up to 1,024, beyond that every vector is compared in double precision.
    ///   - nprobe: 1 to the number of lists.
    ///   - options: threads, a filter, cancellation.
    ///   - nearest: finds the nearest centroids; the index does where it is `nil`.
    /// - Returns: the rows, and how they were come by.
    /// - Throws: ``CUDAError``: numbers out of range; what the pool, compiling and launches throw; `IndexError`,
    ///   `CancellationError`.
    package func search(
        _ queries: Matrix<Float>, k: Int, nprobe: Int, options: SearchOptions = .init(threads: 1),
        nearest: ((Matrix<Float>, _ k: Int) throws -> Neighbors)? = nil
    ) throws -> Answer {
        var answer = Answer()
        answer.rows.reserveCapacity(queries.rows)
        let threads = options.threads ?? availableCores()
        let nominated = try index.candidateCount(k: k, options)
        try eachBatch(
            of: queries, k: index.hasSecondCodes ? .max : k, nprobe: nprobe, options, nearest: nearest, &answer
        ) { some, asked, clock, answer in
            guard index.hasSecondCodes else { return try search(asked, k: k, options, clock, &answer) }
            let candidates = try ListComparison(
                self, asked, k: nominated, by: .estimates, clock: clock, threads: threads
            ).candidates(options.monitor)
            answer.rows += try index.refined(
                some, candidates, k: k, threads: threads, kernels: options.kernels ?? .best)
        }
        return answer
    }

    /// Finds the candidates of each query that second codes decide about: those with the least estimates.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - count: candidates of each query.
    ///   - nprobe: 1 to the number of lists.
    ///   - options: threads, filter and cancellation.
    ///   - nearest: finds the nearest centroids; the index does where it is `nil`.
    /// - Returns: the candidates of each query, and an answer without rows.
    /// - Throws: as ``search(_:k:nprobe:options:nearest:)``.
    package func nominate(
        _ queries: Matrix<Float>, count: Int, nprobe: Int, options: SearchOptions,
        nearest: ((Matrix<Float>, _ k: Int) throws -> Neighbors)? = nil
    ) throws -> (candidates: [[ListCandidate]], answer: Answer) {
        var answer = Answer(), candidates: [[ListCandidate]] = []
        let threads = options.threads ?? availableCores()
        try eachBatch(of: queries, k: .max, nprobe: nprobe, options, nearest: nearest, &answer) { _, asked, clock, _ in
            candidates += try ListComparison(
                self, asked, k: count, by: .estimates, clock: clock, threads: threads
            ).candidates(options.monitor)
        }
        return (candidates, answer)
    }

    /// Finds the lists of queries, batch by batch, and what a filter lets pass of them.
    private func eachBatch(
        of queries: Matrix<Float>, k: Int, nprobe: Int, _ options: SearchOptions,
        nearest: ((Matrix<Float>, _ k: Int) throws -> Neighbors)?, _ answer: inout Answer,
        _ body: (Matrix<Float>, AskedLists, DeviceClock, inout Answer) throws -> Void
    ) throws {
        guard queries.rows > 0 else { return }
        let clock = try DeviceClock(CUDAStream(library.context))
        let threads = options.threads ?? availableCores()
        let allowed = try options.filter.map { filter in
            try AllowedVectors(filter, stored, pool: pool, stream: clock.stream)
        }
        let size = try batch(queries.rows, k: k, nprobe: nprobe)
        for first in stride(from: 0, to: queries.rows, by: size) {
            try options.monitor.update("search", done: first, total: queries.rows)
            let some = queries.rows(first..<min(first + size, queries.rows))
            let asked = try index.listQueries(some, nprobe: nprobe, options: options, nearest: nearest)
            try allowed?.ask(about: asked.lists, threads: threads, on: clock.stream)
            for list in asked.lists where allowed?.hasSome(list) != false {
                answer.visited += Int(stored.firsts[Int(list) + 1] - stored.firsts[Int(list)])
            }
            try body(some, AskedLists(asked, nprobe: nprobe, allowed: allowed?.bits), clock, &answer)
        }
        answer.deviceSeconds = clock.seconds
    }

    /// Searches a batch: scans it, looks again at what was not certain, and compares what still is not in full.
    private func search(
        _ asked: AskedLists, k: Int, _ options: SearchOptions, _ clock: DeviceClock, _ answer: inout Answer
    ) throws {
        let threads = options.threads ?? availableCores()
        var rows = [[Neighbor]](repeating: [], count: asked.queries.rows), open = Array(rows.indices)
        if k <= ListScanPlan.mostWanted {
            let found = try scan(asked, k: k, wanted: nil, clock)
            rows = try found.rows(k: k, lists: self, threads: threads)
            open = rows.indices.filter { found.certain[$0] == 0 }
            if !open.isEmpty, found.wanted < ListScanPlan.mostWanted {
                let wider = try scan(asked.only(open), k: k, wanted: ListScanPlan.mostWanted, clock)
                for (i, row) in try wider.rows(k: k, lists: self, threads: threads).enumerated() { rows[open[i]] = row }
                open = open.indices.filter { wider.certain[$0] == 0 }.map { open[$0] }
            }
        }
        if !open.isEmpty {
            let compared = try ListComparison(
                self, asked.only(open), k: k, by: .deciding, clock: clock, threads: threads
            )
            .rows(options.monitor)
            for (q, row) in zip(open, compared) { rows[q] = row }
            answer.compared += open.count
        }
        answer.rows += rows
    }

    private func plan(queries: Int, k: Int, nprobe: Int, wanted: Int? = nil) throws(CUDAError) -> ListScanPlan {
        let device = library.context.device
        return try ListScanPlan(
            queries: queries, nprobe: nprobe, k: k, wanted: wanted,
            vectorsPerList: Double(stored.count) / Double(max(1, index.nlist)),
            codes: tables.ksub == 0
                ? .floats(dimension: index.codedDimension)
                : .product(m: tables.m, ksub: tables.ksub, dsub: index.codedDimension / tables.m),
            tables: summed, multiprocessors: device.multiprocessors, sharedLimit: device.sharedMemoryPerBlockOptIn,
            sharedTogether: device.sharedMemoryPerMultiprocessor)
    }

    /// Queries of a batch: what they take fits half of the memory that is left.
    private func batch(_ queries: Int, k: Int, nprobe: Int) throws(CUDAError) -> Int {
        let room = max(0, pool.budget - pool.usage.inUse) / 2
        // Those that are compared in full make batches of their own.
        guard k <= ListScanPlan.mostWanted else { return min(queries, 4_096) }
        var size = min(queries, 1 << 16)
        while size > 1 {
            // The second look asks for the most candidates.
            let plan = try plan(queries: size, k: k, nprobe: nprobe, wanted: ListScanPlan.mostWanted)
            let each = 4 * (index.codedDimension + 2 * nprobe) + plan.tableBytes + 8 * plan.wanted + 4
            if plan.entryBytes + size * each <= room { break }
            size = (size + 1) / 2
        }
        return size
    }

    /// Scans, selects and decides.
    private func scan(_ asked: AskedLists, k: Int, wanted: Int?, _ clock: DeviceClock) throws -> FoundVectors {
        let count = asked.queries.rows, nprobe = asked.nprobe, stream = clock.stream
        let plan = try plan(queries: count, k: k, nprobe: nprobe, wanted: wanted)
        try clock.start()
        let x = try pool.upload(asked.queries, on: stream)
        let probed = try pool.upload(asked.lists, on: stream), offset = try pool.upload(asked.offsets, on: stream)
        let entries = try pool.allocate(UInt64.self, count: plan.blocks * plan.wanted, on: stream)
        let keys = try pool.allocate(Float.self, count: count * plan.wanted, on: stream)
        let numbers = try pool.allocate(UInt32.self, count: count * plan.wanted, on: stream)
        let certain = try pool.allocate(UInt32.self, count: count, on: stream)

        let dimension = UInt32(asked.queries.columns), probes = UInt32(nprobe)
        let scan = try kernel(plan.kernel(isProduct: isProduct))
        let (chunks, perBlock) = (UInt32(plan.chunks), UInt32(plan.perBlock))
        let (wanted, lists) = (UInt32(plan.wanted), UInt32(index.nlist)), end = isProduct ? "ip" : "l2"
        let (codes, starts, blocks) = (stored.codes, stored.starts, stored.blocks)
        if let codebooks {
            let (m, ksub) = (UInt32(tables.m), UInt32(tables.ksub)), dsub = dimension / m
            let factor = Float(isProduct ? -1 : -2), isShort = plan.tables == .shorts
            let table = try pool.allocate(
                UInt8.self, count: count * tables.m * tables.ksub * plan.tables.entryBytes, on: stream)
            let scales = isShort ? try pool.allocate(Float.self, count: 3 * count, on: stream) : nil
            if let scales {
                try stream.launch(
                    kernel("akin_ivf_tables_short"), grid: LaunchSize(count), block: 256,
                    sharedBytes: plan.tableSharedBytes, x, codebooks, m, ksub, dsub, factor, table, scales)
            } else {
                try stream.launch(
                    kernel("akin_ivf_tables"), grid: LaunchSize(count), block: 256, sharedBytes: plan.tableSharedBytes,
                    x, codebooks, m, ksub, dsub, factor, table)
            }
            if ksub == 16 {
                try stream.launch(
                    scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes,
                    stored.terms, starts, blocks, probed, offset, probes, asked.allowed, table, m, chunks, perBlock,
                    wanted, entries)
            } else {
                try stream.launch(
                    scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes,
                    stored.terms, starts, blocks, probed, offset, probes, asked.allowed, table, scales, m, ksub, chunks,
                    perBlock,
                    wanted, entries)
            }
            // Sums of shorts are rounded a few times more when they become floats.
            let growth = tables.growth + (isShort ? 0x1p-20 : 0)
            try stream.launch(
                kernel("akin_ivf_decide_pq_" + end), grid: LaunchSize(count), block: 256,
                sharedBytes: plan.decideSharedBytes, entries, chunks, wanted, UInt32(k), codes, starts, blocks, lists,
                offset, probes, x, centroids, dimension, codebooks, UInt32(stored.rows), ksub, dsub, growth,
                tables.radius, tables.fixed, scales, keys, numbers, certain)
        } else {
            try stream.launch(
                scan, grid: LaunchSize(plan.blocks), block: 256, sharedBytes: plan.scanSharedBytes, codes, starts,
                blocks, probed, probes, asked.allowed, x, dimension, chunks, perBlock, wanted, entries)
            try stream.launch(
                kernel("akin_ivf_decide_flat_" + end), grid: LaunchSize(count), block: 256,
                sharedBytes: plan.decideSharedBytes, entries, chunks, wanted, UInt32(k), codes, starts, blocks, lists,
                x, dimension, tables.growth, tables.radius, keys, numbers, certain)
        }
        try clock.stop()
        return FoundVectors(
            wanted: plan.wanted, keys: try stream.download(keys), numbers: try stream.download(numbers),
            certain: try stream.download(certain))
    }
}
