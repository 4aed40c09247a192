internal import CAkinKernels

/// Centroids of few components, as the kernel reads them that keeps points in the lanes of registers: the sub-spaces of
/// product quantization.
final class SmallCentroids: Sendable {
    /// Vectors of more components go through tiles.
    static let mostDimensions = 16

    /// `[rows, 1 + dimension]`: b, then w * (centroid - center).
    let rows: Buffer<Float>
    /// Which centroid each row is.
    let numbers: Buffer<UInt32>
    /// A key of a point of length |x| is known within errorPerLength * |x| + error.
    let errorPerLength, error: Float

    init(
        _ centroids: Matrix<Float>, isCopy: [Bool], center: Buffer<Float>, isProduct: Bool,
        penalties: Buffer<Double>?
    ) {
        let dimension = centroids.columns
        let kept = (0..<centroids.rows).filter { !isCopy[$0] }
        let rows = Buffer<Float>(repeating: 0, count: kept.count * (1 + dimension))
        let numbers = Buffer<UInt32>(repeating: 0, count: kept.count)
        let centerLength = (0..<dimension).reduce(0.0) { $0 + Double(center[$1]) * Double(center[$1]) }.squareRoot()
        let w: Float = isProduct ? -1 : -2
        var longest = 0.0, largest = 0.0
        centroids.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            for (i, number) in kept.enumerated() {
                let y = base + number * dimension
                let m = akin_row_measure(y, dimension, 1, center.pointer)
                let b = (isProduct ? -m.center_dot : m.norm2) + (penalties?[number] ?? 0)
                let row = rows.pointer + i * (1 + dimension)
                row[0] = Float(b)
                for c in 0..<dimension { row[1 + c] = w * (y[c] - center[c]) }
                numbers[i] = UInt32(number)
                longest = max(longest, m.norm2.squareRoot())
                largest = max(largest, abs(b) + (isProduct ? centerLength * m.norm2.squareRoot() : 0))
            }
        }
        // Both sides are rounded once when the center is taken off, the sum as any float sum.
        let u = unitRoundoff, gamma = sumError(dimension + 4)
        errorPerLength = roundedUp(Double(abs(w)) * (gamma + 8 * u) * longest * 1.01)
        error = roundedUp(
            (gamma + 16 * u) * largest + (isProduct ? 32 * u * centerLength * centerLength : 0) + underflowSlack)
        self.rows = rows
        self.numbers = numbers
    }
}
