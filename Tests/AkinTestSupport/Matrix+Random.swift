public import Akin

extension Matrix<Float> {
    /// Normally distributed components; the same for the same shape and seed on every machine.
    public static func random(rows: Int, columns: Int, seed: UInt64) -> Matrix {
        var random = SeededRandom(seed: seed)
        return Matrix(rows: rows, columns: columns) { elements in
            for i in elements.indices { elements[i] = random.gaussian() }
        }
    }

    /// Whole numbers of `range`: sums of their products are exact in floats while they stay below 2^24.
    public static func randomIntegers(
        rows: Int, columns: Int, in range: ClosedRange<Int> = 0...15, seed: UInt64
    ) -> Matrix {
        var random = SeededRandom(seed: seed)
        return Matrix(rows: rows, columns: columns) { elements in
            for i in elements.indices { elements[i] = Float(Int.random(in: range, using: &random)) }
        }
    }
}
