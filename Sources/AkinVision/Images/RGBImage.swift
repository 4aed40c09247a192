/// A decoded picture: 8 bits a channel, red, green, blue, rows from the top, without padding.
public struct RGBImage: Sendable, Equatable {
    /// Pixels across.
    public let width: Int
    /// Pixels down.
    public let height: Int
    /// `[height, width, 3]`, row-major.
    public let pixels: [UInt8]

    /// Takes `width * height * 3` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
