internal import Foundation

/// The buckets of a cluster.
package struct ClusterBuckets: Sendable {
    /// Seconds after which the name of a worker that does not ask for it again is free.
    package static let leaseSeconds = 10.0

    /// Maps, snapshots and sets.
    package let maps: KeyValueBucket
    /// Who has the name of a worker.
    package let leases: KeyValueBucket

    /// Opens the buckets, and makes them where there are none.
    ///
    /// Blocks.
    ///
    /// - Parameters:
    ///   - jetStream: the servers.
    ///   - names: what the cluster is called.
    ///   - replicas: servers that keep the buckets where they are made, 1 to 5; where it is `nil`, three where there are
    ///     as many, and otherwise one.
    /// - Throws: ``NATSFailure``.
    package init(_ jetStream: JetStream, _ names: ClusterNames, replicas: Int? = nil) throws {
        let replicas = replicas ?? (jetStream.connection.serverCount >= 3 ? 3 : 1)
        maps = try KeyValueBucket(jetStream, names.bucket, replicas: replicas)
        leases = try KeyValueBucket(jetStream, names.leases, replicas: replicas, lifetime: Self.leaseSeconds)
    }
}
