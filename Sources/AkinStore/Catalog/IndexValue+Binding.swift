internal import Akin

// Numbers are numbers, texts of up to 256 bytes texts; longer ones and the marks are blobs that begin with a byte of their
// own. SQLite sorts numbers before texts before blobs.
extension IndexValue {
    /// Bytes of a text from which on its digest stands for it.
    static let greatestTextLength = 256

    /// A text, or what stands for it.
    init(text: String) {
        if text.utf8.count <= Self.greatestTextLength {
            self = .text(ByteText(text))
        } else {
            var digest = SHA256()
            digest.update(Array(text.utf8))
            self = .digest(digest.hexDigest())
        }
    }
}

extension PreparedStatement {
    func bind(_ value: IndexValue, at place: Int32) {
        switch value {
        case .integer(let integer): bind(integer, at: place)
        case .number(let number): bind(number, at: place)
        case .text(let text): bind(text.string, at: place)
        case .digest(let digits): bind([1] + Array(digits.utf8), at: place)
        case .other: bind([2] as [UInt8], at: place)
        case .null: bind([3] as [UInt8], at: place)
        }
    }
}
