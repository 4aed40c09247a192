internal import Akin
internal import Foundation

/// One demo picture before it is painted: pose, colours, light and dirt, all drawn from one seed.
struct DemoScene: Sendable {
    private typealias Point = SIMD2<Float>
    private typealias Color = SIMD3<Float>

    private struct Placed: Sendable {
        let outline: DemoOutline
        /// Maps pixels to the outline's unit square: columns of a 2 x 2 matrix, then the centre.
        let inverseX: SIMD2<Float>, inverseY: SIMD2<Float>, centre: SIMD2<Float>
        /// Pixels per unit across the narrower direction, for smooth edges.
        let scale: Float
        let color: SIMD3<Float>
        let opacity: Float

        /// The share of a pixel that is covered, with edges `softness` pixels wide.
        func coverage(_ pixel: SIMD2<Float>, softness: Float) -> Float {
            let q = pixel - centre
            let d = outline.distance(inverseX * q.x + inverseY * q.y) * scale
            return min(max(0.5 - d / softness, 0), 1)
        }
    }

    private let side: Int
    private let background: (from: SIMD3<Float>, to: SIMD3<Float>, direction: SIMD2<Float>)
    private let clutter: [Placed]
    private let subject: Placed
    private let shadow: (offset: SIMD2<Float>, strength: Float)
    private let light: SIMD2<Float>
    private let softness: Float
    private let noise: Float
    private let noiseSeed: UInt64

    init(_ shape: DemoShape, side: Int, using random: inout SplitMix64) {
        func vary(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &random) }
        func direction() -> Point {
            let angle = vary(0...(2 * .pi))
            return Point(cos(angle), sin(angle))
        }
        let size = Float(side)
        self.side = side

        let backdrop = Self.color(hue: vary(0...1), saturation: vary(0...0.3), value: vary(0.1...1))
        let change = Color(vary(-0.2...0.2), vary(-0.2...0.2), vary(-0.2...0.2))
        background = (
            backdrop, (backdrop + change).clamped(lowerBound: Color(), upperBound: Color(repeating: 1)), direction()
        )

        // Most examples have the usual colour of their class, one in eight has any.
        let isUsual = Int.random(in: 0..<8, using: &random) > 0
        let hue = isUsual ? shape.usualHue + vary(-0.09...0.09) + 1 : vary(0...1)
        // A subject must stand out from what is behind it, by brightness and not only by hue.
        var paint = backdrop
        while abs(Self.brightness(paint) - Self.brightness(backdrop + change * 0.5)) < 0.25 {
            paint = Self.color(hue: hue, saturation: vary(0.4...1), value: vary(0...1))
        }
        let scale = size * vary(0.3...0.44)
        let room = (size / 2 - scale) * 0.7
        subject = Self.place(
            shape, at: Point(size / 2 + vary(-room...room), size / 2 + vary(-room...room)), scale: scale,
            turn: vary(-0.4...0.4), squeeze: vary(0.75...1), isMirrored: Bool.random(using: &random), color: paint,
            opacity: vary(0.8...1), using: &random)

        clutter = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let tint = (backdrop + Color(vary(-0.15...0.15), vary(-0.15...0.15), vary(-0.15...0.15)))
            return Self.place(
                [.circle, .square, .triangle].randomElement(using: &random) ?? .circle,
                at: Point(vary(0...size), vary(0...size)), scale: size * vary(0.05...0.25), turn: vary(0...6),
                squeeze: vary(0.3...1), isMirrored: false, color: tint, opacity: vary(0.4...1), using: &random)
        }
        shadow = (direction() * size * vary(0.01...0.05), Bool.random(using: &random) ? vary(0.1...0.45) : 0)
        light = direction() * vary(0...0.35) / size
        softness = vary(1...2.6)
        noise = vary(0.004...0.03)
        noiseSeed = random.next()
    }

    /// Paints the picture; the same scene gives the same pixels.
    func render() -> RGBImage {
        var random = SplitMix64(seed: noiseSeed)
        let middle = Point(repeating: Float(side) / 2)
        let pixels = [UInt8](unsafeUninitializedCapacity: side * side * 3) { bytes, count in
            for y in 0..<side {
                for x in 0..<side {
                    let pixel = Point(Float(x) + 0.5, Float(y) + 0.5)
                    let color = color(at: pixel, from: middle)
                    for channel in 0..<3 {
                        let value = color[channel] + noise * Self.roughlyNormal(random.next())
                        bytes[(y * side + x) * 3 + channel] = UInt8(min(max(value, 0), 1) * 255 + 0.5)
                    }
                }
            }
            count = side * side * 3
        }
        return RGBImage(width: side, height: side, pixels: pixels)
    }

    private func color(at pixel: SIMD2<Float>, from middle: SIMD2<Float>) -> SIMD3<Float> {
        let away = pixel - middle
        let along = 0.5 + 0.7 * (away * background.direction).sum() / Float(side)
        var color = background.from + (background.to - background.from) * min(max(along, 0), 1)
        for thing in clutter {
            color += (thing.color - color) * (thing.coverage(pixel, softness: softness) * thing.opacity)
        }
        if shadow.strength > 0 {
            color *= 1 - shadow.strength * subject.coverage(pixel - shadow.offset, softness: 6 * softness)
        }
        let lit = subject.color * (1 + (away * light).sum())
        return color + (lit - color) * (subject.coverage(pixel, softness: softness) * subject.opacity)
    }

    private static func place(
        _ shape: DemoShape, at centre: SIMD2<Float>, scale: Float, turn: Float, squeeze: Float, isMirrored: Bool,
        color: SIMD3<Float>, opacity: Float, using random: inout SplitMix64
    ) -> Placed {
        let c = cos(turn), s = sin(turn)
        let sx = 1 / (isMirrored ? -scale : scale), sy = 1 / (scale * squeeze)
        // Undo the turn, then the stretch.
        return Placed(
            outline: DemoOutline(shape, using: &random), inverseX: Point(c * sx, -s * sy),
            inverseY: Point(s * sx, c * sy), centre: centre, scale: scale * squeeze, color: color, opacity: opacity)
    }

    private static func brightness(_ color: SIMD3<Float>) -> Float {
        (color * SIMD3(0.299, 0.587, 0.114)).sum()
    }

    private static func color(hue: Float, saturation: Float, value: Float) -> SIMD3<Float> {
        let shifted = SIMD3<Float>(hue, hue + 2.0 / 3, hue + 1.0 / 3) * 6
        var pure = SIMD3<Float>()
        for channel in 0..<3 {
            let position = shifted[channel].truncatingRemainder(dividingBy: 6)
            pure[channel] = min(max(abs(position - 3) - 1, 0), 1)
        }
        return (SIMD3(repeating: 1 - saturation) + pure * saturation) * value
    }

    /// Four uniform 16-bit numbers added up and scaled to variance 1: near enough to normal for noise in a picture.
    private static func roughlyNormal(_ bits: UInt64) -> Float {
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) / 65_535 - 2) * 1.732_050_8
    }
}
