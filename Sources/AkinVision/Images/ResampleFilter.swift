#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// How pixels are weighted when a picture is resized.
///
/// Except for ``nearest``, a reduction widens the filter by the reduction's factor (antialiasing), as Pillow does. The
/// raw values are the codes that Pillow, and with it `preprocessor_config.json`, gives them.
public enum ResampleFilter: Int, Sendable, CaseIterable {
    /// The nearest pixel; no antialiasing.
    case nearest = 0
    /// Sinc windowed by a sinc, three lobes.
    case lanczos = 1
    /// A triangle.
    case bilinear = 2
    /// Keys's cubic convolution with a = -0.5 ([Keys 1981](https://doi.org/10.1109/TASSP.1981.1163711)).
    case bicubic = 3
    /// The mean over the pixel's area.
    case box = 4
    /// A triangle-like window of the Hamming kind, sharper than ``bilinear``.
    case hamming = 5

    /// The name that configurations and fingerprints use.
    public var name: String {
        switch self {
        case .nearest: "nearest"
        case .lanczos: "lanczos"
        case .bilinear: "bilinear"
        case .bicubic: "bicubic"
        case .box: "box"
        case .hamming: "hamming"
        }
    }

    /// Half the width of the filter, in input pixels of a resize that does not reduce.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The weight at distance `x` from the centre, not normalised.
    func weight(at x: Double) -> Double {
        let distance = abs(x)
        switch self {
        case .nearest: return 0
        case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear: return distance < 1 ? 1 - distance : 0
        case .bicubic:
            let a = -0.5
            if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
            if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
            return 0
        case .hamming:
            if distance == 0 { return 1 }
            if distance >= 1 { return 0 }
            let angle = distance * Double.pi
            return sin(angle) / angle * (0.54 + 0.46 * cos(angle))
        case .lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }

    private func sinc(_ x: Double) -> Double {
        if x == 0 { return 1 }
        let angle = x * Double.pi
        return sin(angle) / angle
    }
}
