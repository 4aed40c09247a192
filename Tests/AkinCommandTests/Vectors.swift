import Akin
import Foundation
import Testing

/// Vectors for the program to work on, the same in every run.
enum Vectors {
    /// Rows of small whole numbers, so that squared distances are exact; each differs from all others.
    static func base(_ count: Int = 200, dimension: Int = 8) -> Matrix<Float> {
        Matrix(rows: count, columns: dimension) { elements in
            var state: UInt32 = 12_345
            for i in elements.indices {
                state = state &* 1_664_525 &+ 1_013_904_223
                elements[i] = Float(state >> 28)
            }
            for row in 0..<count { elements[row * dimension] = Float(row % 16) }
            for row in 0..<count { elements[row * dimension + 1] = Float(row / 16) }
        }
    }

    /// Squared distances by the definition.
    static func squaredDistance(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    /// Row numbers of the nearest, nearest first, ties by smaller row number.
    static func nearest(_ base: Matrix<Float>, to query: [Float], k: Int) -> [Int] {
        (0..<base.rows).map { (squaredDistance(base[$0], query), $0) }.sorted { $0 < $1 }.prefix(k).map(\.1)
    }

    /// Writes a base, some of its rows as queries, and a Flat index into a folder.
    static func index(in scratch: Scratch, metric: String = "l2") throws -> Matrix<Float> {
        let base = base()
        try VectorFile.write(base, to: scratch.path("base.npy"))
        try VectorFile.write(base.rows(20..<30), to: scratch.path("queries.npy"))
        try Program.succeed([
            "build", scratch.path("base.npy"), "--index", "Flat", "--metric", metric, "-o", scratch.path("flat.akin"),
        ])
        return base
    }
}
