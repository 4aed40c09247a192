internal import Akin
internal import Foundation

/// The classes of the demo pictures, each given by its signed distance in a unit square around the origin.
enum DemoShape: String, CaseIterable, Sendable {
    case arrow, checkerboard, circle, crescent, cross, dots, drop, heart
    case hexagon, lightning, ring, spiral, square, star, stripes, triangle

    /// The hue that most examples are painted in, 0..<1 from red over green and blue: things have usual colours too.
    var usualHue: Float {
        switch self {
        case .heart, .cross: 0.98
        case .hexagon: 0.06
        case .lightning, .star: 0.14
        case .crescent, .dots: 0.2
        case .arrow, .triangle: 0.35
        case .spiral, .ring: 0.47
        case .drop, .circle: 0.58
        case .stripes, .square: 0.7
        case .checkerboard: 0.85
        }
    }
}

/// A shape with its free proportions fixed, ready to be measured at many points.
struct DemoOutline: Sendable {
    private enum Form: Sendable {
        case polygon([SIMD2<Float>])
        case disc
        case ring(halfWidth: Float)
        case crescent(offset: Float, radius: Float)
        case spiral(pitch: Float, turns: Int)
        case stripes(period: Float)
        case checkerboard(period: Float)
        case dots(period: Float, radius: Float)
    }

    private let form: Form

