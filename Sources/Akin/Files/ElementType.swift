/// What the components of stored vectors are; little-endian in files.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    /// IEEE 754 single precision.
    case float32
    /// IEEE 754 half precision.
    case float16
    /// Whole numbers 0...255.
    case uint8
    /// Whole numbers -128...127.
    case int8
    /// 32-bit whole numbers, such as the ids of neighbours.
    case int32
    /// 64-bit whole numbers, such as the ids of neighbours.
    case int64

    /// Bytes of one component.
    public var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .float16: 2
        case .uint8, .int8: 1
        case .int64: 8
        }
    }

    /// How NumPy writes it in the header of a `.npy` file.
    var numpyDescription: String {
        switch self {
        case .float32: "<f4"
        case .float16: "<f2"
        case .uint8: "|u1"
        case .int8: "|i1"
        case .int32: "<i4"
        case .int64: "<i8"
        }
    }
}
