/// Text that is equal where its bytes are.
///
/// `String` takes different spellings of one character for equal, SQLite and other databases do not, and the answer to a
/// filter must not depend on whether an index was asked.
struct ByteText: Hashable, Sendable {
    let string: String

    init(_ string: String) { self.string = string }

    static func == (a: ByteText, b: ByteText) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

    func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
