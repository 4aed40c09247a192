internal import Foundation

/// Small pictures for a report, as JPEG files in memory.
public struct ReportPictures: Sendable {
    /// Names a picture by the row of its vector.
    public struct Key: Hashable, Sendable {
        /// The set it belongs to.
        public var part: ClassificationReport.Part
        /// The row of its vector in that set.
        public var row: Int

        /// Names a picture.
        public init(part: ClassificationReport.Part, row: Int) {
            self.part = part
            self.row = row
        }
    }

    /// The longer side of a picture, in pixels, at most.
    public static let side = 128

    private var files: [Key: (bytes: [UInt8], width: Int, height: Int)] = [:]

    /// Starts without pictures.
    public init() {}

    /// Number of pictures.
    public var count: Int { files.count }

    /// The JPEG file of a picture, if there is one.
    public subscript(key: Key) -> [UInt8]? { files[key]?.bytes }

    /// Adds a picture, made smaller where it is larger than ``side``.
    public mutating func add(_ image: RGBImage, for key: Key) throws {
        let small = Self.shrunk(image)
        files[key] = (try small.jpeg(quality: 82), small.width, small.height)
    }

    /// The picture as an address that contains it, with its size.
    func dataURI(_ key: Key) -> (uri: String, width: Int, height: Int)? {
        files[key].map {
            ("data:image/jpeg;base64," + Data($0.bytes).base64EncodedString(), $0.width, $0.height)
        }
    }

    private static func shrunk(_ image: RGBImage) -> RGBImage {
        let longer = max(image.width, image.height)
        guard longer > side else { return image }
        return image.resized(
            width: max(1, image.width * side / longer), height: max(1, image.height * side / longer),
            filter: .bilinear)
    }
}
