#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What one directory holds that matters to a listing of pictures.
struct DirectoryEntries {
    /// A picture or a sub-directory.
    struct Entry {
        /// The name's bytes, which need not be UTF-8.
        let name: [UInt8]
        /// For directories: which one it is, however it was reached.
        let directory: Identity?

        /// Directories sort as if a slash followed, so that a walk gives whole paths in the order of their bytes.
        var key: [UInt8] { directory == nil ? name : name + [UInt8(ascii: "/")] }
    }

    /// Device and inode.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// Sub-directories and files with the names of pictures, hidden ones left out, in the order of their bytes.
    ///
    /// Symbolic links count as what they lead to; broken ones are left out, so that a walk does not stop at them.
    /// Anything but a file or a directory (a pipe, a device) is left out too.
    static func list(_ path: [UInt8]) throws(RegularFile.Failure) -> [Entry] {
        guard let stream = opendir(cString(path)) else { throw .last }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let found = readdir(stream) else {
                if errno != 0 { throw .last }
                break
            }
            let name = withUnsafeBytes(of: &found.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard name.first != UInt8(ascii: ".") else { continue }
            let isImage = ImageItem.isImageName(name)
            var isDirectory = found.pointee.d_type == UInt8(DT_DIR)
            // Most entries are told by the directory itself; the rest costs one more call each.
            if found.pointee.d_type == UInt8(DT_REG) {
                if isImage { entries.append(Entry(name: name, directory: nil)) }
                continue
            }
            var status = stat()
            guard stat(cString(path + [UInt8(ascii: "/")] + name), &status) == 0 else { continue }
            isDirectory = status.st_mode & S_IFMT == S_IFDIR
            if isDirectory {
                entries.append(Entry(name: name, directory: identity(status)))
            } else if isImage, status.st_mode & S_IFMT == S_IFREG {
                entries.append(Entry(name: name, directory: nil))
            }
        }
        return entries.map { ($0, $0.key) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
    }

    /// Which directory a path leads to; nil where it leads to none.
    static func identity(of path: [UInt8]) -> Identity? {
        var status = stat()
        guard stat(cString(path), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return identity(status)
    }

    /// Whether a path leads to a directory.
    static func isDirectory(_ path: String) -> Bool { identity(of: Array(path.utf8)) != nil }

    static func cString(_ path: [UInt8]) -> [CChar] { path.map(CChar.init(bitPattern:)) + [0] }

    private static func identity(_ status: stat) -> Identity {
        Identity(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
    }
}
