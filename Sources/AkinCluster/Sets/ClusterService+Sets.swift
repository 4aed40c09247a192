internal import AkinServer
package import AkinStore

extension ClusterService {
    /// The nearest points of each query in one version of a published set.
    ///
    /// - Throws: `RequestError` 503 `shard_missing` where no worker answers for a shard; a search of a set is never
    ///   answered without one.
    func search(
        _ queries: [SearchQuery], in version: PublishedSet.Version, of name: String
    ) async throws -> [SearchAnswer] {
        let configuration = try version.configuration()
        for query in queries { try configuration.check(query) }
        if queries.isEmpty { return [] }
        let body = ShardQuestion.Body.searchSet(version: version.name, queries.map(Merging.question))
        let deadline = deadline
        return try await counted {
            let answers = try await withThrowingTaskGroup(of: [SearchAnswer].self) { group in
                for number in 0..<version.shards {
                    let shard = SetShard(set: name, version: version.name, number: number)
                    group.addTask { [asker] in
                        do {
                            let answer = try await asker.ask(.set(shard), on: [], body, after: 0, until: deadline)
                            guard case .search(let list) = try answer.result.get(), list.count == queries.count else {
                                throw StoreError.storage("\(shard): \(answer.worker) answered another question")
                            }
                            return list
                        } catch let missing as ShardMissing {
                            throw RequestError.missing(missing, of: "\(name), version \(version.name)")
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            return queries.indices.map { number in
                Merging.search(queries[number], answers.map { $0[number] }, configuration.metric, isWhole: true)
            }
        }
    }
}
