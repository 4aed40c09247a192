package import Akin

/// What half floats of a clustering stand for: (x - centre) · scale, with a power of two that suits the centroids.
///
/// It decides how many points must be decided in double precision, never an answer; so it may come from a sample.
package struct PointScale: Sendable {
    /// `[dimension]`, or empty: zero.
    package var centre: [Float]
    /// The greatest magnitude of a component less the centre's.
    package var largest: Float

    /// Points that are measured, about, of more.
    private static let mostRows = 1 << 16

    /// Measures points, evenly spaced ones where there are many.
    ///
    /// - Complexity: O(min(points, 131,072) · dimension).
    package init(_ points: Matrix<Float>, metric: Metric) {
        let isCentred = metric == .l2, d = points.columns, step = max(1, points.rows / Self.mostRows)
        (centre, largest) = points.withUnsafeElements { elements in
            var centre = [Float](repeating: 0, count: isCentred ? d : 0)
            if isCentred {
                var sums = [Double](repeating: 0, count: d)
                let rows = stride(from: 0, to: points.rows, by: step)
                for i in rows { for c in 0..<d { sums[c] += Double(elements[i * d + c]) } }
                for c in 0..<d { centre[c] = Float(sums[c] / Double((points.rows + step - 1) / step)) }
            }
            var largest: Float = 0
            for i in stride(from: 0, to: points.rows, by: step) {
                for c in 0..<d { largest = max(largest, abs(elements[i * d + c] - (isCentred ? centre[c] : 0))) }
            }
            return (centre, largest)
        }
    }
}
