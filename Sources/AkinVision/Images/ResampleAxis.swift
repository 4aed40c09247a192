internal import CAkinImage

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The weights of one axis of a resize: which inputs make each output, and how much of each.
///
/// Outputs may be a part of the resized axis; then only their weights are made, and only their inputs are read. So a
/// crop costs what it shows, not what it cuts away.
struct ResampleAxis: Sendable {
    /// Outputs held.
    let count: Int
    /// Inputs that any output reads.
    let inputs: Range<Int>

    private let simd: Bool
    private let stride: Int
    private let first: [Int32]
    private let taps: [Int32]
    private let weights: [Int32]
    private let low: [UInt32]
    private let high: [UInt32]

    /// Weights for outputs `range` of an axis resized from `input` to `output` samples.
    ///
    /// This follows Pillow to the bit: the centre of output i lies at (i + 0.5) · input / output; inputs whose centres
    /// are within the support, rounded to whole pixels, count; the weights are normalised in double precision, then
    /// rounded to 22 fractional bits, halves away from zero.
    ///
    /// Without `simd` only plain C runs, to compare with and for AKIN_SIMD=scalar.
    init(input: Int, output: Int, range: Range<Int>, filter: ResampleFilter, simd: Bool = ResampleAxis.usesSIMD) {
        precondition(input > 0 && output > 0 && !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= output)
        let scale = Double(input) / Double(output)
        let widening = max(scale, 1)
        let support = filter.support * widening
        let inverse = 1 / widening
        let widest = Int(support.rounded(.up)) * 2 + 1
        let stride = (widest + 3) / 4 * 4
        let one = Double(1 << Int(AKIN_RESAMPLE_BITS))

        var first: [Int32] = []
        var taps: [Int32] = []
        var weights = [Int32](repeating: 0, count: range.count * stride)
        var (lowest, highest) = (Int.max, 0)
        var scratch: [Double] = []
        for (row, index) in range.enumerated() {
            let center = (Double(index) + 0.5) * scale
            let begin = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), input)
            scratch.removeAll(keepingCapacity: true)
            var sum = 0.0
            for tap in 0..<(end - begin) {
                let weight = filter.weight(at: (Double(tap + begin) - center + 0.5) * inverse)
                scratch.append(weight)
                sum += weight
            }
            for (tap, weight) in scratch.enumerated() {
                let fixed = (sum == 0 ? weight : weight / sum) * one
                weights[row * stride + tap] = Int32(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
            }
            first.append(Int32(begin))
            taps.append(Int32(end - begin))
            lowest = min(lowest, begin)
            highest = max(highest, end)
        }
        inputs = lowest..<highest
        count = range.count
        self.stride = stride
        self.simd = simd
        self.first = first.map { $0 - Int32(lowest) }
        self.taps = taps
        self.weights = weights
        (low, high) = ResampleAxis.halves(weights)
    }

    /// False where AKIN_SIMD asks for plain C.
    static let usesSIMD = getenv("AKIN_SIMD").map { String(cString: $0) } != "scalar"

    /// Splits each weight into high · 65536 + low, both signed, and puts neighbours in one word.
    private static func halves(_ weights: [Int32]) -> (low: [UInt32], high: [UInt32]) {
        var low: [UInt32] = []
        var high: [UInt32] = []
        low.reserveCapacity(weights.count / 2)
        high.reserveCapacity(weights.count / 2)
        for i in Swift.stride(from: 0, to: weights.count, by: 2) {
            let (a, b) = (weights[i], weights[i + 1])
            let (lowA, lowB) = (Int16(truncatingIfNeeded: a), Int16(truncatingIfNeeded: b))
            let (highA, highB) = ((a - Int32(lowA)) >> 16, (b - Int32(lowB)) >> 16)
            low.append(UInt32(UInt16(bitPattern: lowA)) | UInt32(UInt16(bitPattern: lowB)) << 16)
            high.append(
                UInt32(UInt16(truncatingIfNeeded: highA)) | UInt32(UInt16(truncatingIfNeeded: highB)) << 16)
        }
        return (low, high)
    }

    /// Resizes across: `rows` rows, `stride` bytes apart, to `[rows, count, 3]`.
    ///
    /// `pixels` is at column `inputs.lowerBound` of the first row. False where memory ran out.
    func across(
        _ pixels: UnsafePointer<UInt8>, rows: Int, stride: Int, into out: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        withCAxis { akin_resample_across(pixels, rows, inputs.count, stride, &$0, out) == 0 }
    }

    /// Resizes down: rows of `rowBytes` bytes, `stride` bytes apart, to `[count, rowBytes]`.
    ///
    /// `bytes` is in row `inputs.lowerBound`.
    func down(
        _ bytes: UnsafePointer<UInt8>, rowBytes: Int, stride: Int, into out: UnsafeMutablePointer<UInt8>
    ) {
        withCAxis { akin_resample_down(bytes, rowBytes, stride, &$0, out) }
    }

    private func withCAxis<R>(_ body: (inout akin_resample_axis) -> R) -> R {
        first.withUnsafeBufferPointer { first in
            taps.withUnsafeBufferPointer { taps in
                weights.withUnsafeBufferPointer { weights in
                    low.withUnsafeBufferPointer { low in
                        high.withUnsafeBufferPointer { high in
                            var axis = akin_resample_axis(
                                outputs: Int32(count), simd: simd ? 1 : 0, stride: Int32(stride),
                                first: first.baseAddress,
                                taps: taps.baseAddress, weights: weights.baseAddress, low: low.baseAddress,
                                high: high.baseAddress)
                            return body(&axis)
                        }
                    }
                }
            }
        }
    }
}
