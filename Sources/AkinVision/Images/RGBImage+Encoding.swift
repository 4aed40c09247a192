internal import CAkinImage

extension RGBImage {
    /// The picture as a JPEG file, chroma at half resolution.
    ///
    /// - Parameter quality: `1...100`; larger is better and longer. About 85 suits photographs.
    /// - Returns: a baseline JFIF file.
    /// - Throws: `ImageError.notEncodable` for a quality out of range or a side above 65,500; `.outOfMemory`.
    public func jpeg(quality: Int = 85) throws(ImageError) -> [UInt8] {
        guard (1...100).contains(quality) else {
            throw .notEncodable(.jpeg, reason: "the quality is \(quality); it must be in 1...100")
        }
        guard max(width, height) <= 65_500 else {
            throw .notEncodable(.jpeg, reason: "\(width) x \(height) pixels; at most 65500 a side can be written")
        }
        return try RGBImage.encoded(.jpeg) { bytes, length in
            akin_image_encode_jpeg(pixels, UInt32(width), UInt32(height), Int32(quality), bytes, length)
        }
    }

    /// The picture as a PNG file, without loss.
    ///
    /// - Throws: `ImageError.notEncodable` for a side above 1,000,000; `.outOfMemory`.
    public func png() throws(ImageError) -> [UInt8] {
        guard max(width, height) <= 1_000_000 else {
            throw .notEncodable(.png, reason: "\(width) x \(height) pixels; at most 1000000 a side can be written")
        }
        return try RGBImage.encoded(.png) { bytes, length in
            akin_image_encode_png(pixels, UInt32(width), UInt32(height), bytes, length)
        }
    }

    private static func encoded(
        _ format: ImageFormat,
        _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>) -> Int32
    ) throws(ImageError) -> [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        var length = 0
        switch Int(encode(&bytes, &length)) {
        case AKIN_IMAGE_OK: break
        case AKIN_IMAGE_NO_MEMORY: throw .outOfMemory
        default: throw .notEncodable(format, reason: "the encoder refused the picture")
        }
        defer { akin_image_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: length))
    }
}
