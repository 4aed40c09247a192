internal import AkinStore
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

    /// Refuses to put more vectors into one reply than fit.
    func checkReply(_ count: Int, _ fields: PointFields, dimension: Int) throws {
        guard fields.vector, count > limits.replyNumbers / dimension else { return }
        throw RequestError.invalid(
            "with_vector", expected: "at most \(limits.replyNumbers / dimension) vectors of \(dimension) numbers",
            actual: "\(count)", status: .unprocessableContent)
    }

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