    /// Draws the proportions of one example.
    init(_ shape: DemoShape, using random: inout SplitMix64) {
        func vary(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &random) }
        form =
            switch shape {
            case .circle: .disc
            case .ring: .ring(halfWidth: vary(0.12...0.26))
            case .crescent: .crescent(offset: vary(0.35...0.6), radius: vary(0.7...0.9))
            case .spiral: .spiral(pitch: vary(0.3...0.42), turns: 3)
            case .stripes: .stripes(period: vary(0.36...0.6))
            case .checkerboard: .checkerboard(period: vary(0.34...0.64))
            case .dots: .dots(period: vary(0.36...0.6), radius: vary(0.26...0.36))
            case .square: .polygon(Self.regular(4, turned: .pi / 4))
            case .triangle: .polygon(Self.regular(3, turned: 0))
            case .hexagon: .polygon(Self.regular(6, turned: 0))
            case .star: .polygon(Self.star(points: 5, inner: vary(0.36...0.5)))
            case .cross: .polygon(Self.cross(halfWidth: vary(0.2...0.34)))
            case .arrow: .polygon(Self.arrow(shaft: vary(0.14...0.24), head: vary(-0.15...0.15)))
            case .lightning: .polygon(Self.lightning(lean: vary(-0.1...0.1)))
            case .heart: .polygon(Self.heart())
            case .drop: .polygon(Self.drop(sharpness: vary(1.2...2)))
            }
    }

    /// The distance from a point to the outline, negative inside; exact or a little short of it.
    func distance(_ p: SIMD2<Float>) -> Float {
        let r = (p * p).sum().squareRoot()
        switch form {
        case .polygon(let corners): return r > 1.5 ? r - 1 : Self.distance(p, toPolygon: corners)
        case .disc: return r - 0.9
        case .ring(let halfWidth): return abs(r - 0.9 + halfWidth) - halfWidth
        case .crescent(let offset, let radius):
            let bite = p - SIMD2(offset, 0)
            return max(r - 0.95, radius - (bite * bite).sum().squareRoot())
        case .spiral(let pitch, let turns):
            let turn = atan2(p.y, p.x) / (2 * .pi)
            let arm = min(max((r / pitch - turn).rounded(), 0), Float(turns) - 1)
            return abs(r - pitch * (arm + turn)) - 0.26 * pitch
        case .stripes(let period):
            let phase = abs(p.y / period - (p.y / period).rounded())
            return max(Self.patch(p, period: period), (phase - 0.25) * period)
        case .checkerboard(let period):
            let x = (p.x / period), y = (p.y / period)
            let dx = 0.5 - abs(x - x.rounded()), dy = 0.5 - abs(y - y.rounded())
            let isDark = Int(x.rounded() + y.rounded()) & 1 == 0
            return max(Self.patch(p, period: period), (isDark ? -min(dx, dy) : min(dx, dy)) * period)
        case .dots(let period, let radius):
            var q = p / period
            q -= q.rounded(.toNearestOrAwayFromZero)
            return max(Self.patch(p, period: period), ((q * q).sum().squareRoot() - radius) * period)
        }
    }

    /// The square that textures fill: an odd number of periods, so that its edge cuts no dot or field in two.
    private static func patch(_ p: SIMD2<Float>, period: Float) -> Float {
        max(abs(p.x), abs(p.y)) - (((0.98 / period - 0.5).rounded(.down) + 0.5) * period)
    }

    private static func distance(_ p: SIMD2<Float>, toPolygon corners: [SIMD2<Float>]) -> Float {
        var nearest = Float.infinity
        var isInside = false
        var previous = corners[corners.count - 1]
        for corner in corners {
            let edge = previous - corner
            let toPoint = p - corner
            let along = min(max((toPoint * edge).sum() / (edge * edge).sum(), 0), 1)
            let gap = toPoint - edge * along
            nearest = min(nearest, (gap * gap).sum())
            // A ray to the right crosses the outline an odd number of times exactly from inside.
            if (corner.y > p.y) != (previous.y > p.y), p.x < corner.x + edge.x * (p.y - corner.y) / edge.y {
                isInside.toggle()
            }
            previous = corner
        }
        return isInside ? -nearest.squareRoot() : nearest.squareRoot()
    }

    // Corners have y pointing down, as rows of pixels do.

    private static func polar(_ angle: Float, _ radius: Float) -> SIMD2<Float> {
        SIMD2(sin(angle), -cos(angle)) * radius
    }

    private static func regular(_ count: Int, turned: Float) -> [SIMD2<Float>] {
        (0..<count).map { polar(2 * .pi * Float($0) / Float(count) + turned, 1) }
    }

    private static func star(points: Int, inner: Float) -> [SIMD2<Float>] {
        (0..<2 * points).map { polar(.pi * Float($0) / Float(points), $0 % 2 == 0 ? 1 : inner) }
    }

    private static func cross(halfWidth w: Float) -> [SIMD2<Float>] {
        let l: Float = 0.95
        let points: [(Float, Float)] = [
            (w, -l), (w, -w), (l, -w), (l, w), (w, w), (w, l), (-w, l), (-w, w), (-l, w), (-l, -w), (-w, -w), (-w, -l),
        ]
        return points.map { SIMD2($0.0, $0.1) }
    }

    private static func arrow(shaft s: Float, head h: Float) -> [SIMD2<Float>] {
        let points: [(Float, Float)] = [
            (-0.95, -s), (h, -s), (h, -0.65), (0.98, 0), (h, 0.65), (h, s), (-0.95, s),
        ]
        return points.map { SIMD2($0.0, $0.1) }
    }

    private static func lightning(lean: Float) -> [SIMD2<Float>] {
        let points: [(Float, Float)] = [
            (0.3, -1), (-0.5, 0.12), (-0.05, 0.12), (-0.3, 1), (0.55, -0.25), (0.08, -0.25),
        ]
        return points.map { SIMD2($0.0 + lean * $0.1, $0.1) }
    }

    private static func heart() -> [SIMD2<Float>] {
        (0..<32).map { step in
            let t = 2 * Float.pi * Float(step) / 32
            let y = 13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t)
            return SIMD2(16 * pow(sin(t), 3), -y) / 17
        }
    }

    private static func drop(sharpness: Float) -> [SIMD2<Float>] {
        (0..<32).map { step in
            let t = 2 * Float.pi * Float(step) / 32
            return SIMD2(0.85 * sin(t) * pow(sin(t / 2), sharpness), -cos(t))
        }
    }
}
