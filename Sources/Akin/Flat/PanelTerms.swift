internal import CAkinKernels

/// What is known of each row beside its components, padded to whole panels; see `akin_panel`.
final class PanelTerms: Sendable {
    let b, w, e0, e1, e2: Buffer<Float>
    /// Greatest e0, e1, e2 of each panel.
    let largest: Buffer<(Float, Float, Float)>

    init(panels: Int) {
        let rows = panels * panelRows
        b = Buffer(repeating: 0, count: rows)
        w = Buffer(repeating: 0, count: rows)
        e0 = Buffer(repeating: 0, count: rows)
        e1 = Buffer(repeating: 0, count: rows)
        e2 = Buffer(repeating: 0, count: rows)
        largest = Buffer(repeating: (0, 0, 0), count: panels)
    }

    func findLargest(rows: Int) {
        for p in 0..<largest.count {
            var greatest: (Float, Float, Float) = (0, 0, 0)
            for i in p * panelRows..<min(rows, (p + 1) * panelRows) {
                greatest.0 = max(greatest.0, e0[i])
                greatest.1 = max(greatest.1, e1[i])
                greatest.2 = max(greatest.2, e2[i])
            }
            largest[p] = greatest
        }
    }

    /// The panel that starts at row `48 * panel`, with components at `data`.
    func panel(_ panel: Int, rows: Int, data: UnsafeRawPointer) -> akin_panel {
        let first = panel * panelRows
        let greatest = largest[panel]
        return akin_panel(
            data: data, b: b.pointer + first, w: w.pointer + first, e0: e0.pointer + first, e1: e1.pointer + first,
            e2: e2.pointer + first, max_e0: greatest.0, max_e1: greatest.1, max_e2: greatest.2, start: nil, parity: nil,
            first_row: UInt32(first), rows: UInt32(min(rows - first, panelRows)))
    }
}
