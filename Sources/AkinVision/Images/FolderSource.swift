/// The pictures in a folder and its sub-folders, in the order of their paths' bytes.
///
/// Hidden files and folders are passed over, and so is everything that does not have the name of a picture. Symbolic
/// links are followed; each directory is walked once, even where links lead to it again, so loops end.
public struct FolderSource: ImageSource {
    /// The folder.
    public let path: String

    /// Not known without a walk.
    public var count: Int? { nil }

    /// Names a folder; it is opened when it is listed.
    public init(path: String) { self.path = path }

    /// Lists the pictures, one directory at a time: memory holds the names of the directories being walked, not of the
    /// whole tree.
    public func items() throws(ImageSourceError) -> any ImageItems { try Items(root: path) }

    /// Reads one file.
    static func read(path: String, bytes: [CChar]) throws(ImageSourceError) -> [UInt8] {
        let file: RegularFile
        do {
            file = try RegularFile(path: path, bytes: bytes)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        guard file.size <= ImageItem.largestFile else {
            throw .tooLarge(path: path, bytes: file.size, limit: ImageItem.largestFile)
        }
        do {
            return try file.read(at: 0, count: file.size)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    private struct Items: ImageItems {
        /// A directory being walked; its entries are turned round, so that the next one is the last.
        private struct Level {
            let path: [UInt8]
            var entries: [DirectoryEntries.Entry]
        }

        private let root: [UInt8]
        private var levels: [Level] = []
        private var walked: Set<DirectoryEntries.Identity> = []
        private var index = 0

        init(root path: String) throws(ImageSourceError) {
            root = Array(path.utf8)
            if let identity = DirectoryEntries.identity(of: root) { walked.insert(identity) }
            try descend([])
        }

        mutating func next() throws(ImageSourceError) -> ImageItem? {
            while let last = levels.indices.last {
                guard let entry = levels[last].entries.popLast() else {
                    levels.removeLast()
                    continue
                }
                let relative =
                    levels[last].path.isEmpty ? entry.name : levels[last].path + [UInt8(ascii: "/")] + entry.name
                if let identity = entry.directory {
                    if walked.insert(identity).inserted { try descend(relative) }
                    continue
                }
                defer { index += 1 }
                let full = absolute(relative)
                let name = String(decoding: full, as: UTF8.self)
                let bytes = DirectoryEntries.cString(full)
                return ImageItem(index: index, path: String(decoding: relative, as: UTF8.self)) {
                    () throws(ImageSourceError) in try FolderSource.read(path: name, bytes: bytes)
                }
            }
            if index == 0 { throw .noImages(path: String(decoding: root, as: UTF8.self)) }
            return nil
        }

        private mutating func descend(_ relative: [UInt8]) throws(ImageSourceError) {
            do {
                levels.append(Level(path: relative, entries: try DirectoryEntries.list(absolute(relative)).reversed()))
            } catch {
                throw .unreadable(path: String(decoding: absolute(relative), as: UTF8.self), reason: error.reason)
            }
        }

        private func absolute(_ relative: [UInt8]) -> [UInt8] {
            if relative.isEmpty { return root }
            return root.last == UInt8(ascii: "/") ? root + relative : root + [UInt8(ascii: "/")] + relative
        }
    }
}
