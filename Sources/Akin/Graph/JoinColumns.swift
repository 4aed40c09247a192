internal import CAkinKernels

/// Points packed as columns of the join; see `akin_columns`.
final class JoinColumns: Sendable {
    let panels: Int
    private let codes: Buffer<Int8>
    private let start: Buffer<Int32>
    private let point: Buffer<UInt32>
    private let length, error, most: Buffer<Float>

    /// Makes room for `count` points.
    init(room count: Int, padded: Int) {
        panels = (count + panelRows - 1) / panelRows
        codes = Buffer(uninitialized: panels * panelRows * padded)
        start = Buffer(uninitialized: panels * panelRows)
        point = Buffer(uninitialized: panels * panelRows)
        length = Buffer(uninitialized: panels * panelRows)
        error = Buffer(uninitialized: panels * panelRows)
        most = Buffer(uninitialized: panels * 2)
    }

    /// Packs consecutive points and gives the number of panels used.
    ///
    /// What is left of the last panel becomes padding. Columns are known by the number of their point plus `offset`, which tells them apart from rows of another set.
    @discardableResult
    func pack(_ points: Range<Int>, of view: akin_points, at firstPanel: Int = 0, offset: UInt32 = 0) -> Int {
        var view = view
        var columns = self.view
        let first = firstPanel * panelRows
        for (place, i) in points.enumerated() {
            akin_columns_put(&view, UInt32(i), first + place, &columns)
            point[first + place] = UInt32(i) + offset
        }
        let used = (points.count + panelRows - 1) / panelRows
        for place in points.count..<used * panelRows { akin_columns_clear(view.padded, first + place, &columns) }
        akin_columns_measure(&columns, firstPanel, firstPanel + used)
        return used
    }

    var view: akin_columns {
        akin_columns(
            panels: panels, codes: codes.pointer, start: start.pointer, point: point.pointer, length: length.pointer,
            error: error.pointer, most: most.pointer)
    }
}
