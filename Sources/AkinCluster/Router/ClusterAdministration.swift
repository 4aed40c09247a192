internal import AkinServer
package import AkinStore
internal import Foundation

/// Changes where the replicas of a cluster are, for people and scripts.
package struct ClusterAdministration: Sendable {
    /// The same cluster's collections.
    package let service: ClusterService

    /// Works through a service.
    package init(_ service: ClusterService) { self.service = service }

    /// Waits until all maps and the heartbeats of all live workers have been heard.
    package func listen() async throws {
        let start = ContinuousClock.now
        while !service.directory.isComplete || .now - start < .seconds(3 * Heartbeat.interval) {
            guard .now - start < .seconds(10) else {
                throw StoreError.unavailable("the maps of collections cannot be read: NATS does not answer")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How all replicas are.
    package func status() async throws -> ClusterStatus {
        let directory = service.directory, names = service.link.names
        return try await service.servers { session in
            ClusterStatus(directory) { try? session.jetStream.state(of: names.writeStream($0)).last }
        }
    }

    /// Adds a replica of a shard; returns without waiting until it answers.
    package func addReplica(_ name: String, _ shard: Int, on worker: String) async throws {
        let live = service.directory.liveWorkers().map(\.beat.worker)
        guard live.contains(worker) else {
            throw StoreError.invalid(
                field: "worker", expected: live.isEmpty ? "a live worker" : "one of \(live.joined(separator: ", "))",
                actual: worker)
        }
        _ = try await change(name) { map in
            try Self.check(shard, of: map)
            guard !map.replicas[shard].contains(worker) else {
                throw StoreError.invalid(
                    field: "worker", expected: "one that has no replica of shard \(shard) yet", actual: worker)
            }
            map.replicas[shard].append(worker)
        }
    }

    /// Takes a replica of a shard away; the worker forgets it.
    ///
    /// - Throws: `StoreError.invalid` where no other replica of the shard answers.
    package func removeReplica(_ name: String, _ shard: Int, from worker: String) async throws {
        _ = try await change(name) { [directory = service.directory] map in
            try Self.check(shard, of: map)
            guard let place = map.replicas[shard].firstIndex(of: worker) else {
                throw StoreError.invalid(
                    field: "worker", expected: "one of \(map.replicas[shard].joined(separator: ", "))",
                    actual: worker)
            }
            map.replicas[shard].remove(at: place)
            guard !directory.replicas(of: map.shards[shard], on: map.replicas[shard]).live.isEmpty else {
                throw StoreError.invalid(
                    field: "worker", expected: "a replica beside which another answers", actual: worker)
            }
        }
    }

    /// Moves a replica: adds the new one, waits until it answers, and takes the old one away.
    ///
    /// - Parameters:
    ///   - name: of the collection.
    ///   - shard: its number.
    ///   - old: who has the replica.
    ///   - new: who is to have it.
    ///   - seconds: how long to wait; the new replica stays in the map when they are over.
    ///   - progress: told how the new replica is, whenever that changes.
    /// - Throws: `StoreError`.
    package func move(
        _ name: String, _ shard: Int, from old: String, to new: String, within seconds: Double,
        progress: (String) -> Void = { _ in }
    ) async throws {
        guard let map = try service.directory.map(of: name) else { throw StoreError.noCollection(name) }
        try Self.check(shard, of: map)
        guard map.replicas[shard].contains(old) else {
            throw StoreError.invalid(
                field: "worker", expected: "one of \(map.replicas[shard].joined(separator: ", "))", actual: old)
        }
        // A move that was broken off goes on.
        if !map.replicas[shard].contains(new) { try await addReplica(name, shard, on: new) }
        try await waitUntilReady(map.shards[shard], new, within: seconds, progress)
        try await removeReplica(name, shard, from: old)
    }

    /// Waits until a replica answers.
    package func waitUntilReady(
        _ shard: ShardName, _ worker: String, within seconds: Double, _ progress: (String) -> Void = { _ in }
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var told = ""
        while true {
            let replica = service.directory.worker(worker)?.0.replica(shard)
            let state = replica.map { $0.state.rawValue + ($0.problem.map { ": \($0)" } ?? "") } ?? "not begun"
            if state != told { progress("\(worker): \(state)") }
            told = state
            if service.directory.replicas(of: shard, on: [worker]).live == [worker] { return }
            guard .now < end else {
                throw StoreError.unavailable(
                    "the replica on \(worker) does not answer yet (\(state)); nothing was taken away, move it again "
                        + "to go on")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func check(_ shard: Int, of map: ShardMap) throws(StoreError) {
        guard (0..<map.shardCount).contains(shard) else {
            throw .invalid(field: "shard", expected: "0 to \(map.shardCount - 1)", actual: "\(shard)")
        }
    }

    /// Changes a map, again where somebody else changed it meanwhile.
    func change(
        _ name: String, _ body: @escaping @Sendable (inout ShardMap) throws -> Void
    ) async throws -> ShardMap {
        for _ in 0..<20 {
            do {
                let (map, entry) = try await service.bucket { bucket in
                    let key = ClusterNames.collection(name)
                    guard let entry = try bucket.get(key) else { throw StoreError.noCollection(name) }
                    var map = try ShardMap(decoding: entry.bytes, of: name)
                    try body(&map)
                    let bytes = try map.encoded()
                    let revision = try bucket.update(key, bytes, revision: entry.revision)
                    return (map, KeyValueBucket.Entry(bytes: bytes, revision: revision))
                }
                service.directory.note(name, entry)
                return map
            } catch let failure as NATSFailure where failure.kind == .conflict {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        throw StoreError.unavailable("the map of \"\(name)\" is changed by others all the time; try again")
    }
}
