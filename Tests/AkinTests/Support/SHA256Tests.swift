import Akin
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: [UInt8]
        let digest: String
    }

    /// Messages of FIPS 180-4's examples and of NIST's short-message vectors.
    static let vectors: [Vector] = [
        Vector(
            testDescription: "no bytes", message: [],
            digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Vector(
            testDescription: "abc", message: Array("abc".utf8),
            digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Vector(
            testDescription: "two blocks",
            message: Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            digest: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        Vector(
            testDescription: "8 bits", message: [0xd3],
            digest: "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
        Vector(
            testDescription: "16 bits", message: [0x11, 0xaf],
            digest: "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"),
        Vector(
            testDescription: "a million times a", message: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
            digest: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test("digests equal the published ones", arguments: vectors)
    func digestsEqualPublished(_ vector: Vector) {
        var hash = SHA256()
        hash.update(vector.message)
        #expect(hash.hexDigest() == vector.digest)
    }

    @Test("the digest does not depend on how the bytes come", arguments: [1, 3, 63, 64, 65, 1000])
    func piecesDoNotMatter(_ size: Int) {
        let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        var whole = SHA256()
        whole.update(bytes)
        var pieces = SHA256()
        for start in stride(from: 0, to: bytes.count, by: size) {
            pieces.update(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(pieces.hexDigest() == whole.hexDigest())
    }

    @Test("every length around a block has the padding it needs")
    func lengthsAroundABlock() {
        // Digests of the lengths 0...130 of the byte 0x5a, hashed together; made with an independent implementation.
        var all = SHA256()
        for length in 0...130 {
            var hash = SHA256()
            hash.update([UInt8](repeating: 0x5a, count: length))
            all.update(Array(hash.hexDigest().utf8))
        }
        #expect(all.hexDigest() == "444b29eea3ec5b3fe6996a01293c9d9f5ac3f54f95eb6e85542c93e448ce11b6")
    }

    @Test("two fields differ from their concatenation")
    func fieldsAreSeparate() {
        func digest(_ fields: String...) -> String {
            var hash = SHA256()
            for field in fields { hash.update(field: field) }
            return hash.hexDigest()
        }
        #expect(digest("ab", "c") != digest("a", "bc"))
        #expect(digest("abc") != digest("abc", ""))
    }
}
