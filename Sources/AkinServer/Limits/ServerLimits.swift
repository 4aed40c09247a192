/// What one request, and all together, may ask for.
///
/// Beyond it requests are refused, not served slowly.
public struct ServerLimits: Sendable, Equatable {
    /// Bytes of one body, except of uploaded snapshots.
    public var bodyBytes = 64 << 20
    /// Bytes of all bodies that are being read and answered.
    public var bodyBytesTogether = 512 << 20
    /// Bytes of an uploaded snapshot, which goes to a file.
    public var snapshotBytes = 1 << 40
    /// Pixels of an image, width times height.
    public var imagePixels = 100_000_000
    /// `limit` plus `offset` of a search, and `limit` of a page.
    public var answers = 10_000
    /// Numbers of all vectors in one reply.
    public var replyNumbers = 1 << 24
    /// Bytes of the points in one reply, as text: pages end there, other replies are refused.
    public var replyBytes = 256 << 20
    /// Points or names in one request.
    public var points = 100_000
    /// Searches in one request.
    public var searches = 1_000
    /// Conditions in one filter.
    public var conditions = 1_000
    /// Requests being read and answered.
    public var requests = 4_096
    /// Connections; others wait to be accepted.
    public var connections = 4_096
    /// Bytes of all headers of a request.
    public var headerBytes = 32 << 10
    /// Seconds after which a silent connection is closed.
    public var idleSeconds = 75
    /// Calls that may wait for a thread.
    public var queue = 1_000
    /// Seconds that a call may wait for a thread.
    public var queueSeconds = 2.0

    /// The limits of a server that is told nothing else.
    public init() {}
}
