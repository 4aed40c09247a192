internal import CAkinKernels

/// Centroids as the assignment kernels read them: in panels, relative to a center, in 8 or 32 bits, with the error that
/// each row can add to a key.
///
/// The bounds are those of exact search (docs/exact-search.md); a penalty on a centroid goes into b, which is exact in
/// doubles and rounded once.
final class CentroidPanels: Sendable {
    let isEightBit: Bool
    let dimension: Int
    let panels: Int
    private let floats: Buffer<Float>
    private let codes: Buffer<Int8>
    private let start: Buffer<Int32>
    private let terms: PanelTerms

    /// Packs centroids `[k, dimension]`: row i of the panels is centroid `numbers[i]`, relative to `center`; those of
    /// which `isCopy` says so count as padding.
    init(
        _ centroids: Matrix<Float>, numbers: Buffer<UInt32>, isCopy: [Bool], center: Buffer<Float>, isProduct: Bool,
        penalties: Buffer<Double>?, isEightBit: Bool
    ) {
        let dimension = centroids.columns
        let panels = (numbers.count + panelRows - 1) / panelRows
        let padded = (dimension + 3) / 4 * 4
        let floats = Buffer<Float>(repeating: 0, count: isEightBit ? 0 : panels * panelRows * dimension)
        let codes = Buffer<Int8>(repeating: 0, count: isEightBit ? panels * panelRows * padded : 0)
        let start = Buffer<Int32>(repeating: 0, count: panels * panelRows)
        let terms = PanelTerms(panels: panels)
        let row = Buffer<Int8>(repeating: 0, count: padded)
        let centerLength = (0..<dimension).reduce(0.0) { $0 + Double(center[$1]) * Double(center[$1]) }.squareRoot()
        let u = unitRoundoff, gamma = sumError(dimension)
        centroids.withUnsafeElements { elements in
            guard let base = elements.baseAddress else { return }
            for i in 0..<panels * panelRows {
                guard i < numbers.count, !isCopy[Int(numbers[i])] else {
                    terms.b[i] = .infinity
                    continue
                }
                let number = Int(numbers[i]), y = base + number * dimension
                let m = akin_row_measure(y, dimension, 1, center.pointer)
                let length = m.norm2.squareRoot()
                let b = (isProduct ? -m.center_dot : m.norm2) + (penalties?[number] ?? 0)
                terms.b[i] = Float(b)
                terms.e0[i] = roundedUp(
                    12 * u * (abs(b) + (isProduct ? centerLength * length : 0)) + underflowSlack)
                if isEightBit {
                    let scale = Float(m.largest / 127)
                    let code = akin_row_encode(y, dimension, 1, center.pointer, Double(scale), row.pointer)
                    akin_panel_put_codes(
                        row.pointer, padded, i % panelRows, codes.pointer + i / panelRows * panelRows * padded)
                    let coded = code.norm2.squareRoot()
                    terms.w[i] = (isProduct ? -1 : -2) * scale
                    terms.e1[i] = roundedUp(code.error2.squareRoot() + 8 * u * coded)
                    terms.e2[i] = roundedUp(coded)
                    start[i] = -128 * code.sum
                } else {
                    let panel = floats.pointer + i / panelRows * panelRows * dimension + i % panelRows
                    for c in 0..<dimension { panel[c * panelRows] = y[c] - center[c] }
                    terms.w[i] = isProduct ? -1 : -2
                    terms.e1[i] = roundedUp((gamma + 6 * u) * length + 1.5 * u * length)
                    terms.e2[i] = roundedUp(length)
                }
            }
        }
        terms.findLargest(rows: numbers.count)
        self.isEightBit = isEightBit
        self.dimension = dimension
        self.panels = panels
        self.floats = floats
        self.codes = codes
        self.start = start
        self.terms = terms
    }

    /// What the kernels see; valid while this object lives.
    var view: akin_centroids {
        var view = akin_centroids()
        let common = terms.panels(rows: panels * panelRows)
        view.panels = panels
        view.dimension = dimension
        view.padded = (dimension + 3) / 4 * 4
        view.floats = isEightBit ? nil : UnsafePointer(floats.pointer)
        view.codes = isEightBit ? UnsafePointer(codes.pointer) : nil
        view.start = UnsafePointer(start.pointer)
        view.b = common.b
        view.w = common.w
        view.e0 = common.e0
        view.e1 = common.e1
        view.e2 = common.e2
        view.largest = common.largest
        return view
    }
}
