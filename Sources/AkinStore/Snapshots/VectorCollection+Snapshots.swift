internal import Akin
internal import Foundation
internal import GRDB

extension VectorCollection {
    /// Writes all that is acknowledged when this begins into one file, while reading and writing go on.
    ///
    /// Files of segments are copied as they are; what is not yet in one comes along as a piece of the log.
    func writeSnapshot(to path: String) throws {
        try checkOpen()
        try deletions.hold {
            let copy = "\(folder)/.snapshot-\(UUID().uuidString).sqlite"
            defer { for suffix in ["", "-wal", "-shm"] { FileSystem.remove(copy + suffix) } }
            try catalog.backUp(to: copy)
            let backup = try Catalog(opening: copy)
            let content: (segments: [SegmentRecord], images: Set<String>, sealed: UInt64, applied: UInt64)
            do {
                content = (
                    try backup.segments(), try backup.images(), UInt64(try backup.sealedSequence()),
                    UInt64(try backup.appliedSequence())
                )
                try backup.close()
            } catch {
                try? backup.close()
                throw error
            }
            try Self.makeOneFile(copy)
            let writer = try SnapshotWriter(path)
            try writer.add("catalog.sqlite", from: copy)
            let records = try logRecords(after: content.sealed, through: content.applied)
            if !records.isEmpty {
                let digits = String(content.sealed + 1)
                let name = "log/" + String(repeating: "0", count: 20 - digits.count) + digits + ".log"
                try records.withUnsafeBytes { try writer.add(name, $0) }
            }
            for file in Set(content.segments.flatMap(\.files)).sorted() {
                try writer.add("segments/" + file, from: place.path(file))
            }
            for digest in content.images.sorted() {
                try writer.add("images/\(digest.prefix(2))/\(digest)", from: images.file(digest))
            }
            try writer.finish()
        }
    }

    /// Moves what SQLite keeps beside a database into it.
    private static func makeOneFile(_ path: String) throws {
        try Catalog.translating(file: path) {
            let database = try DatabaseQueue(path: path)
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try database.close()
        }
        guard FileSystem.byteCount(path + "-wal") == 0 else {
            throw StoreError.snapshot("\(path): the copy of the catalogue could not be closed")
        }
    }

    /// A file of the log with the records of a range; empty where there are none.
    private func logRecords(after first: UInt64, through last: UInt64) throws -> [UInt8] {
        guard last > first else { return [] }
        var bytes = LogFormat.header(firstSequence: first + 1)
        for file in log.files {
            // Read, not mapped: the writer may cut a failed write from its end.
            guard let handle = FileHandle(forReadingAtPath: file.path) else { continue }
            defer { try? handle.close() }
            let content = [UInt8](try handle.read(upToCount: file.byteCount) ?? Data())
            content.withUnsafeBytes { content in
                for entry in LogScan(content, expected: nil, isLast: true).entries
                where entry.sequence > first && entry.sequence <= last {
                    let start = entry.body.lowerBound - LogFormat.recordHeaderByteCount
                    bytes.append(contentsOf: content[start..<entry.body.upperBound])
                }
            }
        }
        let found = bytes.withUnsafeBytes { LogScan($0, expected: first + 1, isLast: true).entries.count }
        guard found == Int(last - first) else {
            throw StoreError.snapshot("\(folder)/log: expected records \(first + 1) to \(last), found \(found) of them")
        }
        return bytes
    }

    /// Puts the files of a snapshot into a folder that is not there yet, and sees that a collection can be made of them.
    static func unpack(
        _ snapshot: String, to folder: String, _ settings: StoreSettings,
        matching expected: CollectionConfiguration? = nil
    ) throws {
        try FileSystem.makeFolder(folder)
        for part in ["log", "segments", "images"] { try FileSystem.makeFolder(folder + "/" + part) }
        try SnapshotReader(snapshot).forEach { name, bytes in
            let path = folder + "/" + name
            try FileSystem.makeFolder((path as NSString).deletingLastPathComponent)
            let file = try AtomicFile(path: path)
            try file.write(bytes)
            try file.commit()
        }
        for part in ["images", ""] { try FileSystem.synchronizeFolder(folder + "/" + part) }
        try Catalog.checkForeign(folder + "/" + catalogName)
        var settings = settings
        settings.verifiesOnOpen = true
        let collection = try open("snapshot", folder, settings)
        let damage = collection.damage.withLock { $0 }
        collection.close()
        guard damage.isEmpty else {
            throw StoreError.snapshot("\(snapshot): the snapshot is damaged: " + damage.joined(separator: "; "))
        }
        if let expected { try check(collection.configuration, matches: expected) }
    }

    /// Refuses a snapshot of vectors that cannot be compared with those that are expected.
    private static func check(
        _ actual: CollectionConfiguration, matches expected: CollectionConfiguration
    ) throws(StoreError) {
        guard actual.dimension == expected.dimension, actual.metric == expected.metric else {
            throw .snapshot(
                "the snapshot holds vectors of dimension \(actual.dimension) for metric \(actual.metric.rawValue); expected "
                    + "dimension \(expected.dimension), metric \(expected.metric.rawValue)")
        }
        guard let expected = expected.space, let actual = actual.space else { return }
        do { try expected.check(actual) } catch { throw StoreError(error) }
    }
}
