internal import Synchronization

/// Bytes that all requests together may hold.
public final class ByteBudget: Sendable {
    /// How many there are.
    public let capacity: Int
    private let used = Atomic<Int>(0)

    /// Sets bytes aside.
    public init(_ capacity: Int) { self.capacity = capacity }

    /// Bytes that requests hold now.
    public var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes bytes.
    ///
    /// - Throws: ``Overload`` when too few are left; then none were taken.
    public func take(_ bytes: Int) throws(Overload) {
        if used.add(bytes, ordering: .relaxed).newValue > capacity {
            used.subtract(bytes, ordering: .relaxed)
            throw Overload("the bodies of other requests fill the memory set aside for them")
        }
    }

    /// Gives bytes back.
    public func give(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}
