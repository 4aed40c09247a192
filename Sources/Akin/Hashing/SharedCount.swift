internal import Synchronization

/// A number that several threads add to.
final class SharedCount: Sendable {
    private let sum = Atomic<Int>(0)

    func add(_ amount: Int) { sum.add(amount, ordering: .relaxed) }
    var value: Int { sum.load(ordering: .relaxed) }
}
