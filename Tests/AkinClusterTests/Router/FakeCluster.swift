import Akin
import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Synchronization

/// Shards in this process, behind workers that answer, or do not, as a test says; no NATS.
final class FakeCluster: ShardTransport {
    /// What a worker does with questions.
    enum Manner: Sendable {
        case answers
        /// It hears, and says nothing: it is stopped.
        case stopped
        /// It is gone, and NATS knows it.
        case gone
        /// It refuses.
        case fails(ShardFailure)
        /// It answers as if it had read less than it has.
        case lags
    }

    private struct State {
        var manners: [String: Manner] = [:]
        var asked: [String] = []
        var questions: [ShardQuestion] = []
        var positions: [ShardName: UInt64] = [:]
        var names: [String: UInt64] = [:]
        var lost: Set<Int> = []
        /// Publications that are to fail, and how.
        var publicationFailures: [NATSFailure] = []
        var publications: [(subject: String, name: String)] = []
    }

    let names = ClusterNames()
    let directory = ClusterDirectory()
    let map: ShardMap
    private let shards: LocalService
    private let state = Mutex(State())
    var greatestMessage: Int { 1 << 20 }

    /// Makes a collection `c` over these shards, each on these workers, in a folder.
    init(
        _ configuration: CollectionConfiguration, shards count: Int, workers: [String] = ["a", "b"], folder: String
    ) async throws {
        shards = LocalService(try Store(path: folder), threads: 2)
        map = ShardMap(configuration, replicas: Array(repeating: workers, count: count), streamReplicas: 1)
        for shard in map.shards { try await shards.create(shard.description, configuration) }
        directory.note("c", .init(bytes: try map.encoded(), revision: 1))
        for worker in workers { beat(worker) }
    }

    /// The collection, as a router serves it.
    func service(_ change: (inout ClusterSettings) -> Void = { _ in }) -> ClusterService {
        var settings = ClusterSettings()
        settings.deadline = 20
        change(&settings)
        return ClusterService(ClusterLink(nil, names), directory, settings, transport: self)
    }

    func close() async { await shards.close() }

    /// Lets a worker say that its replicas are ready; in tests heartbeats are heard for long.
    func beat(_ worker: String, at time: ContinuousClock.Instant = .now + .seconds(3600)) {
        var beat = Heartbeat(worker: worker, instance: worker, host: "here", pid: 1)
        beat.replicas = map.shards.map { .init(shard: $0, state: .ready) }
        directory.hear(beat, at: time)
    }

    /// Lets a worker have been heard last a minute ago.
    func silence(_ worker: String) { beat(worker, at: .now - .seconds(60)) }

    func set(_ worker: String, _ manner: Manner) { state.withLock { $0.manners[worker] = manner } }

    /// Lets nobody answer for a shard.
    func fail(shard number: Int) { state.withLock { _ = $0.lost.insert(number) } }

    func failPublications(_ failures: [NATSFailure]) { state.withLock { $0.publicationFailures = failures } }

    /// Who was asked, `group` for the queue group.
    var asked: [String] { state.withLock { $0.asked } }
    var questions: [ShardQuestion] { state.withLock { $0.questions } }
    var publications: [(subject: String, name: String)] { state.withLock { $0.publications } }

    private func shard(_ subject: String) throws -> (ShardName, worker: String?) {
        let parts = subject.split(separator: ".").map(String.init)
        guard parts.count >= 4, let number = Int(parts[3]) else { throw NATSFailure(.other, subject) }
        return (ShardName(incarnation: parts[2], number: number), parts.count > 4 ? parts[4] : nil)
    }

    func ask(_ bytes: [UInt8], to subject: String, within seconds: Double) async throws -> [UInt8] {
        let (shard, one) = try shard(subject)
        let question = try ShardQuestion(decoding: bytes)
        let (worker, manner): (String, Manner) = state.withLock { state in
            state.asked.append(one ?? "group")
            state.questions.append(question)
            // The group prefers the first worker that is there.
            let worker =
                one
                ?? map.replicas[shard.number].first { name in
                    if case .gone? = state.manners[name] { false } else { true }
                }
            if state.lost.contains(shard.number) { return (worker ?? "", .gone) }
            return (worker ?? "", worker == nil ? .gone : state.manners[worker ?? ""] ?? .answers)
        }
        var position = state.withLock { $0.positions[shard] ?? 0 }
        switch manner {
        case .gone: throw NATSFailure(.noResponders, "\(subject): nobody listens")
        case .stopped:
            try await Task.sleep(for: .seconds(seconds))
            throw NATSFailure(.timeout, "\(subject): no answer in time")
        case .fails(let failure):
            return ShardAnswer(position: position, microseconds: 1, worker: worker, result: .failure(failure)).encoded()
        case .lags: position -= min(position, 1)
        case .answers: break
        }
        do {
            let body = try await answer(question.body, shard.description)
            return ShardAnswer(position: position, microseconds: 1, worker: worker, result: .success(body)).encoded()
        } catch let error as StoreError {
            return ShardAnswer(position: position, microseconds: 1, worker: worker, result: .failure(.store(error)))
                .encoded()
        }
    }

    private func answer(_ body: ShardQuestion.Body, _ name: String) async throws -> ShardAnswer.Body {
        switch body {
        case .search(let queries): .search(try await shards.search(queries, in: name))
        case .retrieve(let ids, let fields): .retrieve(try await shards.retrieve(ids, fields, from: name))
        case .scroll(let query): .scroll(try await shards.scroll(query, in: name))
        case .count(let filter): .count(try await shards.count(filter, in: name))
        case .image(let id): .image(try await shards.image(of: id, in: name))
        case .describe: .describe(try await shards.describe(name))
        case .searchSet: throw StoreError.noCollection(name)
        }
    }

    func publish(
        _ bytes: [UInt8], to subject: String, name: String, within seconds: Double
    ) async throws -> UInt64 {
        let (shard, _) = try shard(subject)
        let failure: NATSFailure? = state.withLock { state in
            state.publications.append((subject, name))
            return state.publicationFailures.isEmpty ? nil : state.publicationFailures.removeFirst()
        }
        // What is lost may be the acknowledgement only.
        if let failure, failure.kind != .timeout { throw failure }
        let known = state.withLock { $0.names[name] }
        if known == nil { try await write(try ShardWrite(decoding: bytes), shard.description) }
        let position = state.withLock { state in
            if let known { return known }
            let position = (state.positions[shard] ?? 0) + 1
            state.positions[shard] = position
            state.names[name] = position
            return position
        }
        if let failure { throw failure }
        return position
    }

    private func write(_ write: ShardWrite, _ name: String) async throws {
        switch write {
        case .upsert(let points): try await shards.upsert(points, into: name)
        case .delete(let selection): try await shards.delete(selection, from: name)
        case .change(let change, let selection): try await shards.change(change, of: selection, in: name)
        case .createPayloadIndex(let path, let kind):
            try await shards.createPayloadIndex(on: path, kind, in: name)
        case .deletePayloadIndex(let path): try await shards.deletePayloadIndex(on: path, in: name)
        }
    }
}
