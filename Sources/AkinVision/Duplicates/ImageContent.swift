public import Akin
internal import Foundation

/// What a picture's file is, apart from what it looks like: enough to tell copies from each other.
public struct ImageContent: Sendable, Equatable, Codable {
    /// SHA-256 of the file's bytes, in hexadecimal digits.
    public var fileDigest: String
    /// SHA-256 of size and decoded pixels; equal for files that show exactly the same picture.
    public var pixelDigest: String
    /// Pixels across, and down.
    public var width, height: Int
    /// Bytes of the file.
    public var byteCount: Int

    /// Describes a file.
    public init(fileDigest: String, pixelDigest: String, width: Int, height: Int, byteCount: Int) {
        self.fileDigest = fileDigest
        self.pixelDigest = pixelDigest
        self.width = width
        self.height = height
        self.byteCount = byteCount
    }

    /// Looks at a file that is in memory.
    ///
    /// - Throws: ``ImageError`` for bytes that are no picture.
    public init(of bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageError) {
        let image = try RGBImage(decoding: bytes, limits: limits)
        var file = SHA256(), pixels = SHA256()
        file.update(bytes)
        pixels.update(field: "\(image.width)x\(image.height)")
        pixels.update(image.pixels)
        self.init(
            fileDigest: file.hexDigest(), pixelDigest: pixels.hexDigest(), width: image.width, height: image.height,
            byteCount: bytes.count)
    }

    /// Looks at all pictures of a source.
    ///
    /// - Parameters:
    ///   - source: where the pictures are.
    ///   - paths: those that are wanted.
    ///   - threads: threads to use; `nil` means one per core.
    ///   - limits: larger pictures are left out.
    ///   - monitor: progress and cancellation.
    /// - Returns: what was found, by path; pictures that cannot be read or decoded are missing.
    /// - Throws: ``ImageSourceError`` for a source that cannot be walked, `CancellationError`.
    public static func read(
        _ source: any ImageSource, paths: Set<String>, threads: Int? = nil, limits: ImageLimits = .standard,
        monitor: ProgressMonitor = .silent
    ) throws -> [String: ImageContent] {
        let cores = threads ?? availableCores()
        let work = OrderedWork(threads: cores, cores: cores, window: 4 * cores)
        var items = try source.items()
        var found: [String: ImageContent] = [:]
        var done = 0
        try work.run(
            next: { () throws -> ImageItem? in
                while let item = try items.next() {
                    if paths.contains(item.path) { return item }
                }
                return nil
            },
            work: { item, worker -> (String, ImageContent?) in
                guard let bytes = try? item.read() else { return (item.path, nil) }
                return (item.path, worker.computing { try? ImageContent(of: bytes, limits: limits) })
            },
            take: { path, content in
                done += 1
                // Of two members of one name the first counts, as for vectors.
                if let content, found[path] == nil { found[path] = content }
                return true
            },
            tick: { try monitor.update("comparing files", done: done, total: paths.count) })
        return found
    }
}
