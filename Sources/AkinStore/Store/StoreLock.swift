internal import Foundation

/// Keeps other processes, and other stores of this one, from opening the same folder.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a folder, unless somebody has it.
    init(_ folder: String) throws(StoreError) {
        let file = folder + "/lock"
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "\(file): cannot open") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw StoreError(errno: number, "\(file): cannot lock") }
            throw .unavailable("\(folder) is open already; close it there, or choose another folder")
        }
    }

    deinit { close(descriptor) }

    /// Lets others have it.
    func release() { flock(descriptor, LOCK_UN) }
}
