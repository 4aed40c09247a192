import Akin
import AkinTestSupport
import CAkinKernels
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    /// Test vectors of RFC 3720, appendix B.4, and the customary check value.
    static let known: [(bytes: [UInt8], checksum: UInt32)] = [
        ([], 0),
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        (Array((0..<32).reversed()), 0x113F_DB5C),
    ]

    @Test("known checksums", arguments: known)
    func knownChecksums(_ bytes: [UInt8], checksum: UInt32) {
        #expect(akin_crc32c(0, bytes, bytes.count) == checksum)
        #expect(akin_crc32c_scalar(0, bytes, bytes.count) == checksum)
        #expect(bytes.withUnsafeBytes { CRC32C.checksum($0) } == checksum)
    }

    @Test("the instruction and the tables agree at every length and alignment")
    func instructionAgreesWithTables() {
        let bytes = randomBytes(40_000)
        bytes.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return }
            // Around the ends of three short streams (384) and three long ones (12288), and everything short.
            let lengths = Array(0...800) + Array(12_200...12_700) + [24_575, 24_576, 24_577, 39_990]
            for length in lengths {
                for offset in [0, 1, 7] {
                    let a = akin_crc32c(5, start + offset, length), b = akin_crc32c_scalar(5, start + offset, length)
                    if a != b { Issue.record("length \(length), offset \(offset): \(a) and \(b)") }
                }
            }
        }
    }

    @Test("pieces give the checksum of the whole", arguments: [1, 7, 8, 63, 4_096, 12_288, 29_999])
    func pieces(_ cut: Int) {
        let bytes = randomBytes(30_000)
        bytes.withUnsafeBytes { all in
            var checksum = CRC32C()
            checksum.update(UnsafeRawBufferPointer(rebasing: all[..<cut]))
            checksum.update(UnsafeRawBufferPointer(rebasing: all[cut...]))
            #expect(checksum.value == CRC32C.checksum(all))
        }
    }

    private func randomBytes(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: 11)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}
