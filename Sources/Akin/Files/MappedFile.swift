import Foundation

/// The bytes of a whole file, mapped read-only: nothing is read before it is touched, and the system may drop
/// pages again, so a file larger than memory can be walked.
///
/// The file must keep its length while it is mapped. Akin's own writers never touch a file in place; they put a new
/// one where the old one was, and whoever has the old one mapped keeps seeing it.
package final class MappedFile: MatrixStorage, @unchecked Sendable {
    package let path: String
    package let start: UnsafeRawPointer
    package let byteCount: Int

    /// How the bytes are going to be read, so that the system can read ahead or leave it.
    package enum Access {
        case normal, sequential, random, soon

        fileprivate var advice: Int32 {
            switch self {
            case .normal: MADV_NORMAL
            case .sequential: MADV_SEQUENTIAL
            case .random: MADV_RANDOM
            case .soon: MADV_WILLNEED
            }
        }
    }

    /// Maps the file at `path`.
    package init(path: String, access: Access = .normal) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(errno: errno, path: path, "cannot open") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FileError(errno: errno, path: path, "cannot read") }
        guard info.st_mode & S_IFMT == S_IFREG else {
            let kind = info.st_mode & S_IFMT == S_IFDIR ? "a folder" : "not a regular file"
            throw FileError(.notRegularFile, path: path, "expected a file, this is \(kind)")
        }
        self.path = path
        byteCount = Int(info.st_size)
        guard byteCount > 0 else {
            start = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
            return
        }
        guard let address = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
            throw FileError(errno: errno, path: path, "cannot map \(byteCount) bytes")
        }
        start = UnsafeRawPointer(address)
        if access != .normal { madvise(address, byteCount, access.advice) }
    }

    deinit {
        if byteCount > 0 {
            munmap(UnsafeMutableRawPointer(mutating: start), byteCount)
        } else {
            start.deallocate()
        }
    }
}

/// Bytes in memory behind the same interface as a mapped file: what a reader sees when there is no file.
package final class MemoryFile: MatrixStorage, @unchecked Sendable {
    package let start: UnsafeRawPointer
    package let byteCount: Int

    /// Copies `bytes` to memory aligned like a mapping.
    package init(_ bytes: UnsafeRawBufferPointer) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 4096)
        memory.copyMemory(from: bytes)
        start = UnsafeRawPointer(memory.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 4096).unsafelyUnwrapped)
        byteCount = bytes.count
    }

    deinit { start.deallocate() }
}

/// The bytes of a whole file, read into memory in large pages where the system has them: for random access that is
/// too frequent for the small pages of a mapping.
package final class ResidentFile: MatrixStorage, @unchecked Sendable {
    package let start: UnsafeRawPointer
    package let byteCount: Int
    private let allocated: Int

    /// Reads the file at `path`.
    package convenience init(path: String) throws(FileError) {
        try self.init(MappedFile(path: path, access: .sequential))
    }

    /// Copies a mapped file.
    package init(_ file: MappedFile) throws(FileError) {
        let large = 1 << 21
        byteCount = file.byteCount
        allocated = max(1, (file.byteCount + large - 1) / large) * large
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let address = mmap(nil, allocated, PROT_READ | PROT_WRITE, flags, -1, 0), address != MAP_FAILED else {
            throw FileError(errno: errno, path: file.path, "cannot get \(file.byteCount) bytes of memory")
        }
        #if canImport(Glibc)
            madvise(address, allocated, MADV_HUGEPAGE)
        #endif
        address.copyMemory(from: file.start, byteCount: file.byteCount)
        start = UnsafeRawPointer(address)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: start), allocated) }
}

extension MatrixStorage {
    /// All bytes; valid while this object lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: byteCount) }
}
