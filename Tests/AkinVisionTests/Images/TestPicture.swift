import AkinVision

/// Pictures made by arithmetic, the same as `picture` in `Tests/Goldens/pillow.py` makes.
enum TestPicture {
    /// Noise over gradients.
    static func noise(_ width: Int, _ height: Int, seed: UInt32) -> RGBImage {
        var state = seed &* 2_654_435_761 &+ 12345
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 {
                    state = state &* 1_664_525 &+ 1_013_904_223
                    let wave = x * (3 + c) + y * (5 - c)
                    pixels.append(UInt8(truncatingIfNeeded: wave + Int(state >> 24 & 0x3f)))
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// One colour everywhere.
    static func plain(_ width: Int, _ height: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8) -> RGBImage {
        let pixels = (0..<(width * height)).flatMap { _ in [red, green, blue] }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// The checksum of zlib and PNG.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }
}
