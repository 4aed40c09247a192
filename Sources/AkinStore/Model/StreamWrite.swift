/// A write with its place in a stream outside, which numbers writes and keeps their order.
public struct StreamWrite: Sendable {
    /// Its number, 1 or more; later writes have greater ones.
    public var position: UInt64
    /// What is written.
    public var operation: Operation

    /// Something that is written.
    public enum Operation: Sendable, Equatable {
        /// Points, which replace those of the same names.
        case upsert([Point])
        /// Points to be forgotten.
        case delete(PointSelection)
        /// What is known about points.
        case change(PayloadChange, PointSelection)
        /// A member of payloads to be indexed.
        case createPayloadIndex(FieldPath, PayloadIndexKind)
        /// An index of payloads to be forgotten.
        case deletePayloadIndex(FieldPath)
        /// Nothing but the position.
        case nothing
    }

    /// Puts a write together.
    public init(position: UInt64, operation: Operation) {
        self.position = position
        self.operation = operation
    }
}
