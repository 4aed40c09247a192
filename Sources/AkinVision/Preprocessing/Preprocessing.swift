internal import CAkinImage
internal import Synchronization

/// Makes a picture into a network's input: resize, centre crop, scale, normalise.
///
/// The pixels after resize and crop are identical to those of Hugging Face's (slow, Pillow-based) image processors; the
/// numbers after it are theirs too, rounded at the same places. Read one from a model's directory:
///
/// ```swift
/// let preprocessing = try Preprocessing(directory: "models/vit_tiny_patch16_224")
/// let input = preprocessing(image)        // [3, 224, 224]
/// ```
///
/// Where conventions differ, these hold:
/// - With a shortest edge s, the longer side becomes ⌊s · long / short⌋ (torchvision too; some scripts round).
/// - A centre crop begins at ⌊(size - crop) / 2⌋ (torchvision rounds a half to the even side), and where the picture is
///   smaller than the crop, black is added, the odd row or column at the top or left.
public struct Preprocessing: Sendable {
    /// To which size a picture is brought before the crop.
    public enum Resize: Sendable, Equatable {
        /// The size stays.
        case none
        /// The shorter side gets this many pixels, the aspect ratio stays.
        case shortestEdge(Int)
        /// Both sides are given; the aspect ratio may change.
        case fixed(width: Int, height: Int)
    }

    /// Largest side that a resize or crop may ask for.
    public static let largestSide = 4096

    /// The size before the crop.
    public let resize: Resize
    /// How pixels are weighted in the resize.
    public let filter: ResampleFilter
    /// Pixels across of the output.
    public let outputWidth: Int
    /// Pixels down of the output.
    public let outputHeight: Int
    /// What 8-bit values are multiplied with.
    public let scale: Double
    /// Subtracted from the scaled values, per channel.
    public let mean: [Double]
    /// What the difference is divided by, per channel.
    public let deviation: [Double]

    /// Floats in one output: `3 * outputHeight * outputWidth`.
    public var outputCount: Int { 3 * outputWidth * outputHeight }

    /// What each 8-bit value becomes: `[3, 256]`.
    private let table: [Float]
    private let axes: AxisCache

    /// Preprocessing from its parameters.
    ///
    /// - Parameters:
    ///   - resize: sides in `1...largestSide`.
    ///   - filter: how the resize weights pixels.
    ///   - width: pixels across of the output, `1...largestSide`; the crop's width.
    ///   - height: pixels down of the output.
    ///   - scale: finite and not zero.
    ///   - mean: three finite numbers.
    ///   - deviation: three finite numbers, not zero.
    public init(
        resize: Resize, filter: ResampleFilter, width: Int, height: Int, scale: Double = 1 / 255,
        mean: [Double] = [0, 0, 0], deviation: [Double] = [1, 1, 1]
    ) {
        let sides = 1...Preprocessing.largestSide
        precondition(sides.contains(width) && sides.contains(height))
        switch resize {
        case .none: break
        case .shortestEdge(let side): precondition(sides.contains(side))
        case .fixed(let width, let height): precondition(sides.contains(width) && sides.contains(height))
        }
        precondition(scale.isFinite && scale != 0 && mean.count == 3 && deviation.count == 3)
        precondition(mean.allSatisfy(\.isFinite) && deviation.allSatisfy { $0.isFinite && $0 != 0 })
        self.resize = resize
        self.filter = filter
        outputWidth = width
        outputHeight = height
        self.scale = scale
        self.mean = mean
        self.deviation = deviation
        table = (0..<3).flatMap { channel in
            // Each step rounds to single precision where the reference does.
            (0..<256).map { (Float(Double($0) * scale) - Float(mean[channel])) / Float(deviation[channel]) }
        }
        axes = AxisCache(filter: filter)
    }

