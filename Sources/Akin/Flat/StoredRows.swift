internal import CAkinKernels

/// Half the distance from 1 to the next float: the relative error of one rounding.
let unitRoundoff = 0x1p-24

/// Widens a bound by more than the float operations that will be done with it can lose.
func roundedUp(_ bound: Double) -> Float {
    Float(bound * (1 + 0x1p-18)).nextUp
}

/// The stored vectors and what the kernels know of each row, measured once.
///
/// The kernels do not see a vector y itself but r = sigma * y - center, where sigma is 1, or 1 / |y| for the cosine.
/// Up to a part that depends on the query alone, the key of a row is b + w <r_x, r_y>:
///
/// | metric | key | w | b |
/// | --- | --- | --- | --- |
/// | L2 | squared distance | -2 | r_y squared |
/// | inner product, cosine | similarity, sign changed | -1 | -<center, r_y> |
final class StoredRows: Sendable {
    let vectors: Matrix<Float>
    let metric: Metric
    nonisolated(unsafe) let kernels: UnsafePointer<akin_kernel_table>  // a constant of the program

    /// `[dimension]`: the mean row, or 128 above the least value of whole numbers that span at most 255.
    let center: Buffer<Float>
    let centerNorm2: Double
    /// `[panels * 48]`, as are all terms of rows.
    let sigma: Buffer<Float>
    /// Length of sigma * y.
    let norm: Buffer<Float>
    /// Terms of the 32-bit tiles, as `akin_panel` names them.
    let terms: PanelTerms
    /// The 8-bit copy, where it was asked for and the CPU gains by it.
    let codes: EightBitCodes?
    /// Every component of every row is whole and within -128...127 of the center: 8 bits lose nothing.
    let isWhole: Bool
    /// Values are so large, or for the cosine rows so short or long, that floats would leave their range.
    let isExtreme: Bool

    var count: Int { vectors.rows }
    var dimension: Int { vectors.columns }
    var panels: Int { (count + panelRows - 1) / panelRows }
    var productFactor: Double { metric == .l2 ? 2 : 1 }

    init(
        _ vectors: Matrix<Float>, metric: Metric, kernels: Kernels, eightBit: Bool, threads: Int
    ) throws(IndexError) {
        self.vectors = vectors
        self.metric = metric
        nonisolated(unsafe) let table = kernels.table
        self.kernels = table
        try Self.checkFinite(vectors, threads: threads)

        let panels = (vectors.rows + panelRows - 1) / panelRows
        let padded = panels * panelRows
        let (rows, dimension) = (vectors.rows, vectors.columns)
        let sigma = Buffer<Float>(repeating: 1, count: padded)
        let norm = Buffer<Float>(repeating: 0, count: padded)
        let terms = PanelTerms(panels: panels)

        if metric == .cosine {
            forEachChunk(of: rows, threads: threads) { range in
                vectors.withUnsafeElements { y in
                    for i in range {
                        guard let row = y.baseAddress.map({ $0 + i * dimension }) else { return }
                        let square = table.pointee.product(row, row, dimension)
                        sigma[i] = Self.sigma(square: square)
                    }
                }
            }
        }
        let (center, isWhole) = Self.center(of: vectors, metric: metric, sigma: sigma)
        let measured = Buffer<akin_row_stats>(repeating: akin_row_stats(), count: padded)
        forEachChunk(of: rows, threads: threads) { range in
            vectors.withUnsafeElements { y in
                guard let y = y.baseAddress else { return }
                for i in range {
                    measured[i] = akin_row_measure(y + i * dimension, dimension, Double(sigma[i]), center.pointer)
                }
            }
        }

        // docs/exact-search.md derives these: u is the unit roundoff, gamma the error of a sum of products.
        let u = unitRoundoff
        let gamma = sumError(dimension)
        var largest = 0.0
        for i in 0..<rows {
            let m = measured[i]
            let length = m.norm2.squareRoot(), scaled = m.scaled_norm2.squareRoot()
            let rounding = u * ((metric == .cosine ? 2.5 * scaled : 0) + 1.5 * length)
            let b = metric == .l2 ? m.norm2 : -m.center_dot
            norm[i] = roundedUp(scaled)
            terms.b[i] = Float(b)
            terms.w[i] = metric == .l2 ? -2 : -1
            terms.e0[i] = roundedUp(6 * u * abs(b) + underflowSlack)
            terms.e1[i] = roundedUp((gamma + 6 * u) * length + rounding)
            terms.e2[i] = roundedUp(length)
            largest = max(largest, m.norm2, m.scaled_norm2)
        }
        terms.findLargest(rows: rows)
        isExtreme = largest > 0x1p90 || !(0..<rows).allSatisfy { Self.isOrdinary(sigma: sigma[$0]) }
        self.sigma = sigma
        self.norm = norm
        self.center = center
        centerNorm2 = (0..<dimension).reduce(0) { $0 + Double(center[$1]) * Double(center[$1]) }
        self.terms = terms
        self.isWhole = isWhole
        codes =
            eightBit && !isExtreme && rows > 0 && dimension <= 32_768
            ? EightBitCodes(
                vectors, metric: metric, sigma: sigma, center: center, measured: measured, isWhole: isWhole,
                threads: threads) : nil
    }

