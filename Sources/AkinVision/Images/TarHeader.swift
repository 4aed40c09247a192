/// One 512-byte header of a tar archive: ustar, GNU and old V7.
struct TarHeader {
    static let size = 512

    /// What follows the header.
    enum Kind: Equatable {
        case file
        /// The next member's name, too long for its header (GNU).
        case longName
        /// Attributes of the next member (POSIX pax).
        case attributes
        /// A file with holes (GNU), whose data are not simply its bytes.
        case sparse
        /// Something about the next member that does not matter here, such as the target of a link.
        case extra
        /// A directory, link, device or other thing without a picture in it.
        case other
    }

    let name: [UInt8]
    let length: Int
    let kind: Kind

    /// Why a header was refused.
    struct Damage: Error {
        let reason: String
    }

    /// Whether 512 bytes are a header: their sum fits.
    static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count == size, let expected = octal(block[148..<156]) else { return false }
        // Old writers summed signed bytes.
        var (sum, signed) = (0, 0)
        for (index, byte) in block.enumerated() {
            let byte = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            sum += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        return expected == sum || expected == signed
    }

    /// Reads a header of 512 bytes.
    init(_ block: [UInt8]) throws(Damage) {
        guard TarHeader.isHeader(block) else { throw Damage(reason: "expected a tar header, its checksum is wrong") }
        guard let length = TarHeader.number(block[124..<136]) else {
            throw Damage(reason: "the size of a member is not a number")
        }
        self.length = length
        // The prefix is POSIX's; GNU keeps times there, and V7 nothing.
        let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isPOSIX ? TarHeader.text(block[345..<500]) : []
        let name = TarHeader.text(block[0..<100])
        self.name = prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
        switch block[156] {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            // V7 marks a directory by a slash at the end of its name.
            kind = name.last == UInt8(ascii: "/") ? .other : .file
        case UInt8(ascii: "L"): kind = .longName
        case UInt8(ascii: "x"): kind = .attributes
        case UInt8(ascii: "S"): kind = .sparse
        case UInt8(ascii: "K"), UInt8(ascii: "g"): kind = .extra
        default: kind = .other
        }
    }

    /// The value of a `key` among pax records ("length key=value\n"), the last one where it is repeated.
    static func attribute(_ key: String, in records: [UInt8]) throws(Damage) -> [UInt8]? {
        var found: [UInt8]?
        var rest = records[...]
        let name = Array(key.utf8) + [UInt8(ascii: "=")]
        while let first = rest.first, first != 0 {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")), space - rest.startIndex <= 8,
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count,
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else { throw Damage(reason: "a pax record does not have the length it says") }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            if record.starts(with: name) { found = Array(record.dropFirst(name.count)) }
            rest = rest[(rest.startIndex + length)...]
        }
        return found
    }

    /// A name as it is shown: no empty, `.` or leading parts, and nothing up to the last `..`; it is never used as a
    /// path, but it looks like one.
    static func plainName(_ name: [UInt8]) -> [UInt8] {
        let dot = UInt8(ascii: ".")
        var parts = name.split(separator: UInt8(ascii: "/")).filter { $0 != [dot] }
        if let up = parts.lastIndex(where: { $0 == [dot, dot] }) { parts.removeSubrange(...up) }
        return Array(parts.joined(separator: [UInt8(ascii: "/")]))
    }

    /// Bytes up to the first zero.
    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// A number in octal, or in base 256 where the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first, first & 0x80 != 0 else { return octal(field) }
        guard first == 0x80 else { return nil }  // negative, or beyond 2^88
        var value = 0
        for byte in field.dropFirst() {
            guard value < 1 << 54 else { return nil }
            value = value << 8 | Int(byte)
        }
        return value
    }

    /// Octal digits between blanks and zeros; nil where there is anything else or no digit.
    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }
}
