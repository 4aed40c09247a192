/// How a device keeps the components of vectors.
enum RowStorage: Sendable {
    case float32
    /// 1 + 5 + 10 bits: `SQfp16`.
    case float16
    /// The upper half of a float: `SQbf16`.
    case bfloat16

    /// Bytes of a component.
    var bytes: Int { self == .float32 ? 4 : 2 }

    /// Names a kernel that compares vectors, and the source it is in.
    func kernel(_ name: String) -> (name: String, source: String) {
        switch self {
        case .float32: (name, "exact.cu")
        case .float16: (name + "_f16", "exact_half.cu")
        case .bfloat16: (name + "_bf16", "exact_half.cu")
        }
    }

    /// Writes floats as they are kept.
    ///
    /// Those for 16 bits are among the values that 16 bits can hold, so nothing is rounded.
    func write(_ floats: UnsafePointer<Float>, count: Int, to bytes: UnsafeMutableRawPointer) {
        if self == .float32 {
            bytes.copyMemory(from: floats, byteCount: count * 4)
            return
        }
        let words = bytes.assumingMemoryBound(to: UInt16.self)
        if self == .bfloat16 {
            for i in 0..<count { words[i] = UInt16(floats[i].bitPattern >> 16) }
        } else {
            for i in 0..<count { words[i] = Self.half(floats[i]) }
        }
    }

    /// The half float of the same value; those below 2^-14 are multiples of 2^-24.
    private static func half(_ x: Float) -> UInt16 {
        let sign = UInt16(x.bitPattern >> 16 & 0x8000), magnitude = x.bitPattern & 0x7fff_ffff
        if magnitude < 0x3880_0000 { return sign | UInt16(x.magnitude * 0x1p24) }
        return sign | UInt16(truncatingIfNeeded: (magnitude - 0x3800_0000) >> 13)
    }
}
