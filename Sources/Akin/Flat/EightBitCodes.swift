internal import CAkinKernels

/// The stored rows in 8 bits: r = scale * codes + error, with the length of each error known exactly.
///
/// By Cauchy and Schwarz |<r_x, r_y> - <r'_x, r'_y>| <= |r_x| |e_y| + |e_x| |r'_y|, so the integer products bound the
/// true ones. Whole numbers within -128...127 of the center have no error at all.
final class EightBitCodes: Sendable {
    /// Dimension rounded up to 4, the bytes that one instruction sums.
    let padded: Int
    /// `[panels][padded / 4][48][4]`.
    let panels: Buffer<Int8>
    let terms: PanelTerms
    /// What accumulators begin with: queries' codes are sent as code + 128, this takes 128 * sum of codes back.
    let start: Buffer<Int32>
    /// The same for whole numbers, less half of b, and what halving b left over.
    let exactStart: Buffer<Int32>
    let parity: Buffer<Int32>

    init(
        _ vectors: Matrix<Float>, metric: Metric, sigma: Buffer<Float>, center: Buffer<Float>,
        measured: Buffer<akin_row_stats>, isWhole: Bool, threads: Int
    ) {
        let (rows, dimension) = (vectors.rows, vectors.columns)
        let padded = (dimension + 3) / 4 * 4
        let panelCount = (rows + panelRows - 1) / panelRows
        let codes = Buffer<Int8>(repeating: 0, count: panelCount * panelRows * padded)
        let terms = PanelTerms(panels: panelCount)
        let start = Buffer<Int32>(repeating: 0, count: panelCount * panelRows)
        let exact = isWhole && metric == .l2
        let exactStart = Buffer<Int32>(repeating: 0, count: exact ? panelCount * panelRows : 0)
        let parity = Buffer<Int32>(repeating: 0, count: exact ? panelCount * panelRows : 0)

        forEachChunk(of: rows, threads: threads) { range in
            let row = Buffer<Int8>(repeating: 0, count: padded)
            vectors.withUnsafeElements { y in
                guard let y = y.baseAddress else { return }
                for i in range {
                    let m = measured[i]
                    let scale = isWhole ? 1 : Float(m.largest / 127)
                    let code = akin_row_encode(
                        y + i * dimension, dimension, Double(sigma[i]), center.pointer, Double(scale), row.pointer)
                    let panel = codes.pointer + i / panelRows * panelRows * padded
                    akin_panel_put_codes(row.pointer, padded, i % panelRows, panel)

                    let b = metric == .l2 ? m.norm2 : -m.center_dot
                    let length = code.norm2.squareRoot(), error = code.error2.squareRoot()
                    let sigmaError = metric == .cosine ? 1.5 * unitRoundoff * m.scaled_norm2.squareRoot() : 0
                    terms.b[i] = Float(b)
                    terms.w[i] = (metric == .l2 ? -2 : -1) * scale
                    terms.e0[i] = roundedUp(6 * unitRoundoff * abs(b) + underflowSlack)
                    terms.e1[i] = roundedUp(error + 8 * unitRoundoff * length + sigmaError)
                    terms.e2[i] = roundedUp(length)
                    start[i] = -128 * code.sum
                    if exact {
                        let whole = Int32(m.norm2)
                        exactStart[i] = start[i] - whole / 2
                        parity[i] = whole % 2
                    }
                }
            }
        }
        terms.findLargest(rows: rows)
        self.padded = padded
        self.panels = codes
        self.terms = terms
        self.start = start
        self.exactStart = exactStart
        self.parity = parity
    }

    /// No rows, of the same length.
    init(withoutRows other: EightBitCodes) {
        padded = other.padded
        panels = Buffer(repeating: 0, count: 0)
        terms = PanelTerms(panels: 0)
        start = Buffer(repeating: 0, count: 0)
        exactStart = Buffer(repeating: 0, count: 0)
        parity = Buffer(repeating: 0, count: 0)
    }

    func panels(rows: Int, exact: Bool) -> akin_panels {
        var panels = terms.panels(rows: rows)
        panels.codes = UnsafePointer(self.panels.pointer)
        panels.start = UnsafePointer((exact ? exactStart : start).pointer)
        panels.parity = UnsafePointer(parity.pointer)
        return panels
    }

    var byteCount: Int { panels.count + start.count * (exactStart.count > 0 ? 32 : 24) }
}
