package import AkinStore

/// What a worker is to be.
package struct WorkerOptions: Sendable {
    /// What it is called; 1 to 64 letters, digits, `_` and `-`, and no other worker's name.
    package var name: String
    /// Where its replicas are.
    package var folder: String
    /// What things of the cluster are called.
    package var names: ClusterNames
    /// How its store works.
    package var store = StoreSettings()
    /// The shards that it takes where the map gives them to it.
    package var shards = AcceptedShards.all
    /// Where published sets are; `nil` where it serves none.
    package var sets: String?
    /// Threads that read; one per core where it is `nil`.
    package var threads: Int?
    /// Questions under way; others are refused at once.
    package var questions = 1024
    /// Servers that keep the buckets of the cluster where this worker is the first to come; see ``ClusterBuckets``.
    package var bucketReplicas: Int?
    /// Seconds that another worker of the same name may take to give it up.
    package var namePatience = ClusterBuckets.leaseSeconds + 2

    /// Describes a worker.
    package init(name: String, folder: String, names: ClusterNames) {
        self.name = name
        self.folder = folder
        self.names = names
    }
}

/// Which shards a worker takes.
package enum AcceptedShards: Sendable, Equatable {
    /// Whichever the maps give it.
    case all
    /// These of the maps', by collection; `nil` is every shard of the collection.
    case only([String: Set<Int>?])

    /// Reads `all`, or `NAME/0,NAME/3,OTHER`; `nil` where the text is something else.
    package init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        var found: [String: Set<Int>?] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard let name = pieces.first.map(String.init), !name.isEmpty, pieces.count <= 2 else { return nil }
            guard pieces.count == 2 else {
                found[name] = .some(nil)
                continue
            }
            guard let number = Int(pieces[1]), (0..<ShardHash.greatestCount).contains(number) else { return nil }
            if case .some(.none) = found[name] { continue }
            found[name] = .some((found[name] ?? []).map { $0.union([number]) } ?? [number])
        }
        self = .only(found)
    }

    /// Whether a shard of a collection is among them.
    package func contains(_ number: Int, of collection: String) -> Bool {
        guard case .only(let found) = self else { return true }
        guard let numbers = found[collection] else { return false }
        return numbers?.contains(number) ?? true
    }
}
