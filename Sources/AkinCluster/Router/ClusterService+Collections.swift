package import AkinServer
package import AkinStore
internal import Foundation

extension ClusterService {
    /// The names of all collections, in order.
    ///
    /// - Throws: `StoreError.unavailable` while the NATS servers are away.
    package func collections() async throws -> [String] {
        _ = try link.session
        guard link.isConnected else { throw StoreError.unavailable("no NATS server is connected") }
        guard directory.isComplete else { throw StoreError.unavailable("the maps of collections are being read") }
        return directory.collections
    }

    /// Makes an empty collection on the live workers that hold the fewest replicas, and waits until each shard has a
    /// replica that answers.
    ///
    /// - Throws: `StoreError.collectionExists`; `.invalid` where there are fewer live workers than replicas are wanted;
    ///   `.unavailable`.
    package func create(
        _ name: String, _ configuration: CollectionConfiguration, _ placement: Placement
    ) async throws {
        try configuration.check()
        guard Self.isName(name) else {
            throw StoreError.invalid(
                field: "collection",
                expected: "1 to 240 letters, digits, '_', '-' and '.', no '.' at an end or beside another",
                actual: "\"\(name.prefix(300))\"")
        }
        guard try directory.map(of: name) == nil else { throw StoreError.collectionExists(name) }
        let shards = placement.shards ?? settings.shards
        guard (1...ShardHash.greatestCount).contains(shards) else {
            throw StoreError.invalid(
                field: "shard_number", expected: "1 to \(ShardHash.greatestCount)", actual: "\(shards)")
        }
        _ = try link.session
        let copies = placement.replicas ?? settings.replicas
        let replicas = try Self.place(
            shards, copies: copies, on: try await liveWorkers(copies), beside: Array(directory.maps.values))
        let map = ShardMap(configuration, replicas: replicas, streamReplicas: settings.streamReplicas)
        try await publish(map, as: name)
        try await waitUntilReady(map, name)
    }