    /// What is known of all rows together, without the rows.
    init(withoutRows other: StoredRows) {
        vectors = Matrix(rows: 0, columns: other.dimension) { _ in }
        metric = other.metric
        kernels = other.kernels
        center = other.center
        centerNorm2 = other.centerNorm2
        sigma = Buffer(repeating: 1, count: 0)
        norm = Buffer(repeating: 0, count: 0)
        terms = PanelTerms(panels: 0)
        codes = other.codes.map(EightBitCodes.init(withoutRows:))
        isWhole = other.isWhole
        isExtreme = other.isExtreme
    }

    /// The factor that gives a vector length 1, from its squared length; 0 for length 0.
    static func sigma(square: Double) -> Float {
        square > 0 ? min(Float(1 / square.squareRoot()), .greatestFiniteMagnitude) : 0
    }

    /// Whether a factor and what it is multiplied with keep their precision as floats.
    static func isOrdinary(sigma: Float) -> Bool { sigma == 0 || (0x1p-100...0x1p100).contains(sigma) }

    private static func checkFinite(_ vectors: Matrix<Float>, threads: Int) throws(IndexError) {
        let bad = vectors.withUnsafeElements { y in
            y.baseAddress.map { akin_first_not_finite($0, y.count) } ?? 0
        }
        if bad < vectors.rows * vectors.columns {
            throw .notFinite(row: bad / vectors.columns, column: bad % vectors.columns)
        }
    }

    private static func center(
        of vectors: Matrix<Float>, metric: Metric, sigma: Buffer<Float>
    ) -> (Buffer<Float>, isWhole: Bool) {
        let (rows, dimension) = (vectors.rows, vectors.columns)
        let center = Buffer<Float>(repeating: 0, count: dimension)
        guard rows > 0 else { return (center, false) }
        return vectors.withUnsafeElements { elements in
            guard let y = elements.baseAddress else { return (center, false) }
            if metric != .cosine {
                var least: Float = 0, greatest: Float = 0
                if akin_whole_numbers(y, elements.count, &least, &greatest), greatest - least <= 255 {
                    for c in 0..<dimension { center[c] = least + 128 }
                    return (center, true)
                }
            }
            let sums = Buffer<Double>(repeating: 0, count: dimension)
            akin_add_rows(y, rows, dimension, sigma.pointer, sums.pointer)
            for c in 0..<dimension { center[c] = Float(sums[c] / Double(rows)) }
            return (center, false)
        }
    }
}

/// Rows of a panel, the unit of the tile kernels.
let panelRows = Int(AKIN_PANEL_ROWS)
/// Queries of a group.
let groupQueries = Int(AKIN_GROUP_QUERIES)

/// More than the underflow of any product or sum of `dimension` terms can lose.
let underflowSlack = 0x1p-100

/// The classic bound of a float sum of `terms` products, in any order: |error| <= gamma * sum of |products|.
func sumError(_ terms: Int) -> Double {
    let nu = Double(terms) * unitRoundoff
    return nu / (1 - min(nu, 0.5))
}

/// Runs `body` over ranges that cover `0..<count`, a few thousand rows each.
func forEachChunk(of count: Int, threads: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let chunk = 48 * 64
    let chunks = (count + chunk - 1) / chunk
    do {
        try parallelFor(threads: threads, count: chunks) { i in body(i * chunk..<min(count, (i + 1) * chunk)) }
    } catch {
        fatalError("chunks cannot fail: \(error)")
    }
}
