/// Why pictures could not be listed or read.
public enum ImageSourceError: Error, Equatable, Sendable {
    /// The operating system refused; `reason` is what it said.
    case unreadable(path: String, reason: String)
    /// Nothing below the path has the name of a JPEG, PNG or WebP file.
    case noImages(path: String)
    /// The file is neither a picture nor a tar archive. At most the first 12 bytes are kept.
    case notASource(path: String, firstBytes: [UInt8])
    /// A file of this many bytes is not read into memory.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The archive ends before the member at `offset` does, or without its end mark.
    case truncatedTar(path: String, offset: Int, member: String?)
    /// The header at `offset` breaks the format's rules.
    case damagedTar(path: String, offset: Int, reason: String)
}

extension ImageSourceError: CustomStringConvertible {
    /// A sentence that names the file and says what was expected.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .noImages(let path):
            "\(path) holds no pictures: expected files named *.jpg, *.jpeg, *.jpe, *.jfif, *.png or *.webp"
        case .notASource(let path, let bytes):
            bytes.isEmpty
                ? "\(path) is empty: expected a folder, a tar archive or a JPEG, PNG or WebP picture"
                : "\(path) is not a folder, a tar archive or a JPEG, PNG or WebP picture: "
                    + "it begins with \(ImageError.shown(bytes))"
        case .tooLarge(let path, let bytes, let limit): "\(path) has \(bytes) bytes; at most \(limit) are read"
        case .truncatedTar(let path, let offset, let member):
            member.map { "\(path) is cut off: its member \($0) (header at byte \(offset)) does not fit into the file" }
                ?? "\(path) is cut off at byte \(offset): expected another member or the end mark"
        case .damagedTar(let path, let offset, let reason): "\(path) is damaged at byte \(offset): \(reason)"
        }
    }
}
