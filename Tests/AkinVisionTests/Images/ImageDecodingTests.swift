import AkinVision
import Foundation
import Testing

@Suite("Decoding and encoding pictures")
struct ImageDecodingTests {
    @Test("PNG gives back every pixel", arguments: [(1, 1), (7, 3), (64, 65), (300, 2)])
    func pngRoundTrip(_ width: Int, _ height: Int) throws {
        let image = TestPicture.noise(width, height, seed: 9)
        #expect(try RGBImage(decoding: image.png()) == image)
    }

    @Test("JPEG gives back a plain colour within a unit", arguments: [30, 85, 100])
    func jpegRoundTrip(_ quality: Int) throws {
        let image = TestPicture.plain(21, 34, 90, 160, 40)
        let decoded = try RGBImage(decoding: image.jpeg(quality: quality))
        #expect(decoded.width == 21 && decoded.height == 34)
        let largest = zip(image.pixels, decoded.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(largest <= (quality >= 85 ? 2 : 12))
    }

    @Test("a better quality makes a longer file")
    func qualityMatters() throws {
        let image = TestPicture.noise(64, 64, seed: 2)
        #expect(try image.jpeg(quality: 95).count > image.jpeg(quality: 20).count)
    }

    @Test("a quality out of range is refused", arguments: [0, -3, 101])
    func qualityRange(_ quality: Int) {
        #expect(throws: ImageError.notEncodable(.jpeg, reason: "the quality is \(quality); it must be in 1...100")) {
            try TestPicture.plain(2, 2, 0, 0, 0).jpeg(quality: quality)
        }
    }

    @Test("JPEG cannot hold a side above 65,500")
    func jpegSide() {
        #expect(throws: ImageError.self) { try TestPicture.plain(65_501, 1, 0, 0, 0).jpeg() }
    }

    @Test("no bytes are an empty file")
    func empty() {
        #expect(throws: ImageError.empty) { try RGBImage(decoding: []) }
    }

    @Test("other formats are named by their first bytes")
    func notAnImage() {
        let gif = Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 59]
        let error = ImageError.notAnImage(firstBytes: Array(gif.prefix(12)))
        #expect(throws: error) { try RGBImage(decoding: gif) }
        #expect("\(error)".contains("47 49 46 38 39 61"))
        #expect("\(ImageError.notAnImage(firstBytes: Array("<html>".utf8)))".contains("\"<html>\""))
    }

    @Test("the formats are told apart by their first bytes")
    func formats() throws {
        let image = TestPicture.plain(3, 3, 1, 2, 3)
        #expect(ImageFormat(firstBytes: try image.jpeg()) == .jpeg)
        #expect(ImageFormat(firstBytes: try image.png()) == .png)
        #expect(ImageFormat(firstBytes: Array("RIFF\0\0\0\0WEBPVP8 ".utf8)) == .webp)
        #expect(ImageFormat(firstBytes: Array("RIFF\0\0\0\0WAVE".utf8)) == nil)
        #expect(ImageFormat(firstBytes: [0xff, 0xd8]) == nil)
    }

    @Test("a picture of exactly the limit is read, of one pixel more is not")
    func limit() throws {
        let bytes = try TestPicture.noise(10, 7, seed: 1).png()
        #expect(try RGBImage(decoding: bytes, limits: ImageLimits(pixels: 70)).width == 10)
        for limits in [ImageLimits(pixels: 69), ImageLimits(pixels: 70, side: 9)] {
            #expect(throws: ImageError.tooLarge(width: 10, height: 7, limits: limits)) {
                try RGBImage(decoding: bytes, limits: limits)
            }
        }
    }
}

@Suite("Hostile pictures")
struct HostileImageTests {
    @Test("every truncation of every kind of file is an error", arguments: Golden.recorded.decode)
    func truncated(_ golden: Golden.Decoded) throws {
        let bytes = [UInt8](try #require(Data(base64Encoded: golden.file)))
        for length in 0..<bytes.count {
            #expect(throws: ImageError.self, "\(length) of \(bytes.count) bytes") {
                try RGBImage(decoding: Array(bytes.prefix(length)))
            }
        }
    }

