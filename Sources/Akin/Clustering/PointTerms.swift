internal import CAkinKernels

/// What the assignment kernels know of some points beside their components; see `akin_point_terms`.
final class PointTerms: Sendable {
    let scale, a, slack, x1, x2, length: Buffer<Float>
    /// `[count, padded]`: 8-bit codes + 128; empty for 32 bits.
    let codes: Buffer<UInt8>
    let padded: Int

    init(count: Int, dimension: Int, isEightBit: Bool) {
        scale = Buffer(repeating: 0, count: count)
        a = Buffer(repeating: 0, count: count)
        slack = Buffer(repeating: 0, count: count)
        x1 = Buffer(repeating: 0, count: count)
        x2 = Buffer(repeating: 0, count: count)
        length = Buffer(repeating: 0, count: count)
        padded = (dimension + 3) / 4 * 4
        codes = Buffer(repeating: 128, count: isEightBit ? count * padded : 0)
    }

    /// The terms from point `first` on.
    func view(from first: Int) -> akin_point_terms {
        akin_point_terms(
            scale: scale.pointer + first, a: a.pointer + first, slack: slack.pointer + first, x1: x1.pointer + first,
            x2: x2.pointer + first, length: length.pointer + first)
    }

    /// Bytes of `count` points.
    static func byteCount(count: Int, dimension: Int) -> Int { count * ((dimension + 3) / 4 * 4 + 24) }
}
