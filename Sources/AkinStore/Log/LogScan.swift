/// What a file of the log holds, as far as it is whole.
package struct LogScan {
    /// Records in their order; their bodies lie in the scanned bytes.
    var entries: [LogFormat.Entry] = []
    /// The sequence number of the first record there is or will be; `nil` where the header is broken.
    var firstSequence: UInt64?
    /// Bytes that are whole.
    var validByteCount = 0
    /// What comes behind them.
    var rest = Rest.none

    /// What is behind the last whole record.
    enum Rest: Equatable {
        case none
        /// A write that was cut short.
        case torn
        /// Records that had reached the disk and are broken, or cannot be reached since one before them is.
        case damaged(String)
    }

    /// Reads a file, whatever its bytes are.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - expected: the sequence number that must come next; `nil` where any may.
    ///   - isLast: whether a broken end may be a write that was cut short.
    package init(_ bytes: UnsafeRawBufferPointer, expected: UInt64?, isLast: Bool) {
        guard let first = LogFormat.firstSequence(bytes), expected.map({ $0 == first }) ?? true else {
            // A header is synchronized before the first record is written: without records, nothing is lost.
            let isEmpty = isLast && Self.firstGroup(bytes, after: 0, from: LogFormat.headerByteCount) == nil
            rest = isEmpty ? .torn : .damaged("its header is broken or of another version, or files before it are gone")
            return
        }
        firstSequence = first
        validByteCount = LogFormat.headerByteCount
        var next = first
        while let entry = LogFormat.entry(bytes, at: validByteCount), entry.sequence == next, entry.group <= next {
            entries.append(entry)
            validByteCount = entry.body.upperBound
            next += 1
        }
        guard validByteCount < bytes.count else { return }
        if isLast, Self.firstGroup(bytes, after: next, from: validByteCount + 1) == nil {
            rest = .torn
        } else {
            rest = .damaged("record \(next) is broken")
        }
    }

    /// The records, as far as they can be read, from the bytes that were scanned.
    package func records(in bytes: UnsafeRawBufferPointer) -> [LogRecord] {
        entries.compactMap { try? LogRecord($0.kind, UnsafeRawBufferPointer(rebasing: bytes[$0.body])) }
    }

    /// Makes what looks like a file of the log pass for one, so that fuzzing gets behind the checksums.
    package static func putChecksumsRight(in bytes: inout [UInt8]) {
        guard bytes.count >= LogFormat.headerByteCount else { return }
        bytes.replaceSubrange(0..<LogFormat.headerByteCount, with: LogFormat.header(firstSequence: 1))
        var offset = LogFormat.headerByteCount, sequence: UInt64 = 1
        while offset + LogFormat.recordHeaderByteCount <= bytes.count {
            let start = offset + LogFormat.recordHeaderByteCount
            // Two bytes say how long the record is, and one what it is.
            let length = min(Int(bytes[offset + 4]) | Int(bytes[offset + 5]) << 8, bytes.count - start)
            guard let kind = LogRecord.Kind(rawValue: bytes[offset + 24] % 5 + 1) else { return }
            var record: [UInt8] = []
            LogFormat.append(
                kind, Array(bytes[start..<start + length]), sequence: sequence, group: sequence, to: &record)
            bytes.replaceSubrange(offset..<start + length, with: record)
            offset = start + length
            sequence += 1
        }
    }

    /// The record of a group that began after `sequence`, wherever it begins.
    ///
    /// Such a record was written when all before its group were on the disk.
    private static func firstGroup(
        _ bytes: UnsafeRawBufferPointer, after sequence: UInt64, from start: Int
    ) -> LogFormat.Entry? {
        var offset = start
        while offset + LogFormat.recordHeaderByteCount <= bytes.count {
            // Cheap marks first: a checksum is computed of few places only.
            let group = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            let number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            let kind = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
            if group > sequence, group <= number, number - sequence < 1 << 40, (1...5).contains(kind),
                let entry = LogFormat.entry(bytes, at: offset)
            {
                return entry
            }
            offset += 1
        }
        return nil
    }
}
