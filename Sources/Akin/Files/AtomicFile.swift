import Foundation

/// A file that appears under its name when it is complete, or not at all.
///
/// Bytes go to a scratch file in the same folder. ``commit()`` waits until they are on the disk, renames the scratch
/// file over the old one and waits for the folder; a process killed before that leaves the old file whole.
package final class AtomicFile {
    /// What becomes of the scratch file when the work is not finished.
    package enum Scratch {
        /// It is removed.
        case temporary
        /// It stays as `NAME.partial`, and the next writer of the same name goes on with it.
        case resumable
    }

    /// The name that the file gets in the end.
    package let path: String
    private let destination: String
    private let scratchPath: String
    private let scratch: Scratch
    /// Bytes that the scratch file held when it was opened; 0 unless work is resumed.
    package let resumedByteCount: Int
    private var output: OutputFile?

    /// Where the bytes of an unfinished resumable file are.
    package static func partialPath(for path: String) -> String { path + ".partial" }

    /// Opens the scratch file of `path`.
    ///
    /// - Throws: ``FileError`` for a folder that is missing or must not be written, a `path` that is a folder or a
    ///   device, and a resumable file that another process is writing.
    package init(path: String, scratch: Scratch = .temporary) throws(FileError) {
        self.path = path
        self.scratch = scratch
        destination = try Self.resolve(path)
        switch scratch {
        case .temporary:
            let name = ".akin-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
            scratchPath = Self.folder(of: destination) + "/" + name
        case .resumable:
            scratchPath = Self.partialPath(for: destination)
        }
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (scratch == .temporary ? O_EXCL : 0)
        let descriptor = open(scratchPath, flags, 0o666)
        guard descriptor >= 0 else {
            throw FileError(errno: errno, path: path, "cannot create a file in \(Self.folder(of: path))", writing: true)
        }
        var info = stat()
        if scratch == .resumable, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let error = FileError(errno: errno, path: scratchPath, "cannot lock; is another process writing it?")
            close(descriptor)
            throw error
        }
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError(.notRegularFile, path: scratchPath, "expected a regular file")
        }
        // Whoever held the lock before may have finished and renamed the file that was just opened.
        var named = stat()
        guard stat(scratchPath, &named) == 0, named.st_ino == info.st_ino, named.st_dev == info.st_dev else {
            close(descriptor)
            throw FileError(.busy, path: scratchPath, "another process has just finished writing it")
        }
        // A file that is replaced keeps its permissions.
        if stat(destination, &named) == 0 { fchmod(descriptor, named.st_mode & 0o777) }
        resumedByteCount = Int(info.st_size)
        output = OutputFile(descriptor: descriptor, path: path, offset: resumedByteCount)
    }

    deinit { abandon() }

    /// Where the next byte goes.
    package var offset: Int { output?.offset ?? 0 }

    /// Appends bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try current().write(bytes) }

    /// Appends bytes.
    package func write(_ bytes: [UInt8]) throws(FileError) { try current().write(bytes) }

    /// Appends zeros up to the next multiple of `alignment`.
    package func pad(to alignment: Int) throws(FileError) { try current().pad(to: alignment) }

    /// Replaces bytes already written.
    package func overwrite(_ bytes: [UInt8], at position: Int) throws(FileError) {
        let file = try current()
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
            try file.overwrite(UnsafeRawBufferPointer(bytes), at: position)
        }
    }

    /// Cuts the scratch file to its first `length` bytes.
    package func truncate(to length: Int) throws(FileError) { try current().truncate(to: length) }

    /// Waits until all bytes written so far are on the disk.
    package func synchronize() throws(FileError) { try current().synchronize() }

    /// Reads back `count` bytes of a resumed file from its start; fewer where it is shorter.
    package func resumedPrefix(_ count: Int) throws(FileError) -> [UInt8] {
        guard resumedByteCount > 0 else { return [] }
        let file = try MappedFile(path: scratchPath)
        return Array(file.bytes.prefix(count))
    }

    /// Puts the file in its place, after which nothing can be written.
    package func commit() throws(FileError) {
        let file = try current()
        do throws(FileError) {
            try file.synchronize()
            guard rename(scratchPath, destination) == 0 else {
                throw FileError(errno: errno, path: path, "cannot put the finished file in place", writing: true)
            }
        } catch {
            abandon()
            throw error
        }
        output = nil
        try Self.synchronizeFolder(Self.folder(of: destination), for: path)
    }

    /// Gives up: the old file stays as it is, the scratch file goes unless it is resumable.
    package func abandon() {
        guard output != nil else { return }
        output = nil
        if scratch == .temporary { unlink(scratchPath) }
    }

    private func current() throws(FileError) -> OutputFile {
        guard let output else { throw FileError(.unwritable, path: path, "the file is already finished") }
        return output
    }

    /// Follows a symbolic link to the file it names, so that writing replaces the file and not the link.
    private static func resolve(_ path: String) throws(FileError) -> String {
        var info = stat()
        guard !path.isEmpty else { throw FileError(.notFound, path: path, "expected a file name, got none") }
        guard stat(path, &info) == 0 else { return path }
        guard info.st_mode & S_IFMT == S_IFREG else {
            let kind = info.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or a pipe"
            throw FileError(.notRegularFile, path: path, "expected a file to write, this is \(kind)")
        }
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func synchronizeFolder(_ folder: String, for path: String) throws(FileError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Some file systems cannot synchronise a folder and say EINVAL; the rename itself has succeeded.
        if fsync(descriptor) != 0 && errno != EINVAL {
            throw FileError(errno: errno, path: path, "cannot write its folder", writing: true)
        }
    }
}