    /// The picture after resize and crop, `outputWidth` by `outputHeight`.
    public func pixels(_ image: RGBImage) -> RGBImage {
        let size = resizedSize(width: image.width, height: image.height)
        let across = Window(size: size.width, crop: outputWidth)
        let down = Window(size: size.height, crop: outputHeight)
        let shown = image.resized(
            width: size.width, height: size.height, filter: filter, columns: across.inside, rows: down.inside
        ) { axes.axis(input: $0, output: $1, range: $2) }
        if shown.width == outputWidth && shown.height == outputHeight { return shown }

        var padded = [UInt8](repeating: 0, count: outputWidth * outputHeight * 3)
        for y in 0..<shown.height {
            let from = y * shown.width * 3
            let to = ((y + down.before) * outputWidth + across.before) * 3
            padded.replaceSubrange(to..<(to + shown.width * 3), with: shown.pixels[from..<(from + shown.width * 3)])
        }
        return RGBImage(width: outputWidth, height: outputHeight, pixels: padded)
    }

    /// The network's input, `[3, outputHeight, outputWidth]`: `(value * scale - mean) / deviation`, red plane first.
    public func callAsFunction(_ image: RGBImage) -> [Float] {
        normalized(pixels(image))
    }

    /// Scales and normalises a picture that already has the output's size.
    public func normalized(_ image: RGBImage) -> [Float] {
        precondition(image.width == outputWidth && image.height == outputHeight, "resize and crop first")
        return [Float](unsafeUninitializedCapacity: outputCount) { buffer, initialized in
            akin_image_planes(image.pixels, outputWidth * outputHeight, table, buffer.baseAddress)
            initialized = outputCount
        }
    }

    /// Everything that changes the result, in a canonical form: equal strings, equal outputs.
    public var fingerprint: String {
        let size =
            switch resize {
            case .none: "none"
            case .shortestEdge(let side): "shortest \(side) \(filter.name)"
            case .fixed(let width, let height): "\(width)x\(height) \(filter.name)"
            }
        let numbers = { (values: [Double]) in values.map(\.description).joined(separator: ",") }
        return "rgb8 upright; resize \(size); centre \(outputWidth)x\(outputHeight); "
            + "scale \(scale); mean \(numbers(mean)); deviation \(numbers(deviation)); planes f32"
    }

    /// Size of the whole picture after the resize.
    func resizedSize(width: Int, height: Int) -> (width: Int, height: Int) {
        switch resize {
        case .none: (width, height)
        case .fixed(let fixedWidth, let fixedHeight): (fixedWidth, fixedHeight)
        case .shortestEdge(let side):
            width <= height ? (side, side * height / width) : (side * width / height, side)
        }
    }

    /// One axis of the centre crop.
    private struct Window {
        /// The part of the resized axis that is shown.
        let inside: Range<Int>
        /// Black pixels in front of it.
        let before: Int

        init(size: Int, crop: Int) {
            if size >= crop {
                let start = (size - crop) / 2
                inside = start..<(start + crop)
                before = 0
            } else {
                inside = 0..<size
                before = (crop - size + 1) / 2
            }
        }
    }
}

/// Weights of the resizes seen, so that pictures of the same size share them.
private final class AxisCache: Sendable {
    private struct Key: Hashable {
        let input: Int
        let output: Int
        let range: Range<Int>
    }

    private let filter: ResampleFilter
    private let kept = Mutex<[Key: ResampleAxis]>([:])

    init(filter: ResampleFilter) { self.filter = filter }

    func axis(input: Int, output: Int, range: Range<Int>) -> ResampleAxis {
        let key = Key(input: input, output: output, range: range)
        if let found = kept.withLock({ $0[key] }) { return found }
        let made = ResampleAxis(input: input, output: output, range: range, filter: filter)
        kept.withLock {
            // Collections have a few common sizes; one with hundreds gains nothing from keeping them all.
            if $0.count >= 128 { $0.removeAll(keepingCapacity: true) }
            $0[key] = made
        }
        return made
    }
}
