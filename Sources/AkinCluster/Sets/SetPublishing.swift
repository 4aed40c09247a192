internal import Akin
internal import AkinServer
package import AkinStore
internal import Foundation

/// Switches published sets from one version to another.
package struct SetPublishing: Sendable {
    private let session: ClusterLink.Session
    private let names: ClusterNames
    private let directory: ClusterDirectory

    /// Works with the servers of a session; the directory is attached to it.
    package init(_ session: ClusterLink.Session, _ names: ClusterNames, _ directory: ClusterDirectory) {
        self.session = session
        self.names = names
        self.directory = directory
    }

    /// Works as the administration does.
    package init(_ administration: ClusterAdministration) throws {
        let service = administration.service
        self.init(try service.link.session, service.link.names, service.directory)
    }

    /// Makes a version the one that answers, all shards at once.
    ///
    /// - Parameters:
    ///   - version: which.
    ///   - set: of which set; a new one is made.
    ///   - count: shards of the version. What workers have open does not tell: the last may only be missing yet.
    ///   - copies: workers that must have each shard open, 1 or more.
    ///   - patience: seconds to wait for them.
    /// - Returns: what is published now.
    /// - Throws: `StoreError.unavailable` where shards are not open, `.invalid` where they do not belong together or to the
    ///   embedding space of what is published; nothing has changed then.
    package func publish(
        _ version: String, of set: String, shards count: Int, copies: Int = 1, patience: Double = 30
    ) async throws -> PublishedSet {
        for (field, name) in [("set", set), ("version", version)] where !ClusterNames.isName(name) {
            throw StoreError.invalid(
                field: field, expected: "1 to 64 letters, digits, _ and -", actual: "\"\(name.prefix(100))\"")
        }
        guard count >= 1 else {
            throw StoreError.invalid(field: "shards", expected: "1 or more", actual: "\(count)")
        }
        if try await read(ClusterNames.collection(set)) != nil {
            throw StoreError.collectionExists(set)
        }
        let shards = try await waitUntilOpen(version, of: set, shards: count, copies: copies, patience: patience)
        let new = try await describe(shards, version)
        while true {
            let entry = try await read(ClusterNames.set(set))
            let old = try entry.map { try PublishedSet(decoding: $0.bytes, of: set) }
            if let old { try Self.check(new, follows: old.version, set) }
            let isSame = old?.version.name == version
            let published = PublishedSet(version: new, previous: isSame ? old?.previous : old?.version)
            if try await write(published, of: set, over: entry) { return published }
        }
    }

    /// Goes back to the version before.
    ///
    /// - Returns: what is published now.
    /// - Throws: `StoreError.noCollection` where nothing is published, `.invalid` where there is no version before,
    ///   `.unavailable` where its shards are not open.
    package func rollBack(_ set: String, patience: Double = 30) async throws -> PublishedSet {
        while true {
            guard let entry = try await read(ClusterNames.set(set)) else {
                throw StoreError.noCollection(set)
            }
            let now = try PublishedSet(decoding: entry.bytes, of: set)
            guard let previous = now.previous else {
                throw StoreError.invalid(
                    field: "set", expected: "one that had a version before \(now.version.name)", actual: set)
            }
            _ = try await waitUntilOpen(
                previous.name, of: set, shards: previous.shards, copies: 1, patience: patience)
            let published = PublishedSet(version: previous, previous: now.version)
            if try await write(published, of: set, over: entry) { return published }
        }
    }

    private func bucket<T: Sendable>(_ body: @escaping @Sendable (KeyValueBucket) throws -> T) async throws -> T {
        try await Blocking.run { [session] in try body(session.bucket) }
    }

    /// Reads, again where nobody answers: what is asked of a bucket without a leader, as it is when it is new, gets lost.
    private func read(_ key: String) async throws -> KeyValueBucket.Entry? {
        var attempts = 1
        while true {
            do { return try await bucket { try $0.get(key) } } catch let failure as NATSFailure {
                guard [.timeout, .away, .noResponders].contains(failure.kind), attempts < 5 else { throw failure }
                attempts += 1
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Writes unless somebody else did meanwhile.
    private func write(
        _ published: PublishedSet, of set: String, over entry: KeyValueBucket.Entry?
    ) async throws -> Bool {
        let bytes = try published.encoded()
        do {
            try await bucket { bucket in
                let key = ClusterNames.set(set)
                if let entry {
                    try bucket.update(key, bytes, revision: entry.revision)
                } else {
                    try bucket.create(key, bytes)
                }
            }
            return true
        } catch let failure as NATSFailure where failure.kind == .conflict { return false }
    }

    /// The shards of a version, once enough workers have each open.
    private func waitUntilOpen(
        _ version: String, of set: String, shards count: Int, copies: Int, patience: Double
    ) async throws -> [SetShard] {
        let end = ContinuousClock.now + .seconds(patience)
        var missing = ""
        while true {
            let workers = directory.liveWorkers()
            let open = Set(workers.flatMap { $0.beat.sets.compactMap(SetShard.init) })
                .filter { $0.set == set && $0.version == version }
            if let beyond = open.first(where: { $0.number >= count }) {
                throw StoreError.invalid(field: "shards", expected: "all there are, \(beyond) too", actual: "\(count)")
            }
            let shards = (0..<count).map { SetShard(set: set, version: version, number: $0) }
            let short = shards.filter { shard in workers.filter { $0.has(shard) }.count < copies }.map(\.number)
            if short.isEmpty { return shards }
            missing =
                open.isEmpty
                ? "no worker has a shard of it open; they look for SET/VERSION/shard-N.akin in the folder of --sets"
                : "shards \(short.map(String.init).joined(separator: ", ")) of \(count) are open at fewer than \(copies) workers"
            guard ContinuousClock.now < end else {
                throw StoreError.unavailable("version \(version) of \(set) is not published: \(missing)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// What the shards are, which must go together.
    private func describe(_ shards: [SetShard], _ version: String) async throws -> PublishedSet.Version {
        var descriptions: [CollectionDescription] = []
        for shard in shards {
            let bytes = try await session.connection.ask(
                ShardQuestion(.describe).encoded(), to: names.questions(shard), within: 10)
            guard case .describe(let description) = try ShardAnswer(decoding: bytes).result.get() else {
                throw StoreError.storage("\(shard): a worker answered another question than it was asked")
            }
            descriptions.append(description)
        }
        let first = descriptions[0].configuration
        for (shard, description) in zip(shards, descriptions) {
            let own = description.configuration
            guard own.dimension == first.dimension, own.metric == first.metric, own.space?.id == first.space?.id else {
                throw StoreError.invalid(
                    field: "\(shard)",
                    expected: "dimension \(first.dimension), \(first.metric.rawValue) and the space of shard 0",
                    actual: "\(own.dimension), \(own.metric.rawValue), \(own.space?.name ?? "an unknown space")")
            }
        }
        return PublishedSet.Version(
            name: version, shards: shards.count, dimension: first.dimension, metric: first.metric.rawValue,
            spec: first.spec, count: descriptions.reduce(0) { $0 + $1.pointCount },
            byteCount: descriptions.reduce(0) { $0 + $1.byteCount }, spaceID: first.space?.id,
            spaceName: first.space?.name)
    }

    /// Sees that those who search the set can go on with the vectors they have.
    private static func check(_ new: PublishedSet.Version, follows old: PublishedSet.Version, _ set: String) throws {
        guard new.dimension == old.dimension, new.metric == old.metric else {
            throw StoreError.invalid(
                field: "version", expected: "dimension \(old.dimension) and \(old.metric), as \(set) has now",
                actual: "\(new.dimension) and \(new.metric); publish it under another name")
        }
        if let expected = old.spaceID, let actual = new.spaceID, expected != actual {
            throw StoreError.spaceMismatch(
                expected: "\(old.spaceName ?? expected)", actual: "\(new.spaceName ?? actual)")
        }
    }
}
