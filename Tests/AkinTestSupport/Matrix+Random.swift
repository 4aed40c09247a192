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

extension Matrix<Float> {
    /// Points around some centres, each on a plane of few directions: vectors as networks give them, in small.
    ///
    /// `skipping` points are drawn and left out first, so that queries come from the same mixture as a base.
    public static func clustered(rows: Int, columns: Int, clusters: Int, seed: UInt64, skipping: Int = 0) -> Matrix {
        var random = SeededRandom(seed: seed)
        let directions = max(1, columns / 4)
        let centres = (0..<clusters * columns).map { _ in random.gaussian() }
        let planes = (0..<4 * directions * columns).map { _ in random.gaussian() / Float(directions).squareRoot() }
        return Matrix(rows: rows, columns: columns) { elements in
            for point in 0..<skipping + rows {
                let cluster = Int(random.next() % UInt64(clusters))
                var row = (0..<columns).map { centres[cluster * columns + $0] + 0.05 * random.gaussian() }
                for direction in 0..<directions {
                    let z = random.gaussian(), plane = (cluster % 4 * directions + direction) * columns
                    for c in 0..<columns { row[c] += 0.7 * z * planes[plane + c] }
                }
                guard point >= skipping else { continue }
                for c in 0..<columns { elements[(point - skipping) * columns + c] = row[c] }
            }
        }
    }
}
