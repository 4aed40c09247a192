internal import Akin
internal import Foundation
internal import Synchronization

/// The images of a collection: files named by the digest of their bytes, so that the same image is stored once.
///
/// ```
/// images/3f/3f9a...c1     SHA-256 of the bytes, 64 hexadecimal digits
/// ```
///
/// A file is on the disk before the log names it, and is removed when no point does any more. Who is about to name one
/// holds on to it meanwhile.
final class ImageFolder: Sendable {
    private let folder: String
    private let faults: DiskFaults?
    private let held: Mutex<Held>
    private let bytes: Mutex<Int>

    private struct Held {
        /// How many writers are about to name an image.
        var counts: [String: Int] = [:]
        /// Images that were held at some time since a collection of unused files began; `nil` while none runs.
        var sinceCollection: Set<String>?
    }

    init(_ folder: String, faults: DiskFaults?) throws {
        self.folder = folder
        self.faults = faults
        held = Mutex(Held())
        bytes = Mutex(0)
        try FileSystem.makeFolder(folder)
    }

    /// Bytes of all files, as far as they were counted.
    var byteCount: Int { bytes.withLock { $0 } }

    /// Whether text is a digest as files are named by.
    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The digest of an image's bytes.
    static func digest(_ image: Data) -> String {
        var digest = SHA256()
        image.withUnsafeBytes { digest.update($0) }
        return digest.hexDigest()
    }

    private func path(_ digest: String) -> String { "\(folder)/\(digest.prefix(2))/\(digest)" }

    /// Stores images, and holds on to them until ``release(_:)``.
    ///
    /// - Returns: the digest of each.
    func store(_ images: [Data]) throws -> [String] {
        var digests: [String] = []
        do {
            for image in images {
                let digest = Self.digest(image)
                hold(digest)
                digests.append(digest)
                let path = path(digest)
                let part = "\(folder)/\(digest.prefix(2))"
                guard !FileSystem.exists(path) else {
                    // Somebody else may have stored it just now, and not have come this far.
                    try FileSystem.synchronizeFolder(part)
                    continue
                }
                try faults.check(.writeImage, path: path)
                try FileSystem.makeFolder(part)
                let file = try AtomicFile(path: path)
                try image.withUnsafeBytes { try file.write($0) }
                try file.commit()
                bytes.withLock { $0 += image.count }
            }
            if !digests.isEmpty { try FileSystem.synchronizeFolder(folder) }
        } catch {
            release(digests)
            throw error
        }
        return digests
    }

    private func hold(_ digest: String) {
        held.withLock { held in
            held.counts[digest, default: 0] += 1
            held.sinceCollection?.insert(digest)
        }
    }

    /// Lets go of images that have been named, or will not be.
    func release(_ digests: [String]) {
        held.withLock { held in
            for digest in digests {
                let count = (held.counts[digest] ?? 1) - 1
                held.counts[digest] = count == 0 ? nil : count
            }
        }
    }

    /// The bytes of an image; `nil` where there is none of this digest.
    func read(_ digest: String) throws -> Data? {
        guard Self.isDigest(digest), FileSystem.exists(path(digest)) else { return nil }
        let data: Data
        do { data = try Data(contentsOf: URL(fileURLWithPath: path(digest))) } catch {
            if !FileSystem.exists(path(digest)) { return nil }
            throw StoreError.storage("\(path(digest)): cannot read: \(error.localizedDescription)")
        }
        guard Self.digest(data) == digest else {
            throw StoreError.storage(
                "\(path(digest)): the file is damaged: its bytes do not have the digest of its name")
        }
        return data
    }

    /// Where the file of an image is.
    func file(_ digest: String) -> String { path(digest) }

    /// Removes files that no point names.
    ///
    /// - Parameter named: gives what points name; asked after the files are known, so that nothing named since is lost.
    /// - Throws: what `named` throws; ``StoreError/storage(_:)``.
    func collect(_ named: () throws -> Set<String>) throws {
        held.withLock { $0.sinceCollection = Set($0.counts.keys) }
        defer { held.withLock { $0.sinceCollection = nil } }
        var files: [String] = []
        var total = 0
        for part in try FileSystem.names(in: folder) where part.utf8.count == 2 {
            for name in try FileSystem.names(in: folder + "/" + part) {
                if Self.isDigest(name) {
                    files.append(name)
                    total += FileSystem.byteCount(path(name))
                }
            }
        }
        let named = try named()
        for name in files where !named.contains(name) {
            let size = FileSystem.byteCount(path(name))
            // Whoever wants to name it from now on finds it gone, and stores it again.
            let isRemoved = held.withLock { held in
                guard !(held.sinceCollection?.contains(name) ?? false) else { return false }
                FileSystem.remove(path(name))
                return true
            }
            if isRemoved { total -= size }
        }
        bytes.withLock { $0 = total }
    }

    /// Removes what a crash left half written; only while nobody writes.
    func removeScratch() throws {
        for part in try FileSystem.names(in: folder) where part.utf8.count == 2 {
            for name in try FileSystem.names(in: folder + "/" + part) where name.hasSuffix(".tmp") {
                FileSystem.remove("\(folder)/\(part)/\(name)")
            }
        }
    }
}
