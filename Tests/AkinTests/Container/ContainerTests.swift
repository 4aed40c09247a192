import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("Containers")
struct ContainerTests {
    /// A container of three sections with these bytes: JSON, 5000 bytes, nothing.
    private func sample() throws -> [UInt8] {
        try withTemporaryDirectory { folder in
            let writer = try ContainerWriter(path: "\(folder)/c.akin")
            try writer.write(json: ["answer": 42], named: "json")
            try writer.begin("bytes", .uint8)
            for value in UInt8(0)..<50 {
                try [UInt8](repeating: value, count: 100).withUnsafeBufferPointer { bytes in try writer.write(bytes) }
            }
            try writer.begin("empty", .bytes)
            try writer.finish()
            return try contents("\(folder)/c.akin")
        }
    }

    private func read(_ bytes: [UInt8]) throws(FileError) -> ContainerReader {
        try ContainerReader(bytes.withUnsafeBytes { MemoryFile($0) }, path: "memory.akin")
    }

    /// Puts right the checksums of table and header after bytes were changed: what an attacker would do.
    private func resealed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let table = bytes[24..<32].reversed().reduce(0) { $0 << 8 | Int($1) }
        if bytes.indices.contains(table) {
            bytes.replaceSubrange(32..<36, with: AkinTests.bytes(checksum(bytes[table...])))
        }
        bytes.replaceSubrange(60..<64, with: AkinTests.bytes(checksum(bytes[..<60])))
        return bytes
    }

    private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.withUnsafeBytes { CRC32C.checksum($0) } }

    @Test("sections are found again, on pages, with their bytes")
    func roundTrip() throws {
        let container = try read(sample())
        #expect(container.formatVersion == 1)
        #expect(container.sections.map(\.name) == ["json", "bytes", "empty"])
        #expect(container.sections.map(\.kind) == [.json, .uint8, .bytes])
        #expect(container.sections.map(\.byteCount) == [13, 5_000, 0])
        #expect(container.sections.map(\.offset) == [4_096, 8_192, 16_384])
        #expect(try container.json("json", as: [String: Int].self) == ["answer": 42])
        let matrix: Matrix<UInt8> = try container.matrix("bytes", .uint8, rows: 50, columns: 100)
        #expect(matrix[49] == [UInt8](repeating: 49, count: 100))
        try container.verify()
        for section in container.sections { try container.check(section) }
    }

    @Test("an empty container is whole")
    func noSections() throws {
        try withTemporaryDirectory { folder in
            try ContainerWriter(path: "\(folder)/c.akin").finish()
            let container = try ContainerReader(path: "\(folder)/c.akin")
            #expect(container.sections.isEmpty)
            #expect(container.byteCount == 4_096)
            try container.verify()
        }
    }

    @Test("a file cut anywhere is an error, and so is one with more")
    func truncation() throws {
        let whole = try sample()
        for length in 0..<whole.count {
            let error = #expect(throws: FileError.self) { try read(Array(whole[..<length])) }
            #expect(error?.code == .truncated)
        }
        let error = #expect(throws: FileError.self) { try read(whole + [0]) }
        #expect(error?.code == .malformed)
    }

    @Test("every flipped bit is found")
    func flippedBits() throws {
        let whole = try sample()
        let table = whole.count - 3 * 64
        for position in whole.indices {
            var bytes = whole
            bytes[position] ^= 1 << (position % 8)
            let inHeader = position < 64 || position >= table
            if inHeader {
                #expect(throws: FileError.self) { try read(bytes) }
            } else {
                let container = try read(bytes)
                let error = #expect(throws: FileError.self) { try container.verify() }
                #expect(error?.code == .checksumMismatch)
            }
        }
    }

    @Test("a damaged section is named with its place")
    func damagedSection() throws {
        var bytes = try sample()
        bytes[8_192 + 777] ^= 0x10
        let container = try read(bytes)
        let error = #expect(throws: FileError.self) { try container.verify() }
        #expect(error?.section == "bytes")
        #expect(error?.offset == 8_192)
        #expect(error?.message.contains("the file is damaged") == true)
        _ = try container.json("json", as: [String: Int].self)
        bytes[4_096] ^= 1
        let json = #expect(throws: FileError.self) { try read(bytes).json("json", as: [String: Int].self) }
        #expect(json?.code == .checksumMismatch)
    }

    @Test("another version is named beside ours")
    func otherVersion() throws {
        var bytes = try sample()
        bytes[8] = 7
        let error = #expect(throws: FileError.self) { try read(bytes) }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.message == "this program reads format version 1, the file has version 7")
    }

    @Test("other files and text conversions are told apart")
    func otherFiles() throws {
        var bytes = try sample()
        #expect(throws: FileError.self) { try read(Array("PK\u{3}\u{4}, not ours at all".utf8)) }
        bytes.remove(at: 4)
        let error = #expect(throws: FileError.self) { try read(bytes) }
        #expect(error?.message.contains("copy it again as binary") == true)
    }

    /// Numbers of header and table that lie, behind checksums that are right: place in the file, or from the table's
    /// start where negative, and new bytes.
    static let lies: [(Int, [UInt8])] = [
        (12, bytes(UInt32.max)), (12, bytes(UInt32(2))), (12, bytes(UInt32(4))), (12, bytes(UInt32(0))),
        (24, bytes(UInt64.max)), (24, bytes(UInt64(0))), (24, bytes(UInt64(4_095))), (24, bytes(UInt64(1) << 63)),
        (24, bytes(UInt64.max - 4_095)), (36, [1]), (59, [1]),
        // The first entry: offset, length, kind, reserved, name.
        (-1 - 32, bytes(UInt64.max)), (-1 - 32, bytes(UInt64(0))), (-1 - 32, bytes(UInt64(4_097))),
        (-1 - 32, bytes(UInt64.max - 4_095)), (-1 - 32, bytes(UInt64(8_192))), (-1 - 32, bytes(UInt64(1) << 40)),
        (-1 - 40, bytes(UInt64.max)), (-1 - 40, bytes(UInt64(1) << 63)), (-1 - 40, bytes(UInt64(4_097))),
        (-1 - 40, bytes(UInt64.max - 4_095)), (-1 - 48, bytes(UInt32(99))), (-1 - 56, [1]), (-1 - 63, [1]),
        (-1 - 0, [0]), (-1 - 0, [0xFF]), (-1 - 0, Array("J".utf8)), (-1 - 5, Array("x".utf8)),
        (-1 - 0, Array("bytes".utf8)),
    ]

    @Test("numbers that lie behind good checksums are refused", arguments: lies)
    func lyingNumbers(_ place: Int, _ new: [UInt8]) throws {
        var lying = try sample()
        let table = lying.count - 3 * 64
        let start = place >= 0 ? place : table - place - 1
        lying.replaceSubrange(start..<start + new.count, with: new)
        let error = #expect(throws: FileError.self) { try read(resealed(lying)) }
        #expect(error?.code == .malformed)
    }

    @Test("a missing section, another kind and another shape are refused")
    func wrongAccess() throws {
        let container = try read(sample())
        #expect(throws: FileError.self) { try container.section("none", .json) }
        #expect(throws: FileError.self) { try container.section("json", .bytes) }
        #expect(throws: FileError.self) { try container.json("bytes", as: [String: Int].self) }
        let notNumbers = #expect(throws: FileError.self) { try container.json("json", as: [String: String].self) }
        #expect(notNumbers?.code == .malformed)
        for (rows, columns) in [(50, 101), (5_001, 1), (.max, 2), (.max, .max), (-1, -5_000), (0, 0), (1, 4_999)] {
            let error = #expect(throws: FileError.self) {
                try container.matrix("bytes", .uint8, rows: rows, columns: columns, of: UInt8.self)
            }
            #expect(error?.code == .malformed)
            #expect(error?.section == "bytes")
        }
    }

    @Test("verifying tells how far it is and can be stopped")
    func monitor() throws {
        let container = try read(sample())
        let stopped = ProgressMonitor(shouldStop: { true })
        #expect(throws: CancellationError.self) { try container.verify(stopped) }
    }
}
