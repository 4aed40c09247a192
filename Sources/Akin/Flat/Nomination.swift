/// How candidates are nominated; each way bounds the true key, so the answer is the same.
package enum Nomination: String, Sendable, CaseIterable {
    /// Integer products of 8-bit codes that have no error: keys are known at once.
    case exact8
    /// Integer products of 8-bit codes, with the error bounded.
    case dot8
    /// 32-bit products, |x|^2 + |y|^2 - 2 <x, y>.
    case tiles32
    /// 32-bit, row after row: differences for L2, which lose nothing to cancellation; products otherwise.
    case rows32
    /// No nomination: every key is computed exactly. For k near the number of rows, and for values whose squares
    /// leave the range of floats.
    case exact64
}
