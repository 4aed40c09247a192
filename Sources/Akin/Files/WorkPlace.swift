import Foundation

/// Memory for the tables of a long operation: the program's own, or the mapped bytes of a file that has no name.
///
/// A mapped table may be larger than memory: the system writes to the disk what has not been touched for long, and what
/// is touched block by block stays. Its file has lost its name before the first byte is written, so that nothing is left
/// behind, however the operation ends.
package struct WorkPlace: Sendable {
    /// Where files of tables are made; `nil` for tables in the program's own memory.
    package let folder: String?

    /// The program's own memory.
    package static let memory = WorkPlace(folder: nil)

    /// Tables in files of a folder, or in memory where there is none.
    package init(folder: String?) { self.folder = folder }

    /// Room for `count` elements that are written before they are read.
    ///
    /// - Throws: ``FileError``: a folder that must not be written, a disk without room for all of them.
    package func buffer<Element: BitwiseCopyable>(
        of type: Element.Type = Element.self, count: Int
    ) throws(FileError) -> Buffer<Element> {
        guard let folder, count > 0 else { return Buffer(uninitialized: count) }
        let file = try MappedWork(byteCount: count * MemoryLayout<Element>.stride, folder: folder)
        return Buffer(file.memory.bindMemory(to: Element.self, capacity: count), count: count, owner: file)
    }

    /// Room for rows of floats, written by `initialize`; unlike a ``Matrix`` made without it, it does not begin as zeros
    /// in the program's own memory.
    func matrix(
        rows: Int, columns: Int, _ initialize: (UnsafeMutablePointer<Float>) throws -> Void
    ) throws -> Matrix<Float> {
        guard let folder, rows * columns > 0 else {
            return try Matrix(rows: rows, columns: columns) { elements in
                if let start = elements.baseAddress { try initialize(start) }
            }
        }
        let file = try MappedWork(byteCount: rows * columns * MemoryLayout<Float>.stride, folder: folder)
        try initialize(file.memory.bindMemory(to: Float.self, capacity: rows * columns))
        return Matrix(rows: rows, columns: columns, storage: file, byteOffset: 0)
    }
}

/// The bytes of a nameless file, mapped to be written.
private final class MappedWork: MatrixStorage, @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
    let byteCount: Int
    var start: UnsafeRawPointer { UnsafeRawPointer(memory) }

    init(byteCount: Int, folder: String) throws(FileError) {
        let path = folder + "/.akin-\(getpid())-\(UInt32.random(in: .min ... .max)).work"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw FileError(errno: errno, path: folder, "cannot create a work file here", writing: true)
        }
        defer { close(descriptor) }
        unlink(path)
        // All blocks are taken from the disk now: a page that finds no room later would end the program.
        let failure = Self.reserve(byteCount, descriptor)
        guard failure == 0 else {
            throw FileError(
                errno: failure, path: folder, "cannot get \(byteCount) bytes for a work file here", writing: true)
        }
        guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            address != MAP_FAILED
        else {
            throw FileError(errno: errno, path: folder, "cannot map \(byteCount) bytes of a work file")
        }
        memory = address
        self.byteCount = byteCount
    }

    deinit { munmap(memory, byteCount) }

    /// Makes the file so long; gives an error number.
    private static func reserve(_ byteCount: Int, _ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
            var wanted = fstore_t(
                fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
                fst_length: off_t(byteCount), fst_bytesalloc: 0)
            if fcntl(descriptor, F_PREALLOCATE, &wanted) != 0 { return errno }
            return ftruncate(descriptor, off_t(byteCount)) == 0 ? 0 : errno
        #else
            while true {
                let failure = posix_fallocate(descriptor, 0, off_t(byteCount))
                if failure != EINTR { return failure }
            }
        #endif
    }
}
