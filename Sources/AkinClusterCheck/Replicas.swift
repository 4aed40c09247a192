import AkinCluster
import AkinServer
import AkinStore
import Foundation
import Synchronization

/// Looks at every replica by itself, past the routers.
final class Replicas: Sendable {
    private let connection: NATSConnection
    private let names: ClusterNames
    private let beats = Beats()
    private let subscription: NATSSubscription

    init(_ urls: [String]) throws {
        names = ClusterNames()
        connection = try NATSConnection(NATSSettings(servers: urls, name: "akin-cluster-check"), patience: 30)
        subscription = try connection.subscribe(names.heartbeats("*")) { [beats] in beats.take($0.bytes) }
    }

    private final class Beats: Sendable {
        let all = Mutex<[String: (beat: Heartbeat, time: ContinuousClock.Instant)]>([:])
        func take(_ bytes: [UInt8]) {
            guard let beat = Heartbeat(decoding: bytes) else { return }
            all.withLock { $0[beat.worker] = (beat, .now) }
        }
    }

    func close() {
        subscription.end()
        connection.close()
    }

    /// What workers that are alive say.
    var heartbeats: [Heartbeat] {
        let now = ContinuousClock.now
        return beats.all.withLock { $0.values.filter { now - $0.time < .seconds(1) }.map(\.beat) }
    }

    /// The map of a collection.
    func map(of collection: String) async throws -> ShardMap {
        try await Blocking.run { [connection, names] in
            let bucket = try KeyValueBucket(try JetStream(connection), names.bucket)
            guard let entry = try bucket.get(ClusterNames.collection(collection)) else {
                throw CheckFailure("there is no map of \(collection)")
            }
            return try ShardMap(decoding: entry.bytes, of: collection)
        }
    }

    /// Waits until every replica of every shard serves and has read all of its stream.
    func waitUntilEqual(_ map: ShardMap, seconds: Double) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var lagging = "nothing is known yet"
        while ContinuousClock.now < end {
            do {
                lagging = try await lag(map)
                if lagging.isEmpty { return }
            } catch { lagging = "\(error)" }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CheckFailure("\(seconds) s later the replicas have not caught up: \(lagging)")
    }

    private func lag(_ map: ShardMap) async throws -> String {
        let ends = try await Blocking.run { [connection, names] in
            let streams = try JetStream(connection)
            return try map.shards.map { try streams.state(of: names.writeStream($0)).last }
        }
        let beats = heartbeats
        var lines: [String] = []
        for (shard, workers) in zip(map.shards, map.replicas) {
            for worker in workers {
                let replica = beats.first { $0.worker == worker }?.replicas.first { $0.shard == shard }
                if replica?.state != .ready || (replica?.position ?? 0) < ends[shard.number] {
                    lines.append(
                        "\(worker)/\(shard.number) \(replica?.state.rawValue ?? "silent") \(replica?.position ?? 0) of "
                            + "\(ends[shard.number]) \(replica?.problem ?? "")")
                }
            }
        }
        return lines.joined(separator: "; ")
    }

    /// Everything that a replica holds, by name.
    func content(of shard: ShardName, at worker: String) async throws -> [PointID: StoredPoint] {
        var points: [PointID: StoredPoint] = [:]
        var next: PointID?
        repeat {
            let query = ScrollQuery(limit: 500, start: next, fields: PointFields(payload: .all, vector: true))
            let question = ShardQuestion(after: 0, patience: 0, .scroll(query))
            let bytes = try await connection.ask(
                question.encoded(), to: names.questions(shard, worker: worker), within: 10)
            let answer = try ShardAnswer(decoding: bytes)
            guard case .scroll(let page) = try answer.result.get() else {
                throw CheckFailure("\(worker) answers something else than was asked")
            }
            for point in page.points { points[point.id] = point }
            next = page.next
        } while next != nil
        return points
    }

    /// Sees that all replicas of each shard hold the same, each point in its own shard; gives it all.
    func compare(_ map: ShardMap) async throws -> [PointID: StoredPoint] {
        var all: [PointID: StoredPoint] = [:]
        for (shard, workers) in zip(map.shards, map.replicas) {
            var first: [PointID: StoredPoint]?
            for worker in workers {
                let found = try await content(of: shard, at: worker)
                if let first, first != found {
                    let differing = Set(first.keys).union(found.keys).filter { first[$0] != found[$0] }.sorted()
                    throw CheckFailure(
                        "shard \(shard.number): \(worker) and \(workers[0]) differ in \(differing.count) points: "
                            + differing.prefix(5).map { "\($0)" }.joined(separator: ", "))
                }
                first = found
            }
            for (id, point) in first ?? [:] {
                guard ShardHash.shard(of: id, among: map.shardCount) == shard.number, all[id] == nil else {
                    throw CheckFailure("point \(id) is in shard \(shard.number), where it does not belong")
                }
                all[id] = point
            }
        }
        return all
    }
}
