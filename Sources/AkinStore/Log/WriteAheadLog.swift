internal import Akin
internal import Foundation
internal import Synchronization

/// The log of a collection: what was written and is not yet in sealed segments, on the disk before it is acknowledged.
///
/// One writer at a time appends; see ``GroupCommit``. Files are named by the sequence number of their first record.
package final class WriteAheadLog: @unchecked Sendable {
    private let folder: String
    private let settings: StoreSettings
    /// The sequence number that the next record gets.
    private(set) var nextSequence: UInt64
    private let current: Mutex<LogFile>
    /// Files that are full, oldest first.
    private let full: Mutex<[(path: String, firstSequence: UInt64, byteCount: Int)]>
    /// Whether something was written since the last synchronization, where that waits.
    private let isUnsynchronized = Mutex(false)
    /// Why nothing can be written any more: a write that failed could not be undone.
    private var failure: StoreError?

    /// Where the log stood before a group.
    package struct Mark {
        fileprivate let sequence: UInt64
        fileprivate let byteCount: Int
    }

    private init(
        folder: String, settings: StoreSettings, nextSequence: UInt64, current: LogFile,
        full: [(path: String, firstSequence: UInt64, byteCount: Int)]
    ) {
        self.folder = folder
        self.settings = settings
        self.nextSequence = nextSequence
        self.current = Mutex(current)
        self.full = Mutex(full)
    }

    /// Bytes of all files.
    package var byteCount: Int {
        full.withLock { $0.reduce(0) { $0 + $1.byteCount } } + current.withLock { $0.byteCount }
    }
    /// Bytes of the file that is being written.
    var currentByteCount: Int { current.withLock { $0.byteCount } }
    /// The sequence number of the last record.
    var lastSequence: UInt64 { nextSequence - 1 }

    /// Appends a group of records, and synchronizes them where the policy says so.
    ///
    /// - Returns: where the log stood before.
    /// - Throws: ``StoreError``; the log is then as it was.
    @discardableResult
    package func append(_ records: [(kind: LogRecord.Kind, body: [UInt8])]) throws(StoreError) -> Mark {
        if let failure { throw failure }
        let file = current.withLock { $0 }
        let mark = Mark(sequence: nextSequence, byteCount: file.byteCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.reduce(0) { $0 + $1.body.count + LogFormat.recordHeaderByteCount })
        for record in records {
            LogFormat.append(
                record.kind, record.body, sequence: nextSequence, group: mark.sequence, to: &bytes)
            nextSequence += 1
        }
        do {
            try file.write(bytes)
            if settings.synchronization == .everyWrite {
                try file.synchronize()
            } else {
                isUnsynchronized.withLock { $0 = true }
            }
        } catch {
            undo(to: mark)
            throw error
        }
        return mark
    }

    /// Forgets all records since a mark.
    func undo(to mark: Mark) {
        do {
            try current.withLock { $0 }.cut(to: mark.byteCount)
            nextSequence = mark.sequence
        } catch {
            failure = .unavailable(
                "a write failed and could not be undone (\(error)); close the store and open it again to go on")
        }
    }

    /// Waits until everything written is on the disk.
    func synchronize() throws(StoreError) {
        let isNeeded = isUnsynchronized.withLock { waits in
            defer { waits = false }
            return waits
        }
        guard isNeeded else { return }
        do { try current.withLock { $0 }.synchronize() } catch {
            isUnsynchronized.withLock { $0 = true }
            throw error
        }
    }

    /// Begins a new file; the one before is synchronized.
    func rotate() throws(StoreError) {
        let old = current.withLock { $0 }
        guard old.firstSequence != nextSequence else { return }
        // Even if somebody else is about to: who comes later looks at the new file only.
        try old.synchronize()
        let new = try LogFile(
            creating: Self.path(of: nextSequence, in: folder), firstSequence: nextSequence, faults: settings.faults)
        full.withLock { $0.append((old.path, old.firstSequence, old.byteCount)) }
        current.withLock { $0 = new }
    }

    /// Removes files all of whose records are at most `sequence`.
    func remove(through sequence: UInt64) {
        let currentFirst = current.withLock { $0.firstSequence }
        full.withLock { full in
            while let oldest = full.first, (full.count > 1 ? full[1].firstSequence : currentFirst) <= sequence + 1 {
                FileSystem.remove(oldest.path)
                full.removeFirst()
            }
        }
    }

    /// All files with the bytes of them that hold whole records, oldest first.
    var files: [(path: String, byteCount: Int)] {
        let file = current.withLock { $0 }
        return full.withLock { $0.map { ($0.path, $0.byteCount) } } + [(file.path, file.byteCount)]
    }

    private static func path(of sequence: UInt64, in folder: String) -> String {
        let digits = String(sequence)
        return folder + "/" + String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }
}

