import Akin

extension AllowedRows {
    /// Whether comparing the rows that pass in doubles costs less than going through their tiles.
    ///
    /// A pair in doubles costs about 64 times a pair of a tile: on Hopper five operations a component at 64 a cycle, and
    /// 4,096 products of bytes a cycle at a quarter of their rate, the epilogue included. A tile has 128 queries, whether
    /// they are there or not. Where there are so few queries that reading is what costs, doubles read four bytes a
    /// component and tiles one.
    func isSparse(for queries: Int) -> Bool {
        let rowsOfTiles = tiles * CodedLayout.tile
        let queriesOfTiles = (queries + CodedLayout.tile - 1) / CodedLayout.tile * CodedLayout.tile
        return count * 4 <= rowsOfTiles && count * queries * 64 <= rowsOfTiles * queriesOfTiles
    }
}

extension DeviceVectors {
    /// Whether the rows that pass are better brought to the device by themselves: where all would be streamed for every
    /// batch of queries and they are few enough to stay there.
    ///
    /// Measuring and coding a row anew costs some times what preparing it for a copy does, so they must be an eighth at most.
    func gathers(_ allowed: AllowedRows) -> Bool {
        guard streamed != nil, allowed.count > 0, allowed.count <= count / 8 else { return false }
        let left = max(0, pool.budget - pool.usage.inUse)
        return layout.tiles(allowed.count) * layout.tileBytes <= left / 8 * 5
    }

    /// Brings the rows that pass to the device by themselves and searches them.
    func gathering(
        _ allowed: AllowedRows, _ queries: Matrix<Float>, k: Int, threads: Int, _ monitor: ProgressMonitor
    ) throws -> CUDAFlatIndex.Answer {
        let rows = allowed.rows(in: 0..<count), width = dimension
        let vectors = Matrix<Float>(rows: rows.count, columns: width) { target in
            streamed?.vectors.withUnsafeElements { source in
                guard let to = target.baseAddress, let from = source.baseAddress else { return }
                for (place, row) in rows.enumerated() {
                    (to + place * width).update(from: from + Int(row) * width, count: width)
                }
            }
        }
        let part = try FlatIndex(
            vectors, ids: rows.map { ids?[Int($0)] ?? Int64($0) }, metric: metric, eightBit: layout.hasCodes,
            threads: threads)
        var answer = try DeviceVectors(part, storage: layout.storage, kernels: kernels, pool: pool, threads: threads)
            .answer(queries, k: k, options: SearchOptions(threads: threads, monitor: monitor))
        answer.result.isLimited = rows.count < min(k, count)
        return answer
    }
}
