import AkinStore
import AkinTestSupport
import Foundation
import Testing

/// The log, torn and damaged, through the records that opening it gives.
@Suite struct LogTests {
    /// Writes so many records in groups of two, and gives the bytes and where each record ends.
    private func write(_ count: Int, to folder: String) throws -> (path: String, bytes: [UInt8], ends: [Int]) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = try LogProbe(folder)
        var ends: [Int] = [log.byteCount]
        for group in 0..<count / 2 {
            ends += try log.append([2 * group, 2 * group + 1])
        }
        let path = folder + "/" + (try FileManager.default.contentsOfDirectory(atPath: folder))[0]
        return (path, [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), ends)
    }

    @Test func whatWasAppendedComesBack() throws {
        try withTemporaryDirectory { folder in
            let written = try write(8, to: folder)
            #expect(written.ends.last == written.bytes.count)
            let (records, damage) = try LogProbe.read(folder)
            #expect(records == Array(0..<8))
            #expect(damage == [])
        }
    }

    @Test func aLogTornAnywhereGivesTheRecordsBeforeAndGoesOn() throws {
        try withTemporaryDirectory { folder in
            let written = try write(6, to: folder)
            for length in 0..<written.bytes.count {
                try Data(written.bytes[..<length]).write(to: URL(fileURLWithPath: written.path))
                let whole = written.ends.dropFirst().count { $0 <= length }
                let (records, damage) = try LogProbe.read(folder)
                #expect(records == Array(0..<whole), "cut to \(length) bytes")
                #expect(damage == [])
                // What is appended now must be found behind what was left.
                _ = try LogProbe(folder).append([77])
                #expect(try LogProbe.read(folder).records == Array(0..<whole) + [77])
            }
        }
    }

    @Test func aTailOfOtherBytesIsCut() throws {
        try withTemporaryDirectory { folder in
            let written = try write(6, to: folder)
            for place in written.ends[4]..<written.bytes.count {
                var bytes = written.bytes
                bytes[place] ^= 0x40
                try Data(bytes).write(to: URL(fileURLWithPath: written.path))
                let (records, damage) = try LogProbe.read(folder)
                #expect(records == Array(0..<(place < written.ends[5] ? 4 : 5)), "byte \(place)")
                #expect(damage == [])
            }
        }
    }

    @Test func damageBeforeALaterGroupIsSaidAndSetAside() throws {
        try withTemporaryDirectory { base in
            let written = try write(6, to: base + "/0")
            for place in stride(from: 0, to: written.ends[4], by: 3) {
                let folder = base + "/damaged-\(place)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                var bytes = written.bytes
                bytes[place] ^= 0x40
                let path = folder + "/" + URL(fileURLWithPath: written.path).lastPathComponent
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let (records, damage) = try LogProbe.read(folder)
                let whole = written.ends.dropFirst().count { $0 <= place }
                #expect(records == Array(0..<whole), "byte \(place)")
                #expect(damage.count == 1 && damage[0].contains(".damaged"), "byte \(place): \(damage)")
                let aside = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
                    $0.contains(".damaged")
                }
                #expect(aside.count == 1)
                let kept = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + aside[0]))
                #expect([UInt8](kept) == bytes, "all bytes are kept")
            }
        }
    }

    @Test func aWriteThatFailedHalfWayLeavesNothing() throws {
        try withTemporaryDirectory { folder in
            for writtenBytes in [0, 1, 31, 32, 60] {
                let folder = folder + "/\(writtenBytes)"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let fails = Flag()
                let faults = DiskFaults { operation in
                    guard fails.isSet, operation == .writeLog else { return nil }
                    return .init(errno: ENOSPC, writtenBytes: writtenBytes)
                }
                let log = try LogProbe(folder, faults: faults)
                _ = try log.append([1])
                fails.isSet = true
                #expect { _ = try log.append([2, 3]) } throws: { error in
                    if case StoreError.diskFull = error { true } else { false }
                }
                fails.isSet = false
                _ = try log.append([4])
                #expect(try LogProbe.read(folder).records == [1, 4])
            }
        }
    }

    @Test func aFailedSynchronizationLeavesNothing() throws {
        try withTemporaryDirectory { folder in
            let fails = Flag()
            let faults = DiskFaults { fails.isSet && $0 == .synchronizeLog ? .init(errno: EIO) : nil }
            let log = try LogProbe(folder, faults: faults)
            _ = try log.append([1])
            fails.isSet = true
            #expect(throws: StoreError.self) { _ = try log.append([2]) }
            fails.isSet = false
            _ = try log.append([3])
            #expect(try LogProbe.read(folder).records == [1, 3])
        }
    }
}

/// Something that threads agree on.
final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    var isSet: Bool {
        get { lock.withLock { value } }
        set { lock.withLock { value = newValue } }
    }
}
