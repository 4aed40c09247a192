internal import CAkinKernels

/// Codes each component by itself: a 16-bit float, or a few bits between the least and the greatest value seen.
///
/// A component of `bits` bits stands for `least + range * (code + 0.5) / (2^bits - 1)`, where `least` and `range` belong
/// to the component. Four times smaller than floats with 8 bits at hardly any loss, eight times with 4.
public struct ScalarQuantizer: Sendable {
    /// How a component is coded.
    public let kind: IndexSpec.ScalarType
    /// Components of a vector.
    public let dimension: Int
    /// `[2, dimension]`: the least value of each component, then its range; `[0, dimension]` for floats.
    public let ranges: Matrix<Float>

    /// Bytes of the code of one vector.
    public var codeByteCount: Int { (dimension * kind.bits + 7) / 8 }

    /// Makes a quantizer from its stored parts.
    ///
    /// - Throws: ``IndexError`` when the ranges have another shape, are not finite or negative.
    public init(_ kind: IndexSpec.ScalarType, dimension: Int, ranges: Matrix<Float>) throws(IndexError) {
        try checkRange("dimension", dimension, 1...65_536)
        try checkRange("rows of ranges", ranges.rows, kind.isFloat ? 0...0 : 2...2)
        guard ranges.rows == 0 || ranges.columns == dimension else {
            throw .dimensionMismatch(expected: dimension, actual: ranges.columns)
        }
        try checkFinite(ranges)
        if ranges.rows == 2 {
            for d in 0..<dimension where ranges[1, d] < 0 || !(ranges[0, d] + 1.01 * ranges[1, d]).isFinite {
                throw .notFinite(row: 1, column: d)
            }
        }
        self.kind = kind
        self.dimension = dimension
        self.ranges = ranges
    }
}

extension IndexSpec.ScalarType {
    /// Whether components are floats, which needs no training.
    var isFloat: Bool { bits == 16 }
}

/// Throws when a parameter lies outside its range.
func checkRange(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(IndexError) {
    guard allowed.contains(value) else { throw .outOfRange(name: name, value: value, allowed: allowed) }
}

/// Throws when a component is NaN or infinite.
func checkFinite(_ vectors: Matrix<Float>) throws(IndexError) {
    let count = vectors.rows * vectors.columns
    let first = vectors.withUnsafeElements { $0.baseAddress.map { akin_first_not_finite($0, count) } ?? count }
    guard first == count else { throw .notFinite(row: first / vectors.columns, column: first % vectors.columns) }
}
