#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#endif

/// The hashes of all tables: products with random directions, and what becomes of them.
///
/// A hash of the family of hyperplanes is the sign of the product; one of the p-stable family is the number of the slice
/// that the product lies in, slices being `width` wide and beginning at a random offset.
package struct HashFunctions: Sendable {
    let family: IndexSpec.HashFamily
    let tables: Int
    /// Hashes of a table, 1...32.
    let hashes: Int
    /// Directions `[tables · hashes, d]`, with the offsets as a bias.
    let projection: LinearTransform
    /// Of a slice; 1 for hyperplanes.
    package let width: Float

    var byteCount: Int { 8 * projection.matrix.rows * (projection.matrix.columns + 1) }

    /// Draws hashes.
    ///
    /// Directions are normally distributed, which is 2-stable ([Datar et al. 2004]). Slices are as wide as would give
    /// about one bucket for each eight vectors of the sample if its products were independent and normal.
    ///
    /// [Datar et al. 2004]: https://doi.org/10.1145/997817.997857
    package static func draw(
        _ family: IndexSpec.HashFamily, tables: Int, hashes: Int, for sample: Matrix<Float>, seed: UInt64, threads: Int
    ) throws -> HashFunctions {
        let d = sample.columns, count = tables * hashes
        var random = SplitMix64(seeds: seed, 0x15A)
        let directions = Matrix<Float>(rows: count, columns: d) { target in
            for i in target.indices { target[i] = Float(random.gaussian()) }
        }
        guard family == .pStable else {
            return HashFunctions(
                family: family, tables: tables, hashes: hashes,
                projection: LinearTransform(matrix: directions, isOrthonormal: false), width: 1)
        }
        let plain = LinearTransform(matrix: directions, isOrthonormal: false)
        let products = try plain.apply(TransformChain.evenlySpaced(sample, atMost: 4096), threads: threads)
        let spread = products.meanDeviation
        let bits = max(0, log2(Double(sample.rows) / 8)) / Double(hashes)
        let width = spread > 0 ? Float(spread * (2 * Double.pi * M_E).squareRoot() / exp2(bits)) : 1
        let offsets = (0..<count).map { _ in Float.random(in: 0..<1, using: &random) * width }
        return HashFunctions(
            family: family, tables: tables, hashes: hashes,
            projection: LinearTransform(matrix: directions, bias: offsets, isOrthonormal: false), width: width)
    }

    /// The key of one table, given the products of a vector with the directions of that table.
    package func key(_ products: UnsafePointer<Float>) -> UInt32 {
        switch family {
        case .hyperplane:
            var key: UInt32 = 0
            for i in 0..<hashes where products[i] >= 0 { key |= 1 << UInt32(i) }
            return key
        case .pStable:
            var key: UInt64 = 0
            for i in 0..<hashes { key = Self.mixed(key, slice(products[i])) }
            return UInt32(truncatingIfNeeded: key >> 32)
        }
    }

    /// The number of the slice of a product; those beyond any that matters are one.
    func slice(_ product: Float) -> Int64 { Int64(max(-1e9, min(1e9, (product / width).rounded(.down)))) }

    /// A number that depends on all slices in their order.
    static func mixed(_ key: UInt64, _ slice: Int64) -> UInt64 {
        var x = (key ^ UInt64(bitPattern: slice)) &+ 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }
}

extension Matrix<Float> {
    /// The mean over all columns of the standard deviation of a column.
    fileprivate var meanDeviation: Double {
        guard rows > 0, columns > 0 else { return 0 }
        return withUnsafeElements { x in
            (0..<columns).reduce(0.0) { sum, c in
                var total = 0.0, squares = 0.0
                for row in 0..<rows {
                    let value = Double(x[row * columns + c])
                    total += value
                    squares += value * value
                }
                let mean = total / Double(rows)
                return sum + max(0, squares / Double(rows) - mean * mean).squareRoot()
            } / Double(columns)
        }
    }
}
