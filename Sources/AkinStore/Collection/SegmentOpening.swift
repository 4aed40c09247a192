internal import Akin
internal import Foundation

/// Opens the segments that a catalogue names, sets damaged files aside, and removes files that nobody names.
struct SegmentOpening {
    /// What is whole, in the order of rows.
    private(set) var segments: [SealedSegment] = []
    /// What is not.
    private(set) var damage: [String] = []
    /// The number of the next segment's name.
    private(set) var nextSegment = 1

    init(_ catalog: Catalog, _ place: SealedSegment.Place) throws {
        for name in try FileSystem.names(in: place.folder) {
            nextSegment = max(nextSegment, (Int(name.prefix { $0.isNumber }) ?? 0) + 1)
        }
        for record in try catalog.segments() {
            nextSegment = max(nextSegment, (Int(record.name) ?? 0) + 1)
            do {
                segments.append(try SealedSegment(record, in: place))
            } catch let error as FileError where error.isDamage {
                let rescued = try rescue(record, place)
                try catalog.write { writer in
                    try writer.replaceSegments(removing: [record.name], adding: rescued.map(\.record))
                }
                segments += rescued
            }
        }
        if !damage.isEmpty { try catalog.checkpoint() }
        segments.sort { $0.firstRow < $1.firstRow }
        for (a, b) in zip(segments, segments.dropFirst()) where a.lastRow >= b.firstRow {
            throw StoreError.storage(
                "\(catalog.path): segments \(a.name) and \(b.name) overlap; restore the collection from a snapshot")
        }
        let named = Set(segments.flatMap(\.record.files))
        for name in try FileSystem.names(in: place.folder) where !named.contains(name) && !name.contains(".damaged") {
            FileSystem.remove(place.path(name))
        }
    }

    /// What is whole of a segment: each good file of vectors becomes one of its own, to be indexed anew.
    private mutating func rescue(_ record: SegmentRecord, _ place: SealedSegment.Place) throws -> [SealedSegment] {
        var rescued: [SealedSegment] = []
        for file in record.files {
            do {
                guard file.hasSuffix(".vectors") else {
                    _ = try IndexFile.open(place.path(file), verify: place.verify, threads: place.threads)
                    continue
                }
                let part = try VectorPart(path: place.path(file), dimension: place.dimension, verify: place.verify)
                let digits = String(nextSegment)
                let flat = SegmentRecord(
                    name: String(repeating: "0", count: max(0, 8 - digits.count)) + digits, spec: "Flat", files: [file],
                    count: part.count, firstRow: part.rows.first, lastRow: part.rows.last)
                rescued.append(try SealedSegment(flat, parts: [part], index: nil, in: place))
                nextSegment += 1
            } catch let error as FileError where error.isDamage {
                guard FileSystem.exists(place.path(file)) else {
                    damage.append("segments/\(file): the file is gone")
                    continue
                }
                let aside = try FileSystem.setAside(place.path(file))
                damage.append("segments/\((aside as NSString).lastPathComponent): \(error.message)")
            }
        }
        if damage.isEmpty { damage.append("segment \(record.name): its files do not fit together") }
        return rescued
    }
}

extension FileError {
    /// Whether the file is damaged or gone, rather than out of reach for now.
    fileprivate var isDamage: Bool {
        switch code {
        case .notFound, .unreadable, .unknownFormat, .truncated, .malformed, .checksumMismatch, .mismatch,
            .valueOutOfRange, .unsupported, .notRegularFile:
            true
        case .notPermitted, .busy, .unwritable, .storageFull, .unsupportedVersion: false
        }
    }
}
