/// Writes tar archives member by member, right or wrong.
struct TarBuilder {
    private(set) var bytes: [UInt8] = []

    enum Dialect: CaseIterable {
        case ustar, gnu, v7
    }

    /// Appends a member.
    ///
    /// `claimed` is the size that the header gives, where it lies.
    mutating func add(
        _ name: String, _ contents: [UInt8], type: Character = "0", prefix: String = "", dialect: Dialect = .ustar,
        claimed: Int? = nil, base256: Bool = false
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name.utf8.prefix(100), at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        let size = claimed ?? contents.count
        if base256 {
            put([0x80] + (0..<11).map { UInt8(truncatingIfNeeded: $0 < 3 ? 0 : size >> (8 * (10 - $0))) }, at: 124)
        } else {
            put(octal(size, 11), at: 124)
        }
        put(octal(0, 11), at: 136)
        header[156] = dialect == .v7 ? 0 : type.asciiValue ?? 0
        switch dialect {
        case .ustar:
            put("ustar\0".utf8, at: 257)
            put("00".utf8, at: 263)
            put(prefix.utf8, at: 345)
        case .gnu:
            put("ustar  \0".utf8, at: 257)
            put(octal(0o1234567, 11), at: 345)  // the time of access, where POSIX has the prefix
        case .v7: break
        }
        put(Array(repeating: UInt8(ascii: " "), count: 8), at: 148)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + [0, UInt8(ascii: " ")], at: 148)
        bytes += header + contents + [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    /// A GNU member whose name is longer than its header holds.
    mutating func addLongName(_ name: String, _ contents: [UInt8]) {
        add("././@LongLink", Array(name.utf8) + [0], type: "L", dialect: .gnu)
        add(String(name.prefix(100)), contents, dialect: .gnu)
    }

    /// A pax member with these attributes.
    mutating func addPax(_ attributes: [(String, String)], _ name: String, _ contents: [UInt8], claimed: Int? = nil) {
        let records = attributes.flatMap { key, value in
            // The length counts its own digits.
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count + 1
            while "\(length)".utf8.count + rest.utf8.count != length { length += 1 }
            return Array("\(length)\(rest)".utf8)
        }
        add("PaxHeaders/x", records, type: "x")
        add(name, contents, claimed: claimed)
    }

    /// Appends the end mark.
    mutating func end() { bytes += [UInt8](repeating: 0, count: 1024) }
}
