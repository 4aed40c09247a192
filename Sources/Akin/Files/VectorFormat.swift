/// The kinds of files that hold nothing but vectors, told apart by the extension of their name.
///
/// | format | layout | elements |
/// | --- | --- | --- |
/// | `npy` | NumPy's header, then all rows | float32, float16, uint8, int8, int32, int64 |
/// | `fvecs`, `bvecs`, `ivecs` | each row: its dimension as int32, then its components | float32; uint8; int32 |
/// | `fbin`, `u8bin`, `i8bin` | count and dimension as uint32, then all rows | float32; uint8; int8 |
///
/// Everything is little-endian.
public enum VectorFormat: String, Sendable, Codable, CaseIterable {
    /// NumPy's array file.
    case npy
    /// 32-bit floats, every row with its dimension.
    case fvecs
    /// Bytes, every row with its dimension.
    case bvecs
    /// 32-bit whole numbers, every row with its dimension.
    case ivecs
    /// 32-bit floats behind one header.
    case fbin
    /// Bytes behind one header.
    case u8bin
    /// Signed bytes behind one header.
    case i8bin

    /// The format that the extension of `path` stands for.
    ///
    /// - Throws: ``FileError`` with code `unknownFormat`, naming the extensions there are.
    public init(path: String) throws(FileError) {
        let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
        guard let format = VectorFormat(rawValue: suffix.lowercased()) else {
            let known = Self.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
            let found = suffix.isEmpty ? "a name without one" : "'.\(suffix)'"
            throw FileError(
                .unknownFormat, path: path, "expected a vector file with extension \(known), found \(found)")
        }
        self = format
    }

    /// The one element type of the format; `nil` for `npy`, whose header says it.
    public var elementType: ElementType? {
        switch self {
        case .npy: nil
        case .fvecs, .fbin: .float32
        case .bvecs, .u8bin: .uint8
        case .i8bin: .int8
        case .ivecs: .int32
        }
    }

    /// Whether every row begins with its dimension.
    var hasRowHeaders: Bool {
        switch self {
        case .fvecs, .bvecs, .ivecs: true
        case .npy, .fbin, .u8bin, .i8bin: false
        }
    }
}
