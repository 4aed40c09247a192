public import Foundation

/// A copy of a collection in one file.
public struct SnapshotDescription: Sendable, Equatable {
    /// The file's name.
    public var name: String
    /// The file's length.
    public var byteCount: Int
    /// When it was made.
    public var date: Date

    /// Puts a description together.
    public init(name: String, byteCount: Int, date: Date) {
        self.name = name
        self.byteCount = byteCount
        self.date = date
    }
}

extension Store {
    /// Writes a copy of a collection, as it is now, into one file; reading and writing go on meanwhile.
    ///
    /// - Throws: ``StoreError/noCollection(_:)``, ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``.
    public func createSnapshot(of name: String) throws -> SnapshotDescription {
        let collection = try collection(name)
        do {
            let folder = snapshotFolder(name)
            try FileSystem.makeFolder(folder)
            let file = "\(name)-\(Self.stamp(Date())).snapshot"
            try collection.writeSnapshot(to: folder + "/" + file)
            guard let made = try snapshots(of: name).first(where: { $0.name == file }) else {
                throw StoreError.snapshot("\(folder)/\(file): the snapshot is gone")
            }
            return made
        } catch { throw StoreError(error) }
    }

    /// Writes a copy of a collection to a path of the caller's, where it appears complete or not at all.
    ///
    /// - Throws: ``StoreError/noCollection(_:)``, ``StoreError/diskFull(_:)``, ``StoreError/storage(_:)``.
    public func createSnapshot(of name: String, at path: String) throws {
        let collection = try collection(name)
        do { try collection.writeSnapshot(to: path) } catch { throw StoreError(error) }
    }

    /// The snapshots of a collection, oldest first, also of one that is gone.
    public func snapshots(of name: String) throws -> [SnapshotDescription] {
        try CollectionFolders.check(name)
        let folder = snapshotFolder(name)
        guard FileSystem.exists(folder) else { return [] }
        return try FileSystem.names(in: folder).filter(Self.isSnapshot).map { file in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + file)
            return SnapshotDescription(
                name: file, byteCount: FileSystem.byteCount(folder + "/" + file),
                date: attributes?[.modificationDate] as? Date ?? Date(timeIntervalSince1970: 0))
        }.sorted { ($0.date, $0.name) < ($1.date, $1.name) }
    }

    /// Where the file of a snapshot is.
    ///
    /// - Throws: ``StoreError/snapshot(_:)`` where there is none of this name.
    public func snapshotPath(of name: String, named file: String) throws -> String {
        try CollectionFolders.check(name)
        let path = snapshotFolder(name) + "/" + file
        guard Self.isSnapshot(file), FileSystem.exists(path) else {
            throw StoreError.snapshot("collection \"\(name)\" has no snapshot \"\(file)\"")
        }
        return path
    }

    /// Removes a snapshot.
    ///
    /// - Throws: ``StoreError/snapshot(_:)`` where there is none of this name.
    public func deleteSnapshot(of name: String, named file: String) throws {
        FileSystem.remove(try snapshotPath(of: name, named: file))
    }

    /// Makes a collection what it was when a snapshot was written, or makes it anew where it is gone.
    ///
    /// The snapshot is unpacked and checked beside the collection, which serves until then, and takes its place at once;
    /// what was written since the snapshot is lost.
    ///
    /// - Throws: ``StoreError/snapshot(_:)`` for one that is damaged; the collection is then as it was.
    @discardableResult
    public func restore(_ name: String, fromSnapshot file: String) throws -> VectorCollection {
        try restore(name, fromFile: try snapshotPath(of: name, named: file))
    }

    /// Makes a collection what a snapshot in any file holds; see ``restore(_:fromSnapshot:)``.
    ///
    /// - Parameters:
    ///   - name: of the collection.
    ///   - path: of the snapshot.
    ///   - expected: what the collection must be made of, where that is known: its dimension, metric and embedding space.
    /// - Returns: the collection.
    /// - Throws: ``StoreError/snapshot(_:)``, ``StoreError/spaceMismatch(expected:actual:)``; the collection is then as it
    ///   was.
    @discardableResult
    public func restore(
        _ name: String, fromFile path: String, matching expected: CollectionConfiguration? = nil
    ) throws -> VectorCollection {
        try replace(name) { folder in try VectorCollection.unpack(path, to: folder, settings, matching: expected) }
    }

    private func snapshotFolder(_ name: String) -> String { "\(path)/snapshots/\(name)" }

    private static func isSnapshot(_ name: String) -> Bool {
        name.hasSuffix(".snapshot") && name.utf8.count > 9 && name.utf8.first != UInt8(ascii: ".")
            && !name.contains("/")
    }

    /// A time in UTC, to the millisecond, that sorts as text.
    private static func stamp(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd-HH-mm-ss-SSS"
        return formatter.string(from: date)
    }
}
