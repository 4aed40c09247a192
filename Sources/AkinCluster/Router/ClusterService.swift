package import AkinServer
package import AkinStore
package import Foundation
internal import Synchronization

/// Collections that are spread over workers, seen as one process's are.
///
/// It keeps nothing: what a write's acknowledgement means is that the shards' streams have it, and every read through
/// this service sees what was acknowledged through it before, and what the request names.
package final class ClusterService: CollectionService {
    let link: ClusterLink
    let directory: ClusterDirectory
    let settings: ClusterSettings
    /// What it counts.
    package let metrics: ClusterMetrics
    let asker: ShardAsker
    let writer: ShardWriter
    private let running = Atomic<Int>(0)
    /// Publishing blocks while a connection to the servers stalls.
    package var isLocal: Bool { false }

    /// Serves the collections that a directory knows.
    ///
    /// - Parameters:
    ///   - link: the NATS servers.
    ///   - directory: attached to them once they are there.
    ///   - settings: how it behaves.
    ///   - transport: how shards are reached, where it is not through the servers.
    package init(
        _ link: ClusterLink, _ directory: ClusterDirectory, _ settings: ClusterSettings,
        transport: (any ShardTransport)? = nil
    ) {
        self.link = link
        self.directory = directory
        self.settings = settings
        metrics = ClusterMetrics()
        let transport = transport ?? link
        asker = ShardAsker(transport, link.names, directory, settings, metrics)
        writer = ShardWriter(transport, link.names, directory, metrics)
    }

    /// When a call that begins now is given up.
    var deadline: ContinuousClock.Instant { .now + .seconds(settings.deadline) }

    /// Calls under way.
    package var load: ServiceLoad { ServiceLoad(running: running.load(ordering: .relaxed)) }

    /// Lets go of the NATS servers.
    package func close() async {
        directory.end()
        link.close()
    }

    /// The map of a collection; asks the bucket once where none is known.
    ///
    /// - Throws: `StoreError.noCollection`, `.unavailable`.
    func map(of name: String) async throws -> ShardMap {
        if let map = try directory.map(of: name) { return map }
        guard Self.isName(name) else { throw StoreError.noCollection(name) }
        guard let entry = try await bucket({ try $0.get(ClusterNames.collection(name)) }) else {
            throw StoreError.noCollection(name)
        }
        directory.note(name, entry)
        guard let map = try directory.map(of: name) else { throw StoreError.noCollection(name) }
        return map
    }

    /// The map of a collection as it was last heard of; `nil` where none was.
    package func knownMap(of name: String) throws -> ShardMap? { try directory.map(of: name) }

    /// Whether a collection may be called so: keys of NATS have no empty parts between points.
    static func isName(_ name: String) -> Bool {
        (1...240).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasSuffix(".") && !name.contains("..")
            && name.utf8.allSatisfy { $0 == UInt8(ascii: ".") || ClusterNames.isName(String(UnicodeScalar($0))) }
    }

    /// Works with the bucket of maps.
    ///
    /// - Throws: `StoreError.unavailable` where the servers are away; ``NATSFailure`` of kind `conflict`.
    func bucket<T: Sendable>(_ body: @escaping @Sendable (KeyValueBucket) throws -> T) async throws -> T {
        try await servers { try body($0.bucket) }
    }

    /// Works with the servers.
    func servers<T: Sendable>(_ body: @escaping @Sendable (ClusterLink.Session) throws -> T) async throws -> T {
        let session = try link.session
        do { return try await Blocking.run { try body(session) } } catch let failure as NATSFailure
            where failure.kind != .conflict
        { throw StoreError.unavailable("NATS: \(failure.description)") }
    }

    /// Counts a call while it is under way.
    func counted<T>(_ body: () async throws -> T) async throws -> T {
        running.add(1, ordering: .relaxed)
        defer { running.subtract(1, ordering: .relaxed) }
        return try await body()
    }
}

extension ClusterService: MeasuredService {
    /// Adds what is known of shards.
    package func addMeasurements(to text: inout PrometheusText) { metrics.add(directory, to: &text) }
}