    /// Live workers, waiting a little for as many as are wanted: they may only be starting, or this router.
    private func liveWorkers(_ count: Int) async throws -> [String] {
        let end = ContinuousClock.now + .seconds(2 * Heartbeat.patience)
        while true {
            let workers = directory.liveWorkers().map(\.beat.worker)
            if workers.count >= count || .now >= end { return workers }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Chooses workers: for each shard those with the fewest replicas, each worker once.
    ///
    /// - Parameters:
    ///   - shards: how many shards.
    ///   - copies: replicas of each.
    ///   - workers: live ones.
    ///   - maps: of collections that are there already.
    /// - Returns: for each shard the names of workers.
    /// - Throws: `StoreError.invalid` where there are fewer workers than copies.
    package static func place(
        _ shards: Int, copies: Int, on workers: [String], beside maps: [ShardMap]
    ) throws(StoreError) -> [[String]] {
        guard copies >= 1, copies <= workers.count else {
            throw .invalid(
                field: "replication_factor",
                expected: workers.isEmpty
                    ? "a live worker: start one with akin worker"
                    : "1 to \(workers.count), as many as workers are live",
                actual: "\(copies)")
        }
        var counts = Dictionary(workers.map { ($0, 0) }) { $1 }
        for worker in maps.flatMap({ $0.replicas.joined() }) where counts[worker] != nil {
            counts[worker, default: 0] += 1
        }
        return (0..<shards).map { _ in
            let chosen = workers.sorted { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) }.prefix(copies)
            for worker in chosen { counts[worker, default: 0] += 1 }
            return Array(chosen)
        }
    }

    /// Makes a collection's streams, then its map; the streams go again where somebody else made the collection.
    private func publish(_ map: ShardMap, as name: String) async throws {
        let bytes = try map.encoded(), names = link.names
        do {
            let revision = try await servers { session in
                do {
                    for shard in map.shards {
                        try session.jetStream.createStream(
                            .init(
                                name: names.writeStream(shard), subjects: [names.writes(shard)],
                                replicas: map.streamReplicas))
                    }
                    return try session.bucket.create(ClusterNames.collection(name), bytes)
                } catch {
                    // Unless the map is there after all, nobody knows of the streams.
                    let known = try? session.bucket.get(ClusterNames.collection(name))
                    if known?.bytes != bytes {
                        for shard in map.shards { _ = try? session.jetStream.deleteStream(names.writeStream(shard)) }
                    }
                    throw error
                }
            }
            directory.note(name, .init(bytes: bytes, revision: revision))
        } catch let failure as NATSFailure where failure.kind == .conflict {
            throw StoreError.collectionExists(name)
        }
    }

    /// Waits until each shard has a replica that answers.
    func waitUntilReady(_ map: ShardMap, _ name: String) async throws {
        let end = ContinuousClock.now + .seconds(settings.creationPatience)
        // What was written to the bucket comes to the directory a little later.
        var wasKnown = false
        for (shard, workers) in zip(map.shards, map.replicas) {
            while directory.replicas(of: shard, on: workers).live.isEmpty {
                let isKnown = try directory.map(of: name)?.incarnation == map.incarnation
                // Another router dropped it meanwhile.
                if wasKnown, !isKnown { throw StoreError.noCollection(name) }
                wasKnown = isKnown
                guard .now < end else {
                    let states = workers.map { worker in
                        let replica = directory.worker(worker)?.0.replica(shard)
                        return "\(worker): \(replica?.problem ?? replica?.state.rawValue ?? "has not begun")"
                    }
                    throw StoreError.unavailable(
                        "collection \"\(name)\" is made, but shard \(shard.number) is not served yet "
                            + "(\(states.joined(separator: ", "))); akin cluster status says more")
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// Deletes a collection: its map, then what its streams hold.
    package func drop(_ name: String) async throws -> Bool {
        guard Self.isName(name) else { return false }
        let names = link.names
        let known = directory.revision(of: name)
        let others = directory.maps.filter { $0.key != name }.map(\.value)
        let dropped: (map: ShardMap, revision: UInt64)? = try await servers { session in
            guard let (map, revision) = try Self.deleteMap(of: name, session.bucket) else { return nil }
            for shard in map.shards { try session.jetStream.deleteStream(names.writeStream(shard)) }
            // Another collection may begin with this one's snapshots, as this one may with those of one that is gone.
            var incarnations = [map.incarnation]
            if let base = map.base?.incarnation, !others.contains(where: { $0.incarnation == base }) {
                incarnations.append(base)
            }
            for incarnation in incarnations where !others.contains(where: { $0.base?.incarnation == incarnation }) {
                try session.jetStream.deleteStream(names.snapshotStream(incarnation))
                for number in 0..<map.shardCount {
                    let shard = ShardName(incarnation: incarnation, number: number)
                    let key = ClusterNames.snapshots(of: shard)
                    if try session.bucket.get(key) != nil { try session.bucket.delete(key) }
                }
            }
            return (map, revision)
        }
        guard let dropped else {
            // Whatever was known is no more; a newer one may have come meanwhile.
            directory.forget(name, droppedBy: known)
            return false
        }
        directory.forget(name, droppedBy: dropped.revision)
        writer.forget(dropped.map.shards)
        return true
    }

    /// Deletes the map of a collection as it is, and gives it: its streams go with it, not those of one that another
    /// router made meanwhile.
    ///
    /// Blocks.
    private static func deleteMap(
        of name: String, _ bucket: KeyValueBucket
    ) throws -> (map: ShardMap, revision: UInt64)? {
        let key = ClusterNames.collection(name)
        for _ in 0..<20 {
            guard let entry = try bucket.get(key) else { return nil }
            let map = try ShardMap(decoding: entry.bytes, of: name)
            do { return (map, try bucket.delete(key, revision: entry.revision)) } catch let failure as NATSFailure
                where failure.kind == .conflict
            { Thread.sleep(forTimeInterval: 0.02) }
        }
        throw StoreError.unavailable("the map of \"\(name)\" is changed by others all the time; try again")
    }
}
