import Akin
import Foundation

/// Writes an embedded set so that an interrupted run can go on.
///
/// While images are embedded there are `vectors.npy.partial`, `vectors.jsonl.partial` and `vectors.json.partial`. The
/// last is written first and says what the others are going to hold. Vectors reach the disk before the lines that speak
/// of them, so after a crash the whole lines tell what is finished; a torn last line and rows without a line are cut off.
///
/// When all is done, the old `vectors.json` goes, lines and vectors get their names, and `vectors.json` comes last: a set
/// with that file is complete. A crash between these steps is made good by the next run.
final class EmbeddedSetWriter {
    /// Images of which a line has been written, whether they could be read or not.
    private(set) var imageCount = 0
    /// What the set came to, where an earlier run had written all of it and only the names were missing.
    private(set) var finished: EmbeddingSummary?

    private let paths: EmbeddedSetPaths
    private var description: EmbeddedSetDescription
    private let records: AtomicFile
    private let vectors: VectorWriter
    private var skipped = 0
    private var firstReason: String?
    /// Lines whose vectors may not be on the disk yet.
    private var waiting: [UInt8] = []
    private var lastCheckpoint = ContinuousClock.now
    private let encoder = JSONEncoder()

    /// Seconds of work that a killed process loses at most, but for one group of images.
    private static let checkpointInterval = Duration.seconds(2)

