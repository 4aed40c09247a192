internal import CAkinKernels

/// An order in which centroids that lie near each other share panels, so that whole panels are out of reach of a point.
///
/// Recursive bisection along the principal direction, at multiples of a panel. The order decides how much is skipped,
/// never the result.
enum CentroidOrder {
    static func near(_ centroids: Matrix<Float>, kernels: Kernels) -> [UInt32] {
        var order = (0..<UInt32(centroids.rows)).map { $0 }
        centroids.withUnsafeElements { elements in
            guard let rows = elements.baseAddress, centroids.columns > 0 else { return }
            bisect(&order, 0..<order.count, rows, centroids.columns, kernels)
        }
        return order
    }

    private static func bisect(
        _ order: inout [UInt32], _ range: Range<Int>, _ rows: UnsafePointer<Float>, _ dimension: Int,
        _ kernels: Kernels
    ) {
        guard range.count > panelRows else { return }
        let product = kernels.table.pointee.product
        let direction = Buffer<Float>(repeating: 0, count: dimension)
        let mean = Buffer<Double>(repeating: 0, count: dimension)
        let sums = Buffer<Double>(repeating: 0, count: dimension)
        var projections = [Double](repeating: 0, count: range.count)
        for i in range {
            let row = rows + Int(order[i]) * dimension
            for c in 0..<dimension { mean[c] += Double(row[c]) / Double(range.count) }
        }
        // A few steps of the power method from the row that is first, seen from the mean.
        let first = rows + Int(order[range.lowerBound]) * dimension
        for c in 0..<dimension { direction[c] = Float(Double(first[c]) - mean[c]) }
        for _ in 0..<4 {
            normalise(direction)
            let offset = (0..<dimension).reduce(0.0) { $0 + mean[$1] * Double(direction[$1]) }
            for c in 0..<dimension { sums[c] = 0 }
            for i in range {
                let row = rows + Int(order[i]) * dimension
                let along = (product?(row, direction.pointer, dimension) ?? 0) - offset
                projections[i - range.lowerBound] = along
                for c in 0..<dimension { sums[c] += along * (Double(row[c]) - mean[c]) }
            }
            for c in 0..<dimension { direction[c] = Float(sums[c]) }
        }
        let sorted = projections.indices.sorted {
            projections[$0] != projections[$1] ? projections[$0] < projections[$1] : $0 < $1
        }
        let before = Array(order[range])
        for (i, from) in sorted.enumerated() { order[range.lowerBound + i] = before[from] }
        let panels = (range.count + panelRows - 1) / panelRows
        let middle = range.lowerBound + panels / 2 * panelRows
        bisect(&order, range.lowerBound..<middle, rows, dimension, kernels)
        bisect(&order, middle..<range.upperBound, rows, dimension, kernels)
    }

    private static func normalise(_ vector: Buffer<Float>) {
        let square = (0..<vector.count).reduce(0.0) { $0 + Double(vector[$1]) * Double(vector[$1]) }
        guard square > 0, square.isFinite else { return }
        for c in 0..<vector.count { vector[c] = Float(Double(vector[c]) / square.squareRoot()) }
    }
}
