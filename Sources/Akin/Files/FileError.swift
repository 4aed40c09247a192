import Foundation

/// What is wrong with a file: where, what was expected and what was found.
public struct FileError: Error, Equatable, Sendable {
    /// The kind of failure, for programs; people read ``FileError/message``.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no such file or folder.
        case notFound
        /// The system does not let this user read or write it.
        case notPermitted
        /// A folder, a device or a pipe where a regular file is needed.
        case notRegularFile
        /// Another process is writing it.
        case busy
        /// The system failed to read.
        case unreadable
        /// The system failed to write.
        case unwritable
        /// The disk or the user's quota is full.
        case storageFull
        /// The name's extension or the first bytes belong to no known format.
        case unknownFormat
        /// The format is known, but a newer or older version of it.
        case unsupportedVersion
        /// A valid file of a kind that is not read, such as big-endian or Fortran-ordered arrays.
        case unsupported
        /// The file ends before the data that it announces.
        case truncated
        /// Fields that contradict the format, each other or the file's size.
        case malformed
        /// Bytes differ from those that were written.
        case checksumMismatch
        /// A value does not fit the element type it is converted to.
        case valueOutOfRange
        /// Good in itself, but not what the caller needs: another dimension or another element type.
        case mismatch
    }

    /// The kind of failure.
    public var code: Code
    /// The file, as the caller named it.
    public var path: String
    /// A sentence that names what was expected and what was found.
    public var message: String
    /// The byte where the trouble begins, where there is one.
    public var offset: Int?
    /// The section of a container, where there is one.
    public var section: String?

    /// Describes a failure.
    public init(_ code: Code, path: String, _ message: String, offset: Int? = nil, section: String? = nil) {
        self.code = code
        self.path = path
        self.message = message
        self.offset = offset
        self.section = section
    }

    /// Describes a failed call of the system: "cannot open: No such file or directory".
    package init(errno number: Int32, path: String, _ action: String, writing: Bool = false) {
        let code: Code =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM, EROFS: .notPermitted
            case EISDIR: .notRegularFile
            case EWOULDBLOCK, ETXTBSY: .busy
            // A limit on the size of files (EFBIG) is met in the same way as a full disk: with more room.
            case ENOSPC, EDQUOT, EFBIG: .storageFull
            default: writing ? .unwritable : .unreadable
            }
        self.init(code, path: path, "\(action): \(String(cString: strerror(number)))")
    }
}

extension FileError: CustomStringConvertible {
    /// The path, the message, and the place within the file where it is known.
    public var description: String {
        var place: [String] = []
        if let section { place.append("section \(section)") }
        if let offset { place.append("offset \(offset)") }
        return "\(path): \(message)" + (place.isEmpty ? "" : " (\(place.joined(separator: ", ")))")
    }
}