    /// Begins a set, or finds what an interrupted run left of it.
    ///
    /// - Throws: ``EmbeddingError/cannotResume(file:what:expected:actual:)``, `FileError`.
    init(path: String, description: EmbeddedSetDescription, restart: Bool) throws {
        guard try VectorFormat(path: path) == .npy else {
            throw FileError(.unsupported, path: path, "expected a name that ends in .npy")
        }
        // Found before anything is written, since the vectors are the last of the files to be opened.
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw FileError(.notRegularFile, path: path, "expected a file to write, this is a folder")
        }
        paths = EmbeddedSetPaths(vectors: path)
        self.description = description
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]

        // Holding this file open keeps every other process out.
        records = try AtomicFile(path: paths.records, scratch: .resumable)
        if restart {
            try records.truncate(to: 0)
            try EmbeddedSetPaths.remove(paths.partialVectors)
            try EmbeddedSetPaths.remove(paths.partialDescription)
        }
        let left = try Self.check(paths: paths, description: description, isFresh: records.offset == 0)
        if left == nil { try Self.write(description, to: paths) }
        vectors = try VectorWriter(resuming: path, dimension: description.dimension)
        if let left, let count = left.count, let skipped = left.skipped {
            self.skipped = skipped
            try putInPlace(left, count: count)
            finished = summary(resumed: count + skipped, embedded: count)
        }
    }

    /// What an interrupted run left, checked against the present one; `nil` where there was none.
    private static func check(
        paths: EmbeddedSetPaths, description: EmbeddedSetDescription, isFresh: Bool
    ) throws -> EmbeddedSetDescription? {
        let file = paths.partialDescription
        guard EmbeddedSetPaths.exists(file) else {
            guard isFresh, !EmbeddedSetPaths.exists(paths.partialVectors) else {
                throw EmbeddingError.cannotResume(
                    file: isFresh ? paths.partialVectors : paths.partialRecords, what: "origin",
                    expected: "\(file) beside it", actual: "none")
            }
            return nil
        }
        let left = try EmbeddedSetDescription(file: file)
        func same(_ what: String, _ expected: String, _ actual: String) throws(EmbeddingError) {
            if expected != actual {
                throw .cannotResume(file: file, what: what, expected: expected, actual: actual)
            }
        }
        try same("source", left.source, description.source)
        try same(
            "embedding space", "\(left.space.name) (\(left.space.id.prefix(12)))",
            "\(description.space.name) (\(description.space.id.prefix(12)))")
        try same("dimension", "\(left.dimension)", "\(description.dimension)")
        return left
    }

    /// Moves `items` behind the images that are finished, and drops what is torn.
    ///
    /// With `strict`, an image that could not be read is an error.
    ///
    /// - Throws: ``EmbeddingError/cannotResume(file:what:expected:actual:)`` where the source has other images by now.
    func resume(along items: inout any ImageItems, strict: Bool) throws {
        guard records.resumedByteCount > 0, records.offset > 0 else {
            return try vectors.truncate(to: 0)
        }
        var kept = 0
        var rows = 0
        try withMappedFile(paths.partialRecords) { bytes in
            let decoder = JSONDecoder()
            while let end = bytes[kept...].firstIndex(of: UInt8(ascii: "\n")) {
                guard let record = try? decoder.decode(ImageRecord.self, from: Data(bytes[kept..<end])),
                    record.row == nil ? record.error != nil : record.row == rows && rows < vectors.count
                else { break }
                guard let item = try items.next(), item.path == record.path else {
                    throw EmbeddingError.cannotResume(
                        file: paths.partialRecords, what: "list of images",
                        expected: "image \(imageCount) to be \(record.path)", actual: "another or none")
                }
                if let reason = record.error {
                    if strict { throw EmbeddingError.unreadableImage(path: record.path, reason: reason) }
                    skipped += 1
                    firstReason = firstReason ?? reason
                } else {
                    rows += 1
                }
                imageCount += 1
                kept = end + 1
            }
        }
        try records.truncate(to: kept)
        try vectors.truncate(to: rows)
    }

    /// Appends images in source order.
    func append(_ chunk: EmbeddingPipeline.Chunk) throws {
        var row = vectors.count
        for rows in chunk.vectors { try vectors.append(rows) }
        for var record in chunk.records {
            if let reason = record.error {
                skipped += 1
                firstReason = firstReason ?? reason
            } else {
                record.row = row
                row += 1
            }
            waiting += try encoder.encode(record)
            waiting.append(UInt8(ascii: "\n"))
            imageCount += 1
        }
        precondition(row == vectors.count, "\(vectors.count) vectors, records of \(row)")
        if ContinuousClock.now - lastCheckpoint > Self.checkpointInterval { try checkpoint() }
    }

    /// Brings everything appended so far to the disk, vectors before the lines that speak of them.
    func checkpoint() throws(FileError) {
        try vectors.synchronize()
        try records.write(waiting)
        waiting.removeAll(keepingCapacity: true)
        try records.synchronize()
        lastCheckpoint = .now
    }

    /// Completes the set.
    ///
    /// - Throws: ``EmbeddingError/nothingReadable(source:count:reason:)`` after removing what was written, where no image
    ///   could be read.
    func finish(resumedImages: Int) throws -> EmbeddingSummary {
        guard vectors.count > 0 else {
            try discard()
            throw EmbeddingError.nothingReadable(
                source: description.source, count: skipped, reason: firstReason ?? "it has no images")
        }
        try checkpoint()
        description.count = vectors.count
        description.skipped = skipped
        try Self.write(description, to: paths)
        try putInPlace(description, count: vectors.count)
        return summary(resumed: resumedImages, embedded: description.count ?? 0)
    }

    /// Removes everything that belongs to the unfinished set.
    func discard() throws {
        try EmbeddedSetPaths.remove(paths.partialVectors)
        try EmbeddedSetPaths.remove(paths.partialDescription)
        // The lock goes with this file, so it goes last.
        try EmbeddedSetPaths.remove(paths.partialRecords)
    }

    /// Gives all files their names; what an interrupted call has already renamed is left alone.
    private func putInPlace(_ description: EmbeddedSetDescription, count: Int) throws {
        guard vectors.count == count || vectors.count == 0 else {
            throw EmbeddingError.cannotResume(
                file: paths.partialVectors, what: "number of vectors", expected: "\(count)",
                actual: "\(vectors.count)")
        }
        try EmbeddedSetPaths.remove(paths.description)
        if records.offset > 0 {
            try records.commit()
        } else {
            // Lines are renamed first, so this is an empty file that was made to look for them.
            try EmbeddedSetPaths.remove(paths.partialRecords)
        }
        if vectors.count == count {
            try vectors.finish()
        } else {
            try EmbeddedSetPaths.remove(paths.partialVectors)
        }
        try EmbeddedSetPaths.rename(paths.partialDescription, to: paths.description)
    }

    private func summary(resumed: Int, embedded: Int) -> EmbeddingSummary {
        EmbeddingSummary(
            path: paths.vectors, embedded: embedded, skipped: skipped, resumed: resumed,
            dimension: description.dimension, space: description.space)
    }

    private static func write(_ description: EmbeddedSetDescription, to paths: EmbeddedSetPaths) throws {
        let file = try AtomicFile(path: paths.partialDescription, scratch: .temporary)
        try file.write(description.encoded())
        try file.commit()
    }
}
