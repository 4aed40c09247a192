/// Where pictures come from: a folder, a tar archive, a single file.
///
/// ```swift
/// let source = try ImageSources.open("photos")
/// var items = try source.items()
/// while let item = try items.next() {
///     let image = try RGBImage(decoding: try item.read())
/// }
/// ```
///
/// Listing is lazy and in a fixed order; the items may be read in any order, from any thread.
public protocol ImageSource: Sendable {
    /// The path it was opened with.
    var path: String { get }

    /// How many pictures there are, where that is known without looking for them.
    var count: Int? { get }

    /// Lists the pictures from the first on; may be called any number of times.
    func items() throws(ImageSourceError) -> any ImageItems
}

/// One walk over the pictures of a source.
public protocol ImageItems {
    /// The next picture, nil after the last.
    ///
    /// - Throws: what stops the walk for good; ``ImageSourceError/noImages(path:)`` where it ends without any.
    mutating func next() throws(ImageSourceError) -> ImageItem?
}

extension ImageSource {
    /// How many pictures there are, by walking over their names.
    public func countImages() throws(ImageSourceError) -> Int {
        if let count { return count }
        var items = try items()
        var count = 0
        while try items.next() != nil { count += 1 }
        return count
    }
}

/// A picture that has been listed but not read.
public struct ImageItem: Sendable {
    /// Its place in the source's order, from 0.
    public let index: Int
    /// Its path relative to the source, `/` between the parts.
    public let path: String
    /// The name of the folder it lies in; nil where that is the source itself.
    public let label: String?

    /// Files of more bytes than this are refused.
    public static let largestFile = 1 << 30

    private let load: @Sendable () throws(ImageSourceError) -> [UInt8]

    package init(index: Int, path: String, load: @escaping @Sendable () throws(ImageSourceError) -> [UInt8]) {
        self.index = index
        self.path = path
        self.label = ImageItem.label(of: path)
        self.load = load
    }

    /// The file's bytes, as they are stored.
    ///
    /// - Throws: `ImageSourceError.unreadable`, `.tooLarge`.
    public func read() throws(ImageSourceError) -> [UInt8] { try load() }

    /// `n01` of `train/n01/x.jpg`; nil of `x.jpg`.
    static func label(of path: String) -> String? {
        let parts = path.split(separator: "/")
        return parts.count >= 2 ? String(parts[parts.count - 2]) : nil
    }

    /// Whether a file of this name is taken for a picture: by its ending alone, and not hidden.
    static func isImageName(_ name: some Collection<UInt8>) -> Bool {
        guard name.first != UInt8(ascii: ".") else { return false }
        let reversed = name.reversed()
        guard let dot = reversed.firstIndex(of: UInt8(ascii: ".")) else { return false }
        let ending = reversed[..<dot].reversed().map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        return endings.contains(String(decoding: ending, as: UTF8.self))
    }

    private static let endings: Set<String> = ["jpg", "jpeg", "jpe", "jfif", "png", "webp"]
}

/// Opens whatever holds pictures.
public enum ImageSources {
    /// A folder, a tar archive or a single picture, told apart by what the path is and how the file begins.
    ///
    /// - Throws: `ImageSourceError.unreadable`, `.notASource`.
    public static func open(_ path: String) throws(ImageSourceError) -> any ImageSource {
        if DirectoryEntries.isDirectory(path) { return FolderSource(path: path) }
        let file: RegularFile
        let start: [UInt8]
        do {
            file = try RegularFile(path: path)
            start = try file.read(at: 0, count: TarHeader.size)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        if path.lowercased().hasSuffix(".tar") || TarHeader.isHeader(start) { return TarSource(file: file) }
        let name = path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed()
        guard ImageFormat(firstBytes: start) != nil || ImageItem.isImageName(Array(name)) else {
            throw .notASource(path: path, firstBytes: Array(start.prefix(12)))
        }
        return SingleImageSource(path: path)
    }
}
