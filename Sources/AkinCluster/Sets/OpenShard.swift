internal import Akin
internal import AkinStore
internal import Foundation

/// A shard of a published set that is open: its file mapped into memory, checked once.
struct OpenShard: Sendable {
    let shard: SetShard
    let index: any VectorIndex
    let fileByteCount: Int

    /// Opens a file and compares all of it with its checksums.
    ///
    /// - Throws: `FileError` for a file that cannot be read or is damaged.
    init(_ shard: SetShard, path: String) throws {
        self.shard = shard
        index = try IndexFile.open(path, isMapped: true, verify: true, threads: nil, monitor: .silent)
        fileByteCount = try URL(fileURLWithPath: path).resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    }

    /// What it would be as a collection.
    var description: CollectionDescription {
        CollectionDescription(
            configuration: .init(
                dimension: index.dimension, metric: index.metric, spec: index.spec, space: index.space),
            pointCount: index.count, indexedCount: index.count,
            segments: [.init(name: "\(shard)", spec: index.spec, count: index.count, deletedCount: 0)],
            payloadIndexes: [:], isIndexing: false, byteCount: fileByteCount, damage: [])
    }

    /// Answers a batch; points have ids and scores, and nothing else is known of them.
    ///
    /// - Throws: `StoreError.invalid` for what the file cannot answer.
    func search(_ queries: [SearchQuery]) throws -> [SearchAnswer] { try queries.map(search) }

    private func search(_ query: SearchQuery) throws -> SearchAnswer {
        func invalid(_ field: String, _ expected: String, _ actual: String) -> StoreError {
            .invalid(field: field, expected: expected, actual: actual)
        }
        guard query.vector.count == index.dimension else {
            throw invalid("vector", "\(index.dimension) numbers", "\(query.vector.count)")
        }
        guard !query.isExact || index is FlatIndex else {
            throw invalid("exact", "false in a published set whose index is \(index.spec)", "true")
        }
        var options = SearchOptions(threads: 1, efSearch: query.efSearch)
        if !query.filter.isEmpty {
            options.filter = .predicate { id in
                query.filter.matches(id: .number(UInt64(bitPattern: id)), payload: [:])
            }
        }
        let result: SearchResult
        do {
            let vector = Matrix<Float>(rows: 1, columns: index.dimension) {
                _ = $0.update(fromContentsOf: query.vector)
            }
            result = try index.search(vector, k: query.limit + query.offset, options: options)
        } catch let error as IndexError {
            throw invalid("vector", "a vector that can be searched for", "\(error)")
        }
        let hits = result.neighbors[0].dropFirst(query.offset).filter { neighbor in
            query.threshold.map { !index.metric.isNearer($0, than: neighbor.score) } ?? true
        }
        return SearchAnswer(
            hits: hits.map {
                .init(point: StoredPoint(id: .number(UInt64(bitPattern: $0.id))), score: $0.score)
            }, isExact: result.isExact, plan: query.filter.isEmpty ? .unfiltered : .whileSearching)
    }
}
