#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An open file that is neither a directory nor a pipe nor a device; read from any number of threads.
final class RegularFile: Sendable {
    /// How it was called, for messages.
    let path: String
    /// Bytes when it was opened.
    let size: Int
    private let descriptor: Int32

    /// What the operating system said.
    struct Failure: Error {
        let reason: String

        /// The reason in `errno`.
        static var last: Failure { Failure(reason: String(cString: strerror(errno))) }
    }

    /// Opens a path.
    convenience init(path: String) throws(Failure) {
        try self.init(path: path, bytes: Array(path.utf8CString))
    }

    /// Opens a path whose bytes, closed by a zero, may not be UTF-8.
    init(path: String, bytes: [CChar]) throws(Failure) {
        self.path = path
        // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        let descriptor = open(bytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .last }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = Failure.last
            close(descriptor)
            throw failure
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(reason: "not a regular file")
        }
        self.descriptor = descriptor
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Bytes from `offset` on: `count` of them, or fewer where the file ends.
    func read(at offset: Int, count: Int) throws(Failure) -> [UInt8] {
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let address = buffer.baseAddress.map { $0 + initialized }
                let got = pread(descriptor, address, count - initialized, off_t(offset + initialized))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = .last }
                if got <= 0 { break }
                initialized += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The whole file, where it has at most `limit` bytes.
    func readAll(limit: Int) throws(Failure) -> [UInt8] {
        guard size <= limit else { throw Failure(reason: "it has \(size) bytes; at most \(limit) are read") }
        return try read(at: 0, count: size)
    }
}
