extension SHA256 {
    /// A name made of the digest: a UUID of version 8 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)) with its
    /// first
    /// 122 bits that the form leaves free.
    package func uuid() -> String {
        var digits = Array(hexDigest().utf8.prefix(32))
        digits[12] = UInt8(ascii: "8")
        let variant = Int(String(UnicodeScalar(digits[16])), radix: 16) ?? 0
        digits[16] = Array("89ab".utf8)[variant & 3]
        let parts = [0, 8, 12, 16, 20, 32]
        return zip(parts, parts.dropFirst()).map { String(decoding: digits[$0..<$1], as: UTF8.self) }
            .joined(separator: "-")
    }
}
