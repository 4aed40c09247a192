import AkinCUDA

extension CUDACase {
    /// What is selected is what a sort puts first.
    static let selection = [
        CUDACase("the k best of rows of any length and kind are those of a sort") { device in
            // By a warp, by four, by a block, by a block in two passes, by radix.
            for (rows, count, k) in [
                (3, 37, 5), (1, 1, 1), (700, 33, 33), (5, 1_001, 1_000), (2, 4_097, 40), (2, 9_001, 2_048),
                (2, 70_001, 100), (2, 6_000, 5_000),
            ] {
                let kinds: [SelectionRows] =
                    count > 5_000 ? [.notANumber] : rows > 100 ? [.signedZeros] : SelectionRows.allCases
                for kind in kinds {
                    try checkSelection(device, kind, rows: rows, count: count, k: k)
                }
            }
        },
        CUDACase("a selection that leaves its buffers is refused") { device in
            let pool = try DevicePool(device.context, budget: 1 << 20)
            let stream = try CUDAStream(device.context)
            let selection = try DeviceSelection(rows: 2, count: 10, k: 3, library: device.kernels, pool: pool)
            let values = try pool.allocate(Float.self, count: 20, on: stream)
            let columns = try pool.allocate(UInt32.self, count: 6, on: stream)
            let isOutOfBounds: (CUDAError) -> Bool = { if case .outOfBounds = $0 { true } else { false } }
            func run(_ input: Int, stride: Int, out: Int, _ columnCount: Int) throws {
                try selection.run(
                    values.slice(0..<input), stride: stride, values: values.slice(0..<out),
                    columns: columns.slice(0..<columnCount), on: stream)
            }
            try expectError("too few values", { try run(19, stride: 10, out: 6, 6) }, where: isOutOfBounds)
            try expectError("rows too far apart", { try run(20, stride: 11, out: 6, 6) }, where: isOutOfBounds)
            try expectError("no room for values", { try run(20, stride: 10, out: 5, 6) }, where: isOutOfBounds)
            try expectError("no room for columns", { try run(20, stride: 10, out: 6, 5) }, where: isOutOfBounds)
            try expectError("rows that overlap", { try run(20, stride: 9, out: 6, 6) }) {
                if case .outOfRange(name: "stride", value: 9, _) = $0 { true } else { false }
            }
        },
    ]

    /// Selects from rows that lie apart, both ways, and compares with a sort.
    private static func checkSelection(
        _ device: DeviceUnderTest, _ kind: SelectionRows, rows: Int, count: Int, k: Int
    ) throws {
        let pool = try DevicePool(device.context, budget: 64 << 20)
        let stream = try CUDAStream(device.context)
        let stride = count + 3, largest = count % 2 == 0
        let values = kind.values(rows: rows, count: count, stride: stride, largest: largest)
        let selection = try DeviceSelection(
            rows: rows, count: count, k: k, largest: largest, library: device.kernels, pool: pool)
        let buffer = try pool.allocate(Float.self, count: values.count, on: stream)
        let outValues = try pool.allocate(Float.self, count: rows * k, on: stream)
        let outColumns = try pool.allocate(UInt32.self, count: rows * k, on: stream)
        try stream.upload(values, to: buffer)
        try selection.run(
            buffer.whole, stride: stride, values: outValues.whole, columns: outColumns.whole, on: stream)
        let (found, columns) = (try stream.download(outValues), try stream.download(outColumns))
        for row in 0..<rows {
            let best = SelectionRows.best(
                values[row * stride..<row * stride + count], columns: 0..<count, k: k, largest: largest)
            let what = "\(kind), \(rows) x \(count), k \(k), row \(row)"
            try expect(Array(columns[row * k..<(row + 1) * k]), equals: best.map { UInt32($0) }, what)
            // NaN is compared by its kind, zeros without their sign.
            func bits(_ x: Float) -> UInt32 { x.isNaN ? .max : (x + 0).bitPattern }
            try expect(
                found[row * k..<(row + 1) * k].map(bits), equals: best.map { bits(values[row * stride + $0]) }, what)
        }
    }
}
