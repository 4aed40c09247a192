/// File formats of pictures that are read.
public enum ImageFormat: String, Sendable, Equatable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
}

/// Why bytes could not be made into a picture, or a picture into bytes.
public enum ImageError: Error, Equatable, Sendable {
    /// There are no bytes at all.
    case empty
    /// The bytes do not begin like a JPEG, PNG or WebP file. At most the first 12 are kept.
    case notAnImage(firstBytes: [UInt8])
    /// The header promises more pixels than `limits` allow; nothing was decoded or allocated.
    case tooLarge(width: Int, height: Int, limits: ImageLimits)
    /// The data end before the picture does.
    case truncated(ImageFormat)
    /// The data break the rules of their format.
    case corrupt(ImageFormat, reason: String)
    /// The picture is lawful but of a kind that is not read, such as 12-bit JPEG.
    case unsupported(ImageFormat, reason: String)
    /// Memory ran out.
    case outOfMemory
    /// A picture of this size or with this quality cannot be encoded.
    case notEncodable(ImageFormat, reason: String)
}

extension ImageError: CustomStringConvertible {
    /// A sentence that says what was expected and what came.
    public var description: String {
        switch self {
        case .empty: "expected a JPEG, PNG or WebP picture, got an empty file"
        case .notAnImage(let bytes): "not a JPEG, PNG or WebP picture: it begins with \(ImageError.shown(bytes))"
        case .tooLarge(let width, let height, let limits):
            "a picture of \(width) x \(height) pixels; at most \(limits.pixels) pixels and \(limits.side) a side are read"
        case .truncated(let format): "the \(format.rawValue) data end before the picture does"
        case .corrupt(let format, let reason): "damaged \(format.rawValue) data: \(reason)"
        case .unsupported(let format, let reason): "this kind of \(format.rawValue) is not read: \(reason)"
        case .outOfMemory: "not enough memory for the picture"
        case .notEncodable(let format, let reason): "cannot write \(format.rawValue): \(reason)"
        }
    }

    /// Bytes in hexadecimal and, where all can be printed, as text.
    static func shown(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let hex = bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: " ")
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return hex }
        return "\(hex) (\"\(String(decoding: bytes, as: UTF8.self))\")"
    }
}

/// How large a picture may be before it is refused, judged by its header.
///
/// A few bytes can promise a picture that fills the memory; the limit is checked before any of it is allocated.
public struct ImageLimits: Sendable, Equatable {
    /// Pixels at most, width times height.
    ///
    /// Decoding needs 3 bytes each, progressive JPEG up to 9.
    public let pixels: Int
    /// Pixels at most across and down.
    public let side: Int

    /// Room for any photograph: 100 million pixels, 65,535 a side.
    public static let standard = ImageLimits(pixels: 100_000_000, side: 65_535)

    /// Sets both limits; each is at least 1, and a side is at most 65,535.
    public init(pixels: Int, side: Int = 65_535) {
        precondition(pixels >= 1 && (1...65_535).contains(side))
        self.pixels = pixels
        self.side = side
    }
}
