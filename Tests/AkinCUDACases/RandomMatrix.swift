import Akin

/// Data for measurements, made on all cores; the same each time.
enum RandomMatrix {
    /// Numbers in -1..<1.
    static func floats(_ count: Int, seed: UInt64) throws -> [Float] {
        let matrix = try filled(rows: (count + 999) / 1_000, columns: 1_000) { row, x in
            var random = SplitMix64(seeds: seed, UInt64(row))
            for i in x.indices { x[i] = Float.random(in: -1..<1, using: &random) }
        }
        return matrix.withUnsafeElements { Array($0[..<count]) }
    }

    /// Rows around random centres, or around none; components are about normal.
    static func rows(_ rows: Int, _ dimension: Int, centers: Int) throws -> Matrix<Float> {
        try filled(rows: rows, columns: dimension) { row, x in
            var random = SplitMix64(seeds: 2, UInt64(row))
            var center = SplitMix64(seeds: 3, centers == 0 ? 0 : random.next() % UInt64(centers))
            func normal(_ generator: inout SplitMix64) -> Float {
                // Eight sums of 16 bits from two words.
                let words = (generator.next(), generator.next())
                var sum = 0
                for shift in stride(from: 0, to: 64, by: 16) {
                    sum += Int(words.0 >> UInt64(shift) & 0xFFFF) + Int(words.1 >> UInt64(shift) & 0xFFFF)
                }
                return (Float(sum) / 65_536 - 4) * 1.2247
            }
            for i in x.indices {
                let middle = centers == 0 ? 0 : normal(&center)
                x[i] = middle + (centers == 0 ? 1 : 0.5) * normal(&random)
            }
        }
    }

    /// A matrix whose rows are written on all cores.
    private static func filled(
        rows: Int, columns: Int, _ fill: @Sendable (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) throws -> Matrix<Float> {
        try Matrix<Float>(rows: rows, columns: columns) { elements in
            guard let base = elements.baseAddress else { return }
            nonisolated(unsafe) let start = base
            let share = 1_000
            try parallelFor(threads: availableCores(), count: (rows + share - 1) / share) { task in
                for row in task * share..<min((task + 1) * share, rows) {
                    fill(row, UnsafeMutableBufferPointer(start: start + row * columns, count: columns))
                }
            }
        }
    }
}
