/// How a collection is spread over machines, as far as whoever creates it says so, or as the service did it.
public struct Placement: Sendable, Equatable {
    /// Parts that the points are spread over.
    public var shards: Int?
    /// Copies of each part.
    public var replicas: Int?

    /// Says how a collection is spread; the service decides what is `nil`.
    public init(shards: Int? = nil, replicas: Int? = nil) {
        self.shards = shards
        self.replicas = replicas
    }
}
