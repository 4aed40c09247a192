internal import CLAPACK

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#endif

/// What transforms need of LAPACK: eigenvectors, singular vectors, orthonormal bases.
///
/// Matrices are row-major doubles. One thread does the work, so that the result does not depend on the number of them;
/// an OpenBLAS in the program is told so at the first call.
enum LinearAlgebra {
    /// The largest matrix whose workspaces LAPACK can count in 32 bits, with room to spare.
    static let largestSize = 16_384

    private static let isReady: Void = clapack_use_one_thread()

    /// Eigenvalues in descending order and unit eigenvectors, one a row, of a symmetric matrix `[n, n]`.
    ///
    /// The component of greatest magnitude of each eigenvector is positive, the first where several are.
    /// `nil` when the matrix is not finite. O(n³).
    static func eigenvectors(_ matrix: [Double], size n: Int) -> (values: [Double], vectors: [Double])? {
        _ = isReady
        guard n > 0, n <= largestSize, matrix.allSatisfy(\.isFinite) else { return nil }
        var a = matrix
        var size = Int32(n), info: Int32 = 0
        var values = [Double](repeating: 0, count: n)
        var wantedWork = 0.0, wantedIntegers: Int32 = 0, query: Int32 = -1
        dsyevd_("V", "L", &size, &a, &size, &values, &wantedWork, &query, &wantedIntegers, &query, &info, 1, 1)
        guard info == 0 else { return nil }
        var workCount = Int32(wantedWork), integerCount = wantedIntegers
        var work = [Double](repeating: 0, count: Int(workCount))
        var integers = [Int32](repeating: 0, count: Int(integerCount))
        dsyevd_("V", "L", &size, &a, &size, &values, &work, &workCount, &integers, &integerCount, &info, 1, 1)
        guard info == 0 else { return nil }
        var vectors = [Double](repeating: 0, count: n * n)
        for k in 0..<n {
            let row = a[(n - 1 - k) * n..<(n - k) * n]
            let largest = row.reduce(0.0) { abs($1) > abs($0) ? $1 : $0 }
            for (i, value) in row.enumerated() { vectors[k * n + i] = largest < 0 ? -value : value }
        }
        return (values.reversed(), vectors)
    }

    /// The thin singular value decomposition of `[rows, columns]`.
    ///
    /// `matrix` = U · diag(s) · Vᵗ with U `[rows, k]` and Vᵗ `[k, columns]`, k the smaller of both sizes. `nil` when the
    /// matrix is not finite.
    static func singularVectors(
        _ matrix: [Double], rows: Int, columns: Int
    ) -> (u: [Double], values: [Double], vt: [Double])? {
        _ = isReady
        guard rows > 0, columns > 0, max(rows, columns) <= largestSize, matrix.allSatisfy(\.isFinite) else {
            return nil
        }
        // LAPACK sees the transpose, V · diag(s) · Uᵗ, so what it calls U is Vᵗ by rows.
        var a = matrix
        let k = min(rows, columns)
        var m = Int32(columns), n = Int32(rows), smaller = Int32(k), info: Int32 = 0
        var values = [Double](repeating: 0, count: k)
        var vt = [Double](repeating: 0, count: k * columns)
        var u = [Double](repeating: 0, count: rows * k)
        var integers = [Int32](repeating: 0, count: 8 * k)
        var wanted = 0.0, query: Int32 = -1
        dgesdd_("S", &m, &n, &a, &m, &values, &vt, &m, &u, &smaller, &wanted, &query, &integers, &info, 1)
        guard info == 0 else { return nil }
        var count = Int32(wanted)
        var work = [Double](repeating: 0, count: Int(count))
        dgesdd_("S", &m, &n, &a, &m, &values, &vt, &m, &u, &smaller, &work, &count, &integers, &info, 1)
        return info == 0 ? (u, values, vt) : nil
    }

    /// The pseudo-inverse, `[columns, rows]`; directions that are nothing but rounding count as zero.
    static func pseudoInverse(_ matrix: [Double], rows: Int, columns: Int) -> [Double]? {
        guard let (u, values, vt) = singularVectors(matrix, rows: rows, columns: columns) else { return nil }
        let k = values.count
        let least = (values.first ?? 0) * 1e-7  // the matrices here are of floats
        var inverse = [Double](repeating: 0, count: columns * rows)
        for s in 0..<k where values[s] > least {
            for c in 0..<columns {
                let factor = vt[s * columns + c] / values[s]
                for r in 0..<rows { inverse[c * rows + r] += factor * u[r * k + s] }
            }
        }
        return inverse
    }

    /// A random matrix `[rows, columns]`, `rows <= columns`, with orthonormal rows, uniform among all of them
    /// ([Mezzadri 2007]).
    ///
    /// [Mezzadri 2007]: https://arxiv.org/abs/math-ph/0609050
    static func randomOrthonormal(rows: Int, columns: Int, seed: UInt64) -> [Double]? {
        _ = isReady
        guard rows > 0, rows <= columns, columns <= largestSize else { return nil }
        var random = SplitMix64(seed: seed)
        // Rows here are columns there.
        var a = (0..<rows * columns).map { _ in random.gaussian() }
        var m = Int32(columns), n = Int32(rows), info: Int32 = 0
        var tau = [Double](repeating: 0, count: rows)
        var count = Int32(rows * 64)
        var work = [Double](repeating: 0, count: Int(count))
        dgeqrf_(&m, &n, &a, &m, &tau, &work, &count, &info)
        guard info == 0 else { return nil }
        let flips = (0..<rows).map { a[$0 * columns + $0] < 0 }
        dorgqr_(&m, &n, &n, &a, &m, &tau, &work, &count, &info)
        guard info == 0 else { return nil }
        for row in 0..<rows where flips[row] {
            for i in row * columns..<(row + 1) * columns { a[i] = -a[i] }
        }
        return a
    }
}

extension SplitMix64 {
    /// A sample of the normal distribution with mean 0 and variance 1, by the polar method.
    package mutating func gaussian() -> Double {
        while true {
            let u = Double.random(in: -1..<1, using: &self)
            let v = Double.random(in: -1..<1, using: &self)
            let s = u * u + v * v
            if s > 0, s < 1 { return u * (-2 * log(s) / s).squareRoot() }
        }
    }
}
