/// How near two vectors are, and which way is nearer.
public enum Metric: String, Sendable, Codable, CaseIterable {
    /// Squared Euclidean distance: smaller is nearer.
    case l2
    /// Inner product: larger is nearer.
    case innerProduct = "ip"
    /// Cosine of the angle: larger is nearer. A vector of length zero has cosine 0 with everything.
    case cosine

    /// Whether larger scores are nearer.
    public var isSimilarity: Bool { self != .l2 }

    /// Whether score `a` is strictly nearer than score `b`.
    @inlinable
    public func isNearer(_ a: Float, than b: Float) -> Bool { isSimilarity ? a > b : a < b }
}
