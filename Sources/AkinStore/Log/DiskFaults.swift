internal import Foundation

/// Makes writes fail where a test wants them to; nothing fails by itself.
package final class DiskFaults: Sendable {
    /// What a process asks of the disk.
    package enum Operation: String, Sendable, CaseIterable {
        case writeLog, synchronizeLog, truncateLog, createLog, writeSegment, writeImage, catalogue
    }

    /// How an operation fails.
    package struct Failure: Sendable {
        /// The error's number, such as `ENOSPC`.
        package var errno: Int32
        /// Bytes that are written all the same.
        package var writtenBytes: Int

        package init(errno: Int32, writtenBytes: Int = 0) {
            self.errno = errno
            self.writtenBytes = writtenBytes
        }
    }

    private let decide: @Sendable (Operation) -> Failure?

    /// Asks `decide` before each operation.
    package init(_ decide: @escaping @Sendable (Operation) -> Failure?) { self.decide = decide }

    /// How the operation is to fail; `nil` where it is not.
    func failure(of operation: Operation) -> Failure? { decide(operation) }
}

extension DiskFaults? {
    /// Throws where the operation is to fail.
    func check(_ operation: DiskFaults.Operation, path: String) throws(StoreError) {
        if let failure = self?.failure(of: operation) {
            throw StoreError(errno: failure.errno, "\(path): cannot write")
        }
    }
}
