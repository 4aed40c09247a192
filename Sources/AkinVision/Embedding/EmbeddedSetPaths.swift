import Akin
import Foundation

/// The three files of an embedded set, and where each is kept until the set is complete.
struct EmbeddedSetPaths {
    /// The vectors: `photos.npy`.
    let vectors: String
    /// A line per image: `photos.jsonl`.
    let records: String
    /// The description of the whole: `photos.json`.
    let description: String

    /// The files that belong to a file of vectors.
    init(vectors: String) {
        self.vectors = vectors
        let url = URL(fileURLWithPath: vectors)
        let base = url.pathExtension.isEmpty ? vectors : String(vectors.dropLast(url.pathExtension.count + 1))
        records = base + ".jsonl"
        description = base + ".json"
    }

    var partialVectors: String { AtomicFile.partialPath(for: vectors) }
    var partialRecords: String { AtomicFile.partialPath(for: records) }
    /// Present from the beginning of a run to its very end: the sign that the others are not complete.
    var partialDescription: String { AtomicFile.partialPath(for: description) }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Removes a file; one that is not there is fine.
    static func remove(_ path: String) throws(FileError) {
        if unlink(path) != 0 && errno != ENOENT {
            throw FileError(errno: errno, path: path, "cannot remove", writing: true)
        }
    }

    /// Gives a complete file its name.
    static func rename(_ old: String, to new: String) throws(FileError) {
        if Foundation.rename(old, new) != 0 {
            throw FileError(errno: errno, path: new, "cannot put the finished file in place", writing: true)
        }
    }
}

/// Maps a file and lends its bytes for the length of the call.
func withMappedFile<Result>(
    _ path: String, access: MappedFile.Access = .sequential, _ body: (UnsafeRawBufferPointer) throws -> Result
) throws -> Result {
    let file = try MappedFile(path: path, access: access)
    // Without this the mapping may go as soon as its address has been read.
    return try withExtendedLifetime(file) { try body(file.bytes) }
}
