internal import CAkinImage

extension RGBImage {
    /// Decodes a JPEG, PNG or WebP file, upright.
    ///
    /// The pixels are those of Pillow's `ImageOps.exif_transpose(Image.open(file)).convert("RGB")`:
    ///
    /// - Grey is repeated in all channels; palettes are looked up; CMYK and YCCK are taken as inverted (as Adobe
    ///   writes them) and each ink takes its share of what black leaves.
    /// - Alpha and transparent colours are dropped, not blended with a background.
    /// - 16-bit samples keep their upper byte. (Pillow does the same for colour, but cuts 16-bit *grey* off at 255,
    ///   which makes nearly every such picture white; that is not followed.)
    /// - Colour profiles and gamma are ignored. Of an animation the first frame is taken.
    /// - The orientation is read from EXIF in all three formats, else from XMP in JPEG and WebP.
    ///
    /// Unlike Pillow, damaged JPEG data are an error even where a picture could be made up from the rest.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - limits: larger pictures are refused before anything is allocated.
    /// - Throws: `ImageError.empty`, `.notAnImage`, `.tooLarge`, `.truncated`, `.corrupt`, `.unsupported`, `.outOfMemory`.
    /// - Complexity: O(pixels); the compressed size bounds what is allocated only for JPEG and PNG.
    public init(decoding bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageError) {
        guard !bytes.isEmpty else { throw .empty }
        var info = akin_image_info()
        try RGBImage.check(akin_image_probe(bytes, bytes.count, &info), info, bytes)
        let (width, height) = (Int(info.width), Int(info.height))
        let upright = info.orientation >= 5 ? (width: height, height: width) : (width: width, height: height)
        guard width > 0, height > 0, width <= limits.side, height <= limits.side, width * height <= limits.pixels else {
            throw .tooLarge(width: upright.width, height: upright.height, limits: limits)
        }
        guard UInt64(bytes.count) >= info.minimum_bytes else { throw .truncated(RGBImage.format(info)) }

        let count = width * height * 3
        var status: Int32 = 0
        let stored = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            status = akin_image_decode(bytes, bytes.count, &info, buffer.baseAddress)
            initialized = status == 0 ? count : 0
        }
        try RGBImage.check(status, info, bytes)
        guard info.orientation != 1 else {
            self.init(width: width, height: height, pixels: stored)
            return
        }
        let turned = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            akin_image_orient(stored, info.width, info.height, info.orientation, buffer.baseAddress)
            initialized = count
        }
        self.init(width: upright.width, height: upright.height, pixels: turned)
    }

    /// Makes the error from a status.
    private static func check(_ status: Int32, _ info: akin_image_info, _ bytes: [UInt8]) throws(ImageError) {
        switch Int(status) {
        case AKIN_IMAGE_OK: return
        case AKIN_IMAGE_NOT_AN_IMAGE: throw .notAnImage(firstBytes: Array(bytes.prefix(12)))
        case AKIN_IMAGE_TRUNCATED: throw .truncated(format(info))
        case AKIN_IMAGE_UNSUPPORTED: throw .unsupported(format(info), reason: message(info))
        case AKIN_IMAGE_NO_MEMORY: throw .outOfMemory
        default: throw .corrupt(format(info), reason: message(info))
        }
    }

    private static func format(_ info: akin_image_info) -> ImageFormat {
        switch Int(info.format) {
        case AKIN_IMAGE_FORMAT_PNG: .png
        case AKIN_IMAGE_FORMAT_WEBP: .webp
        default: .jpeg
        }
    }

    private static func message(_ info: akin_image_info) -> String {
        withUnsafeBytes(of: info.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension ImageFormat {
    /// The format that a file beginning with these bytes (12 are enough) would have, by its magic number alone.
    public init?(firstBytes bytes: [UInt8]) {
        switch Int(akin_image_format(bytes, bytes.count)) {
        case AKIN_IMAGE_FORMAT_JPEG: self = .jpeg
        case AKIN_IMAGE_FORMAT_PNG: self = .png
        case AKIN_IMAGE_FORMAT_WEBP: self = .webp
        default: return nil
        }
    }
}
