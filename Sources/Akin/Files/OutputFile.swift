import Foundation

/// A file being written through a buffer; every failed write becomes a ``FileError`` that names the file.
package final class OutputFile {
    /// The file's name in messages.
    package let path: String
    /// Where the next byte goes.
    package private(set) var offset: Int

    private let descriptor: Int32
    private let buffer: UnsafeMutableRawBufferPointer
    private var buffered = 0
    /// The first failure: what came after it would leave a gap, so every later call throws it again.
    private var failure: FileError?

    /// Writes from `offset` to a descriptor, which this object closes at its end.
    package init(descriptor: Int32, path: String, offset: Int = 0) {
        self.descriptor = descriptor
        self.path = path
        self.offset = offset
        buffer = .allocate(byteCount: 1 << 20, alignment: 4096)
    }

    deinit {
        close(descriptor)
        buffer.deallocate()
    }

    /// Appends bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if bytes.count > buffer.count - buffered { try flush() }
        if bytes.count >= buffer.count {
            try writeAll(bytes, at: offset)
        } else {
            UnsafeMutableRawBufferPointer(rebasing: buffer[buffered...]).copyMemory(from: bytes)
            buffered += bytes.count
        }
        offset += bytes.count
    }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Appends zeros up to the next multiple of `alignment`.
    package func pad(to alignment: Int) throws(FileError) {
        let padding = (alignment - offset % alignment) % alignment
        let zeros = [UInt8](repeating: 0, count: padding)
        try write(zeros)
    }

    /// Replaces bytes already written; the place where the next byte goes stays.
    package func overwrite(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(FileError) {
        precondition(position + bytes.count <= offset, "only bytes already written can be replaced")
        try flush()
        try writeAll(bytes, at: position)
    }

    /// Cuts the file to its first `length` bytes and goes on from there.
    package func truncate(to length: Int) throws(FileError) {
        try flush()
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw fail("cannot truncate") }
        offset = length
    }

    /// Hands all bytes to the system and waits until they are on the disk.
    package func synchronize() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw fail("cannot write") }
    }

    private func flush() throws(FileError) {
        if let failure { throw failure }
        guard buffered > 0 else { return }
        let count = buffered
        buffered = 0
        try writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: offset - count)
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(FileError) {
        if let failure { throw failure }
        var done = 0
        while done < bytes.count {
            // One call moves at most 2 GiB on Linux; ask for less than that at a time everywhere.
            let part = min(bytes.count - done, 1 << 30)
            let written = pwrite(
                descriptor, bytes.baseAddress.unsafelyUnwrapped + done, part, off_t(position + done))
            if written < 0 {
                if errno == EINTR { continue }
                throw fail("cannot write")
            }
            done += written
        }
    }

    private func fail(_ action: String) -> FileError {
        let error = FileError(errno: errno, path: path, action, writing: true)
        failure = error
        return error
    }
}
