/// An index that vectors can be added to.
///
/// Such an index is a value: who adds needs it for himself, and copies share memory until one of them changes.
public protocol GrowingIndex: VectorIndex {
    /// Adds vectors.
    ///
    /// - Parameters:
    ///   - vectors: `[n, dimension]`, finite.
    ///   - ids: one 64-bit id per row, different from each other and from those stored; the numbers that follow the
    ///     greatest stored id when `nil`.
    ///   - threads: threads to use; `nil` means one per core. The result is the same for any number.
    ///   - monitor: progress and cancellation.
    /// - Throws: ``IndexError`` for bad input, `CancellationError`.
    mutating func add(_ vectors: Matrix<Float>, ids: [Int64]?, threads: Int?, monitor: ProgressMonitor) throws
}
