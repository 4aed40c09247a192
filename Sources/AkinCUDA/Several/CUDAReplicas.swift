public import Akin

/// The same index on several GPUs, each of which answers a part of the queries.
///
/// Answers are those of one of them: a query is one device's work from beginning to end.
public struct CUDAReplicas: TunableIndex {
    /// The index on each device.
    public let replicas: [any TunableIndex]

    private var first: any TunableIndex { replicas[0] }

    /// The index in Faiss's factory language.
    public var spec: String { first.spec }
    /// How nearness is measured.
    public var metric: Metric { first.metric }
    /// Components of each vector.
    public var dimension: Int { first.dimension }
    /// Stored vectors.
    public var count: Int { first.count }
    /// The embedding space of the stored vectors, where it is known.
    public var space: EmbeddingSpace? { first.space }
    /// Bytes on all devices.
    public var byteCount: Int { replicas.reduce(0) { $0 + $1.byteCount } }
    /// Those of each.
    public var knobs: [SearchKnob] { first.knobs }

    /// Joins indexes that are the same.
    ///
    /// - Parameter replicas: one or more.
    package init(_ replicas: [any TunableIndex]) {
        precondition(!replicas.isEmpty, "an index is on one device at least")
        self.replicas = replicas
    }

    /// Finds the `k` nearest stored vectors of each query.
    ///
    /// - Parameters:
    ///   - queries: `[q, dimension]`, finite.
    ///   - k: neighbours wanted.
    ///   - options: as each device's index takes them; threads are shared among the devices.
    /// - Returns: what one of the indexes returns for all queries.
    /// - Throws: what the indexes throw.
    public func search(_ queries: Matrix<Float>, k: Int, options: SearchOptions) throws -> SearchResult {
        let parts = max(1, min(replicas.count, queries.rows))
        let results = try ofEach(parts, options) { part, options in
            let range = queries.rows * part / parts..<queries.rows * (part + 1) / parts
            return try replicas[part].search(queries.rows(range), k: k, options: options)
        }
        var all = Neighbors()
        for result in results { for q in 0..<result.neighbors.count { all.append(result.neighbors[q]) } }
        return SearchResult(
            neighbors: all, isExact: results.allSatisfy(\.isExact), visited: results.reduce(0) { $0 + $1.visited },
            isLimited: results.contains(where: \.isLimited))
    }

    /// Writes the index to an `.akin` file, the one that the CPU's index writes.
    ///
    /// - Throws: `FileError` for a place that cannot be written and a full disk.
    public func save(to path: String) throws { try first.save(to: path) }
}

/// Does one thing for each of some devices at the same time, with a share of the threads each.
func ofEach<Result: Sendable>(
    _ count: Int, _ options: SearchOptions, _ body: @Sendable (Int, SearchOptions) throws -> Result
) throws -> [Result] {
    var own = options
    own.threads = max(1, (options.threads ?? availableCores()) / count)
    let shared = own, results = DeviceResults<Result>(count: count)
    try parallelFor(threads: count, count: count) { results.slots[$0] = try body($0, shared) }
    return results.slots.compactMap { $0 }
}

/// A result for each device, written by one thread each.
private final class DeviceResults<Result>: @unchecked Sendable {
    let slots: UnsafeMutableBufferPointer<Result?>

    init(count: Int) {
        slots = .allocate(capacity: count)
        slots.initialize(repeating: nil)
    }

    deinit { slots.deinitialize().deallocate() }
}
