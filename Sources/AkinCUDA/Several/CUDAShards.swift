public import Akin

/// An index of which several GPUs hold a part each; all of them answer every query, and the answers are merged.
///
/// Exact search, also among 16-bit floats, has a part of the vectors on each device, an inverted file a part of the lists.
/// Scores are computed in the same way wherever a vector lies, so the merge is exact: ids and scores are those of the
/// whole index. Where second codes decide, candidates are merged before they do.
public struct CUDAShards: TunableIndex {
    /// The part on each device.
    public let shards: [any TunableIndex]
    /// The whole index on the CPU.
    private let whole: any VectorIndex

    /// The index in Faiss's factory language.
    public var spec: String { whole.spec }
    /// How nearness is measured.
    public var metric: Metric { whole.metric }
    /// Components of each vector.
    public var dimension: Int { whole.dimension }
    /// Stored vectors.
    public var count: Int { whole.count }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? { whole.space }
    /// Bytes on all devices.
    public var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }
    /// Those of the whole.
    public var knobs: [SearchKnob] { (whole as? any TunableIndex)?.knobs ?? [] }

    /// Joins parts of an index.
    ///
    /// - Parameters:
    ///   - shards: one or more, which hold each vector of the index once.
    ///   - whole: the index.
    package init(_ shards: [any TunableIndex], of whole: any VectorIndex) {
        precondition(!shards.isEmpty, "an index is on one device at least")
        self.shards = shards
        self.whole = whole
    }

    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - options: as each device's index takes them; threads are shared among the devices.
    /// - Returns: what the whole index returns.
    /// - Throws: what the indexes throw.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult {
        if let lists = whole as? IVFIndex, lists.hasSecondCodes, let parts = shards as? [CUDAIVFIndex] {
            return try refined(parts, of: lists, queries, k: k, options: options)
        }
        let results = try ofEach(shards.count, options) { shard, options in
            try shards[shard].search(queries, k: k, options: options)
        }
        let metric = metric
        var all = Neighbors()
        for q in 0..<queries.rows {
            var row = results.flatMap { $0.neighbors[q] }
            row.sort { a, b in a.score == b.score ? a.id < b.id : metric.isNearer(a.score, than: b.score) }
            all.append(row.prefix(k))
        }
        let wanted = min(k, count), isFiltered = options.filter != nil
        var visited = results.reduce(0) { $0 + $1.visited }
        // Parts of a single list count as the list does: all of it, unless nothing of it passes.
        if visited > 0, shards.contains(where: { $0 is CUDAHalfIndex }) { visited = count * queries.rows }
        return SearchResult(
            neighbors: all, isExact: results.allSatisfy(\.isExact), visited: visited,
            isLimited: whole is FlatIndex && !isFiltered ? false : (0..<all.count).contains { all[$0].count < wanted })
    }

    /// Writes the index to an `.akin` file, the one that the CPU's index writes.
    ///
    /// - Throws: `FileError` for a place that cannot be written and a full disk.
    public func save(to path: String) throws { try whole.save(to: path) }
}
