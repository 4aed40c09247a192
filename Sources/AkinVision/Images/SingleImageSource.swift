/// One picture file.
public struct SingleImageSource: ImageSource {
    /// The picture's path.
    public let path: String

    /// Always 1.
    public var count: Int? { 1 }

    /// Names a file; it is opened when it is read.
    public init(path: String) { self.path = path }

    /// The one picture.
    public func items() -> any ImageItems { Items(path: path) }

    private struct Items: ImageItems {
        let path: String
        var done = false

        mutating func next() -> ImageItem? {
            if done { return nil }
            done = true
            let path = path
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return ImageItem(index: 0, path: name) { () throws(ImageSourceError) in
                try FolderSource.read(path: path, bytes: Array(path.utf8CString))
            }
        }
    }
}