    @Test("flipped bytes give a picture or an error", arguments: Golden.recorded.decode)
    func flipped(_ golden: Golden.Decoded) throws {
        let bytes = [UInt8](try #require(Data(base64Encoded: golden.file)))
        let limits = ImageLimits(pixels: 1 << 20)
        var state: UInt64 = 42
        var failures = 0
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] ^= UInt8(truncatingIfNeeded: state >> 24) | 1
            }
            do {
                let image = try RGBImage(decoding: damaged, limits: limits)
                #expect(image.width * image.height <= limits.pixels)
            } catch {
                failures += 1
            }
        }
        #expect(failures > 0)
    }

    @Test("a small PNG that promises 100,000 x 100,000 pixels is too large")
    func pngBomb() {
        #expect(throws: ImageError.tooLarge(width: 100_000, height: 100_000, limits: .standard)) {
            try RGBImage(decoding: Self.png(width: 100_000, height: 100_000))
        }
    }

    @Test("a PNG too short for what it promises is refused before its pixels are made room for")
    func pngPromise() {
        #expect(throws: ImageError.truncated(.png)) { try RGBImage(decoding: Self.png(width: 9_000, height: 9_000)) }
    }

    @Test("a chunk that promises two gigabytes is not believed", arguments: ["eXIf", "iCCP", "IDAT", "PLTE"])
    func chunkPromise(_ name: String) throws {
        let png = try TestPicture.plain(4, 4, 1, 2, 3).png()
        let bytes = png[..<33] + [0x7f, 0xff, 0xff, 0xf0] + Array(name.utf8) + png[33...]
        #expect(throws: ImageError.truncated(.png)) { try RGBImage(decoding: Array(bytes)) }
    }

    @Test("a PNG without pixels is damaged", arguments: [(0, 5), (5, 0)])
    func pngWithoutPixels(_ width: Int, _ height: Int) {
        #expect { try RGBImage(decoding: Self.png(width: width, height: height)) } throws: {
            if case ImageError.corrupt(.png, _) = $0 { true } else { false }
        }
    }

    @Test("a JPEG that promises 65,500 x 65,500 pixels is too large, one of 9,000 x 9,000 too short")
    func jpegBomb() throws {
        let bytes = try TestPicture.plain(8, 8, 1, 2, 3).jpeg()
        #expect(throws: ImageError.tooLarge(width: 65_500, height: 65_500, limits: .standard)) {
            try RGBImage(decoding: Self.resized(bytes, width: 65_500, height: 65_500))
        }
        #expect(throws: ImageError.truncated(.jpeg)) {
            try RGBImage(decoding: Self.resized(bytes, width: 9_000, height: 9_000))
        }
        #expect { try RGBImage(decoding: Self.resized(bytes, width: 8, height: 0)) } throws: {
            if case ImageError.corrupt(.jpeg, _) = $0 { true } else { false }
        }
    }

    @Test("a JPEG of 12 bits is not read")
    func jpegPrecision() throws {
        var bytes = try TestPicture.plain(8, 8, 1, 2, 3).jpeg()
        bytes[try #require(Self.frame(bytes)) + 4] = 12
        #expect { try RGBImage(decoding: bytes) } throws: {
            if case ImageError.unsupported(.jpeg, _) = $0 { true } else { false }
        }
    }

    @Test("a progressive JPEG of hundreds of scans is not read")
    func scans() throws {
        let golden = try #require(Golden.recorded.decode.first { $0.name == "jpeg-progressive" })
        let bytes = [UInt8](try #require(Data(base64Encoded: golden.file)))
        // The first scan, of the means of the blocks, may be repeated without breaking a rule.
        let first = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda })
        let next = try #require(
            bytes.indices.dropLast().first { $0 > first && bytes[$0] == 0xff && bytes[$0 + 1] >= 0xc0 })
        let scans = Array(repeatElement(bytes[first..<next], count: 400).joined())
        let many = Array(bytes[..<first]) + scans + Array(bytes[next...])
        #expect(throws: ImageError.unsupported(.jpeg, reason: "more than 256 scans")) { try RGBImage(decoding: many) }
    }

    /// The signature, a header of 8-bit RGB with a right checksum, and little more.
    static func png(width: Int, height: Int) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
            let named = Array(name.utf8) + body
            return word(body.count) + named + word(Int(TestPicture.crc(named)))
        }
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
            + chunk("IHDR", word(width) + word(height) + [8, 2, 0, 0, 0])
            + chunk("IDAT", [0x78, 0x9c, 3, 0, 0, 0, 0, 1])
            + chunk("IEND", [])
    }

    /// Where the start-of-frame marker of a baseline JPEG is.
    private static func frame(_ bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 }
    }

    /// The same JPEG with another size in its header.
    private static func resized(_ bytes: [UInt8], width: Int, height: Int) throws -> [UInt8] {
        var changed = bytes
        let at = try #require(frame(bytes)) + 5
        changed.replaceSubrange(
            at..<(at + 4), with: [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)])
        return changed
    }
}
