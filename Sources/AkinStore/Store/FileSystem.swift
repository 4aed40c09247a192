internal import Akin
internal import Foundation

/// What a store asks of the file system beside files themselves.
enum FileSystem {
    /// Waits until what was written to a descriptor is on the disk.
    static func synchronize(_ descriptor: Int32, _ path: String) throws(StoreError) {
        #if os(Linux)
            let status = fdatasync(descriptor)
        #else
            // fsync alone leaves bytes in the drive's cache.
            let status = fcntl(descriptor, F_FULLFSYNC) == 0 ? 0 : fsync(descriptor)
        #endif
        guard status == 0 else { throw StoreError(errno: errno, "\(path): cannot write") }
    }

    /// Waits until the names in a folder are on the disk.
    static func synchronizeFolder(_ folder: String) throws(StoreError) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "\(folder): cannot open") }
        defer { close(descriptor) }
        // Some file systems cannot synchronize a folder and say EINVAL.
        if fsync(descriptor) != 0 && errno != EINVAL { throw StoreError(errno: errno, "\(folder): cannot write") }
    }

    /// Waits until the name of a file is on the disk.
    static func synchronizeFolder(of path: String) throws(StoreError) {
        try synchronizeFolder((path as NSString).deletingLastPathComponent)
    }

    /// Makes a folder, unless it is there.
    static func makeFolder(_ path: String) throws(StoreError) {
        guard mkdir(path, 0o755) != 0 else { return }
        let number = errno
        var info = stat()
        if number == EEXIST, stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { return }
        throw StoreError(errno: number, "\(path): cannot make this folder")
    }

    /// The names in a folder, in their order.
    static func names(in folder: String) throws(StoreError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw .storage("\(folder): cannot list: \(error.localizedDescription)")
        }
    }

    /// Gives a file or folder another name, for certain.
    static func rename(_ path: String, to new: String) throws(StoreError) {
        guard Foundation.rename(path, new) == 0 else { throw StoreError(errno: errno, "\(path): cannot rename") }
        try synchronizeFolder(of: new)
    }

    /// Removes a file; one that is gone already is no error.
    static func remove(_ path: String) { unlink(path) }

    /// Removes a folder with all that it holds.
    static func removeFolder(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// Whether there is a file or a folder.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Bytes of a file; 0 where there is none.
    static func byteCount(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : 0
    }

    /// Sets a damaged file aside under a name that says so, and gives that name.
    static func setAside(_ path: String) throws(StoreError) -> String {
        var name = path + ".damaged", number = 1
        while exists(name) {
            number += 1
            name = path + ".damaged-\(number)"
        }
        try rename(path, to: name)
        return name
    }
}
