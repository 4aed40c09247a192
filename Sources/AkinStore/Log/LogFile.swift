internal import Foundation
internal import Synchronization

/// One file of the log that is being written: appended to, synchronized, and cut back where a write failed.
final class LogFile: @unchecked Sendable {
    let path: String
    /// The sequence number of its first record.
    let firstSequence: UInt64
    private let descriptor: Int32
    private let faults: DiskFaults?
    private let length: Atomic<Int>

    /// Bytes that hold whole records; changed by the one writer alone.
    var byteCount: Int { length.load(ordering: .relaxed) }

    /// Makes a new file, which is on the disk when this returns.
    init(creating path: String, firstSequence: UInt64, faults: DiskFaults?) throws(StoreError) {
        try faults.check(.createLog, path: path)
        let header = LogFormat.header(firstSequence: firstSequence)
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "\(path): cannot create") }
        self.path = path
        self.firstSequence = firstSequence
        self.faults = faults
        length = Atomic(0)
        do {
            try write(header)
            try synchronize()
            try FileSystem.synchronizeFolder(of: path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Goes on with a file behind its first `byteCount` bytes; what follows is cut off.
    init(continuing path: String, firstSequence: UInt64, byteCount: Int, faults: DiskFaults?) throws(StoreError) {
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "\(path): cannot open") }
        self.path = path
        self.firstSequence = firstSequence
        self.faults = faults
        length = Atomic(byteCount)
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw StoreError(errno: errno, "\(path): cannot cut")
        }
        try synchronize()
    }

    deinit { close(descriptor) }

    /// Appends bytes; where that fails half way, the caller cuts back.
    func write(_ bytes: [UInt8]) throws(StoreError) {
        if let failure = faults?.failure(of: .writeLog) {
            try? put(bytes.prefix(failure.writtenBytes))
            throw StoreError(errno: failure.errno, "\(path): cannot write")
        }
        try put(bytes[...])
        length.store(byteCount + bytes.count, ordering: .relaxed)
    }

    private func put(_ bytes: ArraySlice<UInt8>) throws(StoreError) {
        let failure: Int32 = bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let part = UnsafeRawBufferPointer(rebasing: bytes[done..<min(bytes.count, done + 1 << 30)])
                let written = pwrite(descriptor, part.baseAddress, part.count, off_t(byteCount + done))
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += written
            }
            return 0
        }
        guard failure == 0 else { throw StoreError(errno: failure, "\(path): cannot write") }
    }

    /// Waits until what was written is on the disk.
    func synchronize() throws(StoreError) {
        if let failure = faults?.failure(of: .synchronizeLog) {
            throw StoreError(errno: failure.errno, "\(path): cannot write")
        }
        try FileSystem.synchronize(descriptor, path)
    }

    /// Forgets what is behind `byteCount`, in a way that a crash does not bring back.
    func cut(to byteCount: Int) throws(StoreError) {
        if let failure = faults?.failure(of: .truncateLog) {
            throw StoreError(errno: failure.errno, "\(path): cannot cut")
        }
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw StoreError(errno: errno, "\(path): cannot cut")
        }
        length.store(byteCount, ordering: .relaxed)
        try FileSystem.synchronize(descriptor, path)
    }
}
