public import Foundation

/// What every handler of a server shares.
public struct ServerEnvironment: Sendable {
    /// The collections.
    public let service: any CollectionService
    /// What requests may ask for.
    public let limits: ServerLimits
    /// What is counted.
    public let metrics: ServerMetrics
    /// Where uploaded snapshots wait until they are restored.
    public let uploads: URL
    /// Memory for bodies.
    let bodies: ByteBudget

    /// Puts an environment together.
    public init(
        service: any CollectionService, limits: ServerLimits = .init(),
        uploads: URL = FileManager.default.temporaryDirectory
    ) {
        self.service = service
        self.limits = limits
        self.uploads = uploads
        metrics = ServerMetrics()
        bodies = ByteBudget(limits.bodyBytesTogether)
    }
}
