extension RGBImage {
    /// The picture in another size, to the bit as the `resize` of Pillow 13 makes it.
    ///
    /// It is resized in two passes with 8-bit pixels in between, first across, then down; the other way round where the
    /// height shrinks by more than twice as many pixels as the width does (older releases of Pillow always went across
    /// first, which differs by a few units then). An axis that keeps its size is not touched.
    ///
    /// - Parameters:
    ///   - width: pixels across, at least 1.
    ///   - height: pixels down, at least 1.
    ///   - filter: all but `.nearest` antialias when they reduce.
    /// - Returns: a picture of `width` by `height` pixels.
    /// - Complexity: O(`self.height` · `width` · taps + `height` · `width` · taps), where taps are twice the filter's
    ///   support, widened by the reduction.
    public func resized(width: Int, height: Int, filter: ResampleFilter = .bicubic) -> RGBImage {
        resized(width: width, height: height, filter: filter, simd: ResampleAxis.usesSIMD)
    }

    /// The same with or without the CPU's vector instructions.
    package func resized(width: Int, height: Int, filter: ResampleFilter, simd: Bool) -> RGBImage {
        precondition(width > 0 && height > 0, "a picture has at least one pixel")
        return resized(width: width, height: height, filter: filter, columns: 0..<width, rows: 0..<height) {
            ResampleAxis(input: $0, output: $1, range: $2, filter: filter, simd: simd)
        }
    }

    /// A part of the resized picture, computed without the rest.
    ///
    /// `columns` and `rows` lie within the resized picture and are not empty. `axis` gives the weights for an input size,
    /// an output size and a range of outputs; it may keep them from picture to picture.
    func resized(
        width: Int, height: Int, filter: ResampleFilter, columns: Range<Int>, rows: Range<Int>,
        axis: (Int, Int, Range<Int>) -> ResampleAxis
    ) -> RGBImage {
        if filter == .nearest, width != self.width || height != self.height {
            return nearest(width: width, height: height, columns: columns, rows: rows)
        }
        let across = width == self.width ? nil : axis(self.width, width, columns)
        let down = height == self.height ? nil : axis(self.height, height, rows)
        // The order is part of the result, because pixels are rounded between the passes.
        if let down, height < self.height, self.height - height > 2 * (self.width - width) {
            let inputs = across?.inputs ?? columns
            let low = scaledDown(down, firstRow: 0, columns: inputs)
            return across.map { low.scaledAcross($0, firstColumn: inputs.lowerBound, rows: 0..<low.height) } ?? low
        }
        let inputs = down?.inputs ?? rows
        let narrow =
            across.map { scaledAcross($0, firstColumn: 0, rows: inputs) } ?? cropped(columns: columns, rows: inputs)
        return down.map { narrow.scaledDown($0, firstRow: inputs.lowerBound, columns: 0..<narrow.width) } ?? narrow
    }

    /// The pixels of these columns and rows, as they are.
    func cropped(columns: Range<Int>, rows: Range<Int>) -> RGBImage {
        if columns == 0..<width && rows == 0..<height { return self }
        var cut: [UInt8] = []
        cut.reserveCapacity(columns.count * rows.count * 3)
        for y in rows {
            let start = (y * width + columns.lowerBound) * 3
            cut.append(contentsOf: pixels[start..<(start + columns.count * 3)])
        }
        return RGBImage(width: columns.count, height: rows.count, pixels: cut)
    }

    /// The pass across, of some rows; the picture's first column is the axis's input `firstColumn`.
    private func scaledAcross(_ axis: ResampleAxis, firstColumn: Int, rows: Range<Int>) -> RGBImage {
        let count = rows.count * axis.count * 3
        let scaled = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            pixels.withUnsafeBufferPointer { from in
                guard let from = from.baseAddress, let out = buffer.baseAddress else { return }
                let start = from + (rows.lowerBound * width + axis.inputs.lowerBound - firstColumn) * 3
                precondition(axis.across(start, rows: rows.count, stride: width * 3, into: out), "out of memory")
            }
            initialized = count
        }
        return RGBImage(width: axis.count, height: rows.count, pixels: scaled)
    }

    /// The pass down, of some columns; the picture's first row is the axis's input `firstRow`.
    private func scaledDown(_ axis: ResampleAxis, firstRow: Int, columns: Range<Int>) -> RGBImage {
        let count = axis.count * columns.count * 3
        let scaled = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            pixels.withUnsafeBufferPointer { from in
                guard let from = from.baseAddress, let out = buffer.baseAddress else { return }
                let start = from + ((axis.inputs.lowerBound - firstRow) * width + columns.lowerBound) * 3
                axis.down(start, rowBytes: columns.count * 3, stride: width * 3, into: out)
            }
            initialized = count
        }
        return RGBImage(width: columns.count, height: axis.count, pixels: scaled)
    }

    private func nearest(width: Int, height: Int, columns: Range<Int>, rows: Range<Int>) -> RGBImage {
        let sourceColumns = RGBImage.nearestInputs(input: self.width, output: width, range: columns)
        let sourceRows = RGBImage.nearestInputs(input: self.height, output: height, range: rows)
        var picked: [UInt8] = []
        picked.reserveCapacity(columns.count * rows.count * 3)
        for y in sourceRows {
            for x in sourceColumns {
                let at = (y * self.width + x) * 3
                picked.append(pixels[at])
                picked.append(pixels[at + 1])
                picked.append(pixels[at + 2])
            }
        }
        return RGBImage(width: columns.count, height: rows.count, pixels: picked)
    }

    /// The input pixel nearest to the centre of each output.
    ///
    /// The position is summed up step by step, as Pillow does,
    /// because the rounding of that sum decides ties.
    private static func nearestInputs(input: Int, output: Int, range: Range<Int>) -> [Int] {
        let step = Double(input) / Double(output)
        var position = step * 0.5
        var inputs: [Int] = []
        for index in 0..<range.upperBound {
            if index >= range.lowerBound { inputs.append(min(Int(position), input - 1)) }
            position += step
        }
        return inputs
    }
}
