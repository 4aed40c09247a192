internal import CAkinKernels

/// Whole numbers for the components of vectors: one step for all, so that squared differences of numbers compare as
/// those of vectors do, and an offset for each.
///
/// A number n of component d stands for `offsets[d] + step * n`.
struct GraphGrid: Sendable {
    /// `[1, dimension]`: what number 0 stands for.
    let offsets: Matrix<Float>
    let step: Float

    var dimension: Int { offsets.columns }
    /// Enough to make the grid again.
    var tables: [Matrix<Float>] { [offsets, Matrix(rows: 1, columns: 1) { $0[0] = step }] }

    init(offsets: Matrix<Float>, step: Float) {
        self.offsets = offsets
        self.step = step
    }

    /// Makes a grid from what training found.
    ///
    /// - Throws: ``IndexError`` when tables have another shape, are not finite, or the step is not positive.
    init(dimension: Int, tables: [Matrix<Float>]) throws(IndexError) {
        try checkRange("tables of the codec", tables.count, 2...2)
        try checkRange("rows of offsets", tables[0].rows, 1...1)
        guard tables[0].columns == dimension else {
            throw .dimensionMismatch(expected: dimension, actual: tables[0].columns)
        }
        try checkRange("steps of the codec", tables[1].rows * tables[1].columns, 1...1)
        try checkFinite(tables[0])
        try checkFinite(tables[1])
        guard tables[1][0, 0] > 0 else { throw .notFinite(row: 0, column: 0) }
        offsets = tables[0]
        step = tables[1][0, 0]
    }

    /// The grid of 256 numbers that covers all of some vectors, `[n, dimension]`, with its middle in theirs.
    ///
    /// - Throws: ``IndexError`` when there is no vector, or one is not finite.
    static func covering(_ vectors: Matrix<Float>) throws(IndexError) -> GraphGrid {
        let spans = try spans(of: vectors)
        let dimension = vectors.columns
        let widest = (0..<dimension).reduce(Float(0)) { max($0, spans.greatest[$1] / 255 - spans.least[$1] / 255) }
        let step = usable(widest, spans)
        return GraphGrid(
            offsets: Matrix(rows: 1, columns: dimension) { offsets in
                for d in 0..<dimension {
                    // Whole steps, so that whole numbers of a range of 255 stay what they are.
                    let used = min(255, (spans.greatest[d] - spans.least[d]) / step)
                    offsets[d] = spans.least[d] - ((255 - used) / 2).rounded(.down) * step
                }
            }, step: step)
    }

    /// The grid of 16 numbers around the means of some vectors, `[n, dimension]`, whose step loses least.
    ///
    /// - Throws: ``IndexError`` when there is no vector, or one is not finite.
    static func closest(_ vectors: Matrix<Float>) throws(IndexError) -> GraphGrid {
        let spans = try spans(of: vectors)
        let dimension = vectors.columns
        let few = vectors.rows(0..<min(vectors.rows, 4096))
        var means = [Float](repeating: 0, count: dimension)
        few.withUnsafeElements { x in
            var sums = [Double](repeating: 0, count: dimension)
            for i in 0..<few.rows {
                for d in 0..<dimension { sums[d] += Double(x[i * dimension + d]) }
            }
            for d in 0..<dimension { means[d] = Float(sums[d] / Double(few.rows)) }
        }
        var widest: Float = 0
        for d in 0..<dimension { widest = max(widest, spans.greatest[d] - means[d], means[d] - spans.least[d]) }
        var best = (step: usable(widest / 7.5, spans), error: Double.infinity)
        var step = best.step
        for _ in 0..<32 {
            let error = few.withUnsafeElements { x in
                akin_graph_grid_error(x.baseAddress, few.rows, dimension, means, step, 15)
            }
            if error < best.error { best = (step, error) }
            step *= 0.9
        }
        let found = best.step
        return GraphGrid(
            offsets: Matrix(rows: 1, columns: dimension) { offsets in
                for d in 0..<dimension { offsets[d] = means[d] - 7.5 * found }
            }, step: found)
    }

    /// A step that can be divided by, whatever the vectors are.
    private static func usable(_ step: Float, _ spans: (least: [Float], greatest: [Float])) -> Float {
        let size = zip(spans.least, spans.greatest).reduce(Float(0)) { max($0, abs($1.0), abs($1.1)) }
        return max(step, size * 0x1p-24, .leastNormalMagnitude * 0x1p24)
    }

    private static func spans(
        of vectors: Matrix<Float>
    ) throws(IndexError) -> (least: [Float], greatest: [Float]) {
        guard vectors.rows > 0 else { throw .empty }
        try checkFinite(vectors)
        let dimension = vectors.columns
        var least = [Float](repeating: .infinity, count: dimension)
        var greatest = [Float](repeating: -.infinity, count: dimension)
        vectors.withUnsafeElements { x in
            for i in 0..<vectors.rows {
                for d in 0..<dimension {
                    least[d] = min(least[d], x[i * dimension + d])
                    greatest[d] = max(greatest[d], x[i * dimension + d])
                }
            }
        }
        return (least, greatest)
    }

    /// Writes the nearest numbers from `least` to `most` of a vector, in units of `1 / fine` of a step.
    func numbers(
        of vector: UnsafePointer<Float>, fine: Float, least: Float, most: Float,
        into numbers: UnsafeMutablePointer<Int16>
    ) {
        offsets.withUnsafeElements { offsets in
            akin_graph_grid_numbers(vector, offsets.baseAddress, dimension, step / fine, least, most, numbers)
        }
    }

    /// Writes where the components of a vector lie on the grid, in steps.
    func places(of vector: UnsafePointer<Float>, into places: UnsafeMutablePointer<Float>) {
        offsets.withUnsafeElements { offsets in
            akin_graph_grid_places(vector, offsets.baseAddress, dimension, step, places)
        }
    }

    /// What a number of a component stands for.
    func value(_ number: UInt8, _ d: Int) -> Float { offsets[0, d] + step * Float(number) }
}
