public import Akin

extension CUDAFlatIndex {
    /// What a search found, and how the queries were answered.
    public struct Answer: Sendable {
        /// The neighbours.
        public var result: SearchResult
        /// Queries that 8-bit products nominated for.
        public var nominated: Int
        /// Queries that were compared with every row, or every row that a filter lets pass, in double precision.
        public var compared: Int
        /// Seconds that the device was at it, from the first to the last piece of work of each batch.
        public var deviceSeconds: Double
    }

    /// Finds the `k` nearest stored vectors of each query, and says how.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted, 1 or more; a row has at most ``count``.
    ///   - options: threads that prepare queries, cancellation, a filter.
    /// - Returns: what ``search(_:k:options:)`` returns, and how it was come by.
    /// - Throws: as ``search(_:k:options:)``.
    public func answer(_ queries: Matrix<Float>, k: Int, options: SearchOptions = SearchOptions()) throws -> Answer {
        try flat.check(queries, k: k, options: options)
        guard count > 0, queries.rows > 0, dimension > 0 else {
            return Answer(
                result: try flat.search(queries, k: k, options: options), nominated: 0, compared: 0, deviceSeconds: 0)
        }
        let threads = options.threads ?? availableCores()
        guard let filter = options.filter else {
            return try answer(queries, k: min(k, count), allowed: nil, threads: threads, options.monitor)
        }
        let allowed = try AllowedRows(filter, in: ordered, threads: threads)
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
    ) throws -> Answer {
        let rows = allowed?.count ?? count
        var found = FoundRows(queries: queries.rows, metric: metric)
        var left = rows > 0 ? Array(0..<queries.rows) : []
        let clock = try DeviceClock(CUDAStream(context))
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
        return Answer(
            result: SearchResult(
                neighbors: found.neighbors(k: k, ids: ordered.ids), isExact: true, visited: rows * queries.rows,
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
        let staged = try StagedRows(
            pool: pool, working: stream, rowBytes: layout.tileBytes, pieceBytes: pieceTiles * layout.tileBytes)
        try staged.run(count: layout.tiles(count)) { piece, bytes in
            try layout.write(Self.rows(of: piece, count), of: ordered, to: bytes, threads: threads)
        } work: { piece, buffer in
            try work(
                layout.block(at: buffer.address, rows: Self.rows(of: piece, count)), piece.lowerBound / pieceTiles)
        }
    }
}
