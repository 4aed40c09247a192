internal import CAkinKernels

/// What is known of each row beside its components, padded to whole panels; see `akin_panels`.
final class PanelTerms: Sendable {
    let b, w, e0, e1, e2: Buffer<Float>
    /// `[panels, 3]`: greatest e0, e1, e2.
    private let largest: Buffer<Float>

    init(panels: Int) {
        let rows = panels * panelRows
        b = Buffer(repeating: 0, count: rows)
        w = Buffer(repeating: 0, count: rows)
        e0 = Buffer(repeating: 0, count: rows)
        e1 = Buffer(repeating: 0, count: rows)
        e2 = Buffer(repeating: 0, count: rows)
        largest = Buffer(repeating: 0, count: panels * 3)
    }

    func findLargest(rows: Int) {
        for i in 0..<rows {
            let p = i / panelRows * 3
            largest[p] = max(largest[p], e0[i])
            largest[p + 1] = max(largest[p + 1], e1[i])
            largest[p + 2] = max(largest[p + 2], e2[i])
        }
    }

    /// The part of `akin_panels` that both precisions share.
    func panels(rows: Int) -> akin_panels {
        var panels = akin_panels()
        panels.rows = rows
        panels.b = UnsafePointer(b.pointer)
        panels.w = UnsafePointer(w.pointer)
        panels.e0 = UnsafePointer(e0.pointer)
        panels.e1 = UnsafePointer(e1.pointer)
        panels.e2 = UnsafePointer(e2.pointer)
        panels.largest = UnsafePointer(largest.pointer)
        return panels
    }
}
