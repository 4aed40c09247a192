import Akin

extension DeviceVectors {
    /// Finds the `k` nearest vectors of each query, of those that a filter lets pass.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite; one or more, of one component or more, as there are vectors.
    ///   - k: 1 or more.
    ///   - options: threads that prepare queries, cancellation, a filter.
    /// - Returns: what `FlatIndex.search` returns, and how it was come by.
    /// - Throws: ``CUDAError``, `CancellationError`.
    func answer(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> CUDAFlatIndex.Answer {
        let threads = options.threads ?? availableCores()
        guard let filter = options.filter else {
            return try answer(queries, k: min(k, count), allowed: nil, threads: threads, options.monitor)
        }
        let allowed = try AllowedRows(filter, ids: ids, count: count, threads: threads)
        if gathers(allowed) {
            return try gathering(allowed, queries, k: k, threads: threads, options.monitor)
        }
        var answer = try answer(queries, k: min(k, allowed.count), allowed: allowed, threads: threads, options.monitor)
        answer.result.isLimited = allowed.count < min(k, count)
        return answer
    }

    /// Finds the k nearest rows of each query, of all or of those that pass.
    private func answer(
        _ queries: Matrix<Float>, k: Int, allowed: AllowedRows?, threads: Int, _ monitor: ProgressMonitor
    ) throws -> CUDAFlatIndex.Answer {
        let rows = allowed?.count ?? count
        var found = FoundRows(queries: queries.rows, metric: metric)
        var left = rows > 0 ? Array(0..<queries.rows) : []
        let clock = try DeviceClock(CUDAStream(pool.context))
        if rows > 0, allowed?.isSparse(for: queries.rows) != true,
            let tiles = try TileSearch(self, k: k, allowed: allowed, clock: clock, threads: threads)
        {
            left = try tiles.run(queries, monitor, &found)
        }
        let compared = left.count
        if !left.isEmpty {
            try ComparisonSearch(self, k: k, allowed: allowed, clock: clock, threads: threads)
                .run(queries, left, monitor, &found)
        }
        return CUDAFlatIndex.Answer(
            result: SearchResult(
                neighbors: found.neighbors(k: k, ids: ids), isExact: true, visited: rows * queries.rows,
                isLimited: false),
            nominated: queries.rows - compared, compared: compared, deviceSeconds: clock.seconds)
    }

    /// Parts in which the vectors come to the device.
    var pieces: Int { isResident ? 1 : (layout.tiles(count) + pieceTiles - 1) / pieceTiles }

    /// Rows of the longest part.
    var pieceRows: Int { isResident ? count : min(count, pieceTiles * CodedLayout.tile) }

    /// The rows of one of these parts.
    func rows(ofPiece piece: Int) -> Range<Int> {
        isResident ? 0..<count : Self.rows(of: piece * pieceTiles..<(piece + 1) * pieceTiles, count)
    }

    /// Bytes of the device's memory that a batch of queries may take: half of what is left, so that rounding up and
    /// another search have room.
    var bytesForQueries: Int {
        let streaming = isResident ? 0 : 2 * pieceTiles * layout.tileBytes
        return max(0, pool.budget - pool.usage.inUse - streaming) / 2
    }

    /// Puts work on all vectors into a stream, part by part, and waits for it where they are streamed.
    ///
    /// - Parameters:
    ///   - stream: where the work goes.
    ///   - threads: threads that prepare what is streamed.
    ///   - work: is given the part and its number.
    /// - Throws: what `work` throws, and ``CUDAError``.
    func forEachBlock(
        stream: CUDAStream, threads: Int, _ work: (CodedBlock, Int) throws -> Void
    ) throws {
        if let resident {
            return try work(layout.block(at: resident.address, rows: 0..<count), 0)
        }
        guard let streamed else { return }
        let staged = try StagedRows(
            pool: pool, working: stream, rowBytes: layout.tileBytes, pieceBytes: pieceTiles * layout.tileBytes)
        try staged.run(count: layout.tiles(count)) { piece, bytes in
            try layout.write(Self.rows(of: piece, count), of: streamed, to: bytes, threads: threads)
        } work: { piece, buffer in
            try work(
                layout.block(at: buffer.address, rows: Self.rows(of: piece, count)), piece.lowerBound / pieceTiles)
        }
    }
}
