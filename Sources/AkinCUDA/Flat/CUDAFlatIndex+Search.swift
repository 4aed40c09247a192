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
        return try vectors.answer(queries, k: k, options: options)
    }
}