extension WriteAheadLog {
    /// Opens the log of a collection and reads what is not in sealed segments.
    ///
    /// - Parameters:
    ///   - folder: where the files are; it exists.
    ///   - sealed: records up to this sequence number are not needed.
    ///   - applied: the last record the catalogue knows of; later ones follow it without a gap.
    ///   - settings: how to write.
    ///   - receive: gets each later record in its order.
    /// - Returns: the log, and what was set aside.
    /// - Throws: what `receive` throws; ``StoreError``.
    package static func open(
        _ folder: String, after sealed: UInt64, applied: UInt64, settings: StoreSettings,
        _ receive: (UInt64, LogRecord) throws -> Void
    ) throws -> (log: WriteAheadLog, damage: [String]) {
        let names = try FileSystem.names(in: folder).filter { $0.hasSuffix(".log") }
        var damage: [String] = []
        var full: [(path: String, firstSequence: UInt64, byteCount: Int)] = []
        var last: LogFile?
        // The records of the first file may all be sealed; what must not be missing is the one behind those.
        var expected: UInt64?
        for (number, name) in names.enumerated() {
            let path = folder + "/" + name, isLast = number == names.count - 1
            var scan: LogScan
            do {
                // The file is cut below, so its bytes must not stay mapped.
                let file = try MappedFile(path: path, access: .sequential)
                scan = LogScan(file.bytes, expected: expected, isLast: isLast)
                if expected == nil, let first = scan.firstSequence, first > sealed + 1 {
                    damage.append("log: records \(sealed + 1) to \(first - 1) are missing")
                }
                for (place, entry) in scan.entries.enumerated() where entry.sequence > sealed {
                    let record: LogRecord
                    do {
                        record = try LogRecord(
                            entry.kind, UnsafeRawBufferPointer(rebasing: file.bytes[entry.body]))
                    } catch {
                        scan.rest = .damaged("record \(entry.sequence) cannot be read: \(error)")
                        scan.validByteCount = entry.body.lowerBound - LogFormat.recordHeaderByteCount
                        scan.entries.removeSubrange(place...)
                        break
                    }
                    try receive(entry.sequence, record)
                }
                withExtendedLifetime(file) {}
            }
            if let first = scan.firstSequence { expected = first + UInt64(scan.entries.count) }
            if case .damaged(let what) = scan.rest {
                // Whatever follows cannot be brought back in order; it is kept, and not served.
                damage += try setAside(names[number...].map { folder + "/" + $0 }, from: scan.validByteCount, what)
                if let first = scan.firstSequence {
                    full.append((path, first, scan.validByteCount))
                }
                break
            }
            guard let first = scan.firstSequence else {
                FileSystem.remove(path)
                break
            }
            if isLast {
                last = try LogFile(
                    continuing: path, firstSequence: first, byteCount: scan.validByteCount, faults: settings.faults)
            } else {
                full.append((path, first, scan.validByteCount))
            }
        }
        // Sequence numbers are never used twice: where the log lost its end, the catalogue says how far it went.
        let next = max(expected ?? 1, sealed + 1, applied + 1)
        if let expected, next > expected {
            let firstLost = max(expected, sealed + 1)
            if firstLost < next {
                damage.append("log: records \(firstLost) to \(next - 1), which the catalogue knows of, are missing")
            }
            if expected <= sealed + 1 {
                // Nothing of what is left is needed, and what comes now does not follow it.
                for file in full { FileSystem.remove(file.path) }
                if let file = last { FileSystem.remove(file.path) }
                (full, last) = ([], nil)
            }
        }
        if let file = last, next == expected {
            return (
                WriteAheadLog(folder: folder, settings: settings, nextSequence: next, current: file, full: full), damage
            )
        }
        if let file = last {
            if file.firstSequence == next || file.byteCount == LogFormat.headerByteCount {
                FileSystem.remove(file.path)
            } else {
                full.append((file.path, file.firstSequence, file.byteCount))
            }
        }
        let file = try LogFile(creating: path(of: next, in: folder), firstSequence: next, faults: settings.faults)
        return (
            WriteAheadLog(folder: folder, settings: settings, nextSequence: next, current: file, full: full), damage
        )
    }

    /// Renames files that cannot be used, the first of them from `offset` on, and says so.
    private static func setAside(_ paths: [String], from offset: Int, _ what: String) throws -> [String] {
        var damage: [String] = []
        for (number, path) in paths.enumerated() {
            let aside = try FileSystem.setAside(path)
            let name = (aside as NSString).lastPathComponent
            guard number == 0 else {
                damage.append("log/\(name): follows a damaged file")
                continue
            }
            damage.append("log/\(name): \(what), at byte \(offset)")
            guard offset > LogFormat.headerByteCount else { continue }
            // The whole beginning stays in its place: it was read, and may be needed again.
            let whole = try AtomicFile(path: path)
            let file = try MappedFile(path: aside)
            try whole.write(UnsafeRawBufferPointer(rebasing: file.bytes[..<offset]))
            try whole.commit()
            withExtendedLifetime(file) {}
        }
        return damage
    }
}
