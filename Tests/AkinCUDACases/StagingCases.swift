import AkinCUDA

extension CUDACase {
    /// Rows beyond a device's memory arrive whole and in order.
    static let staging = [2, 3].map { slots in
        CUDACase("rows streamed through \(slots) slots arrive whole and in order") { device in
            let pool = try DevicePool(device.context, budget: 4 << 20)
            let stream = try CUDAStream(device.context)
            let (rows, words) = (1003, 25)
            let staged = try StagedRows(
                pool: pool, working: stream, rowBytes: words * 4, pieceBytes: 10_000, slots: slots)
            try expect(staged.pieceRows, equals: 100, "rows of a piece")
            let all = try pool.allocate(UInt8.self, count: rows * words * 4, on: stream)
            for _ in 0..<3 {
                try stream.fill(all, byte: 0)
                try staged.run(count: rows) { range, bytes in
                    for (i, word) in (range.lowerBound * words..<range.upperBound * words).enumerated() {
                        bytes.storeBytes(of: UInt32(word), toByteOffset: i * 4, as: UInt32.self)
                    }
                } work: { range, buffer in
                    try stream.copy(
                        buffer, 0..<range.count * words * 4, to: all, at: range.lowerBound * words * 4)
                }
                let back = try stream.download(all).withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
                try expect(back, equals: (0..<rows * words).map { UInt32($0) }, "rows")
            }
            struct Stop: Error {}
            do {
                try staged.run(count: rows) { _, _ in
                } work: { range, _ in
                    if range.lowerBound > 300 { throw Stop() }
                }
                throw CaseFailure("the error of a piece did not arrive")
            } catch is Stop {}
        }
    }
}
