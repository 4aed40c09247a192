package import AkinServer
package import AkinStore
package import Foundation

extension ClusterService {
    /// The nearest points of each query, over all shards.
    ///
    /// Where a shard does not answer in time, the others' answer is given, which is not exact then, and the notes of the
    /// call say which shard is missing; unless the service, or the request by naming positions, wants the whole.
    ///
    /// - Throws: `RequestError` 503 `shard_missing`; `StoreError`.
    package func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer] {
        let map = try await map(of: name)
        let configuration = try map.configuration()
        for query in queries { try configuration.check(query) }
        if queries.isEmpty { return [] }
        let asked = queries.map(Merging.question)
        let (answers, missing) = try await ask(map, of: name, .search(asked), mayMiss: true)
        let lists = try answers.map { answer in
            guard case .search(let list) = answer.body, list.count == queries.count else { throw Self.mismatch(answer) }
            return list
        }
        return queries.indices.map { number in
            Merging.search(
                queries[number], lists.map { $0[number] }, configuration.metric, isWhole: missing.isEmpty)
        }
    }

    /// The points with these names that there are, in the order asked.
    package func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint] {
        let map = try await map(of: name)
        if ids.isEmpty { return [] }
        var bodies: [Int: ShardQuestion.Body] = [:]
        for (shard, ids) in Self.split(ids, over: map.shardCount, \.self) { bodies[shard] = .retrieve(ids, fields) }
        let (answers, _) = try await ask(map, of: name, bodies, mayMiss: false)
        return Merging.retrieve(
            ids,
            try answers.map { answer in
                guard case .retrieve(let points) = answer.body else { throw Self.mismatch(answer) }
                return points
            })
    }

    /// A page of points.
    package func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage {
        let greatest = VectorCollection.greatestLimit
        guard (1...greatest).contains(query.limit) else {
            throw StoreError.invalid(field: "limit", expected: "1 to \(greatest)", actual: "\(query.limit)")
        }
        let (answers, _) = try await ask(map(of: name), of: name, .scroll(query), mayMiss: false)
        return Merging.scroll(
            query,
            try answers.map { answer in
                guard case .scroll(let page) = answer.body else { throw Self.mismatch(answer) }
                return page
            })
    }

    /// How many points pass.
    package func count(_ filter: Filter, in name: String) async throws -> Int {
        let (answers, _) = try await ask(map(of: name), of: name, .count(filter), mayMiss: false)
        return try answers.reduce(0) { sum, answer in
            guard case .count(let count) = answer.body else { throw Self.mismatch(answer) }
            return sum + count
        }
    }

    /// The image file stored with a point.
    package func image(of id: PointID, in name: String) async throws -> Data? {
        let map = try await map(of: name)
        let shard = ShardHash.shard(of: id, among: map.shardCount)
        let (answers, _) = try await ask(map, of: name, [shard: .image(id)], mayMiss: false)
        guard case .image(let image)? = answers.first?.body else { throw StoreError.noPoint(id) }
        return image
    }

    /// What a collection is made of; known without asking anybody.
    package func configuration(of name: String) async throws -> CollectionConfiguration {
        try await map(of: name).configuration()
    }

    /// How a collection is spread: as many copies as every shard has at least.
    package func placement(of name: String) async throws -> Placement {
        let map = try await map(of: name)
        return Placement(shards: map.shardCount, replicas: map.replicas.map(\.count).min())
    }

    /// A collection as it is now, all shards together.
    package func describe(_ name: String) async throws -> CollectionDescription {
        let map = try await map(of: name)
        let (answers, _) = try await ask(map, of: name, .describe, mayMiss: false)
        var whole = Merging.describe(
            try map.configuration(),
            try answers.map { answer in
                guard case .describe(let description) = answer.body else { throw Self.mismatch(answer) }
                return (answer.shard, description)
            })
        whole.identity = map.incarnation
        return whole
    }

    /// What a shard answered.
    struct Part: Sendable {
        var shard: Int
        var body: ShardAnswer.Body
        var microseconds: UInt32
    }

    /// Asks every shard the same.
    func ask(
        _ map: ShardMap, of name: String, _ body: ShardQuestion.Body, mayMiss: Bool
    ) async throws -> (answers: [Part], missing: [Int]) {
        var bodies: [Int: ShardQuestion.Body] = [:]
        for shard in 0..<map.shardCount { bodies[shard] = body }
        return try await ask(map, of: name, bodies, mayMiss: mayMiss)
    }

    /// Asks some shards, each its own question.
    ///
    /// - Returns: the answers in the order of the shards, and the shards that did not answer, of which there are none
    ///   unless `mayMiss`, and never all.
    func ask(
        _ map: ShardMap, of name: String, _ bodies: [Int: ShardQuestion.Body], mayMiss: Bool
    ) async throws -> (answers: [Part], missing: [Int]) {
        let notes = CallNotes.current
        let after = try notes?.after() ?? [:]
        if let shard = after.keys.first(where: { $0 >= map.shardCount }) {
            throw RequestError.invalid(
                CallNotes.afterHeader, expected: "shards 0 to \(map.shardCount - 1)", actual: "shard \(shard)")
        }
        let mayMiss = mayMiss && !settings.isWhole && after.isEmpty
        return try await counted {
            let start = ContinuousClock.now, deadline = deadline
            var results: [(Int, Result<ShardAnswer, any Error>)] = []
            try await withThrowingTaskGroup(of: (Int, Result<ShardAnswer, any Error>).self) { group in
                for (shard, body) in bodies {
                    group.addTask { [asker, writer] in
                        let name = ShardName(incarnation: map.incarnation, number: shard)
                        let position = max(after[shard] ?? 0, writer.position(of: name))
                        do {
                            let answer = try await asker.ask(
                                .collection(name), on: map.replicas[shard], body, after: position, until: deadline)
                            return (shard, .success(answer))
                        } catch { return (shard, .failure(error)) }
                    }
                }
                for try await result in group {
                    // What is refused by one is refused; the others need not be waited for.
                    if case .failure(let error) = result.1, !(mayMiss && error is ShardMissing) {
                        group.cancelAll()
                        throw failure(error, map, name)
                    }
                    results.append(result)
                }
            }
            return try collect(results.sorted { $0.0 < $1.0 }, map, name, since: start)
        }
    }

    private func collect(
        _ results: [(Int, Result<ShardAnswer, any Error>)], _ map: ShardMap, _ name: String,
        since start: ContinuousClock.Instant
    ) throws -> (answers: [Part], missing: [Int]) {
        let notes = CallNotes.current
        var answers: [Part] = [], missing: [Int] = [], lastFailure: (any Error)?
        for (shard, result) in results {
            switch result {
            case .success(let answer):
                notes?.noteRead(shard, upTo: answer.position, of: name)
                answers.append(Part(shard: shard, body: try answer.result.get(), microseconds: answer.microseconds))
            case .failure(let error):
                missing.append(shard)
                lastFailure = error
                metrics.count(\.missing, ShardName(incarnation: map.incarnation, number: shard))
                notes?.noteMissing(shard, of: name)
            }
        }
        if answers.isEmpty, let lastFailure { throw failure(lastFailure, map, name) }
        let slowest = Double(answers.map(\.microseconds).max() ?? 0) / 1e6
        notes?.noteWork(seconds: slowest)
        metrics.noteOverhead((ContinuousClock.now - start) / .seconds(1) - slowest)
        return (answers, missing)
    }

    /// The error of a call that needs a shard which failed.
    private func failure(_ error: any Error, _ map: ShardMap, _ name: String) -> any Error {
        guard let missing = error as? ShardMissing else { return error }
        // It may not answer because it is gone with its collection.
        if let known = try? directory.map(of: name), known.incarnation == map.incarnation {
            return RequestError.missing(missing, of: name)
        }
        return StoreError.noCollection(name)
    }

    private static func mismatch(_ part: Part) -> StoreError {
        .storage("shard \(part.shard) answered another question than it was asked; are all programs of one release?")
    }

    /// Things by the number of their point's shard, each in the order they came.
    static func split<T>(_ things: [T], over count: Int, _ id: (T) -> PointID) -> [Int: [T]] {
        Dictionary(grouping: things) { ShardHash.shard(of: id($0), among: count) }
    }
}
