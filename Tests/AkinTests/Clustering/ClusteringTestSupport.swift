import Akin
import AkinTestSupport
import Testing

/// Data that assignments find hard, each in its own way.
struct HardCase: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var points: Matrix<Float>
    var centroids: Matrix<Float>

    init(_ name: String, _ points: Matrix<Float>, _ centroids: Matrix<Float>) {
        testDescription = name
        self.points = points
        self.centroids = centroids
    }

    private static func map(_ matrix: Matrix<Float>, _ change: (Int, Int, Float) -> Float) -> Matrix<Float> {
        Matrix(rows: matrix.rows, columns: matrix.columns) { elements in
            for r in 0..<matrix.rows {
                for c in 0..<matrix.columns { elements[r * matrix.columns + c] = change(r, c, matrix[r, c]) }
            }
        }
    }

    static let all: [HardCase] = {
        var cases: [HardCase] = []
        for (n, k, d) in [
            (1, 1, 1), (33, 7, 3), (100, 49, 17), (257, 97, 100), (1000, 200, 32), (64, 48, 128), (70, 1, 20),
            (300, 130, 2), (129, 16, 8), (500, 256, 16), (40, 40, 129),
        ] {
            cases.append(
                HardCase(
                    "\(n) normal points, \(k) centroids, dimension \(d)",
                    .random(rows: n, columns: d, seed: UInt64(n)), .random(rows: k, columns: d, seed: UInt64(k + 77))))
        }
        let points = Matrix.random(rows: 200, columns: 24, seed: 3), few = Matrix.random(rows: 60, columns: 24, seed: 4)
        cases.append(
            HardCase(
                "tight clusters far from the origin", map(points) { 1e4 + $2 * 0.01 }, map(few) { 1e4 + $2 * 0.01 }))
        cases.append(
            HardCase(
                "clusters far from each other",
                map(points) { Float($0 % 5) * 1000 + $2 * 0.001 }, map(few) { Float($0 % 5) * 1000 + $2 * 0.001 }))
        cases.append(HardCase("nearly equal centroids", points, map(few) { few[0, $1] + $2 * 1e-6 }))
        cases.append(HardCase("copies of few centroids", points, map(few) { few[$0 % 3, $1] + $2 * 0 }))
        cases.append(HardCase("equal centroids", points, map(few) { few[0, $1] + $2 * 0 }))
        cases.append(HardCase("constant points", map(points) { points[0, $1] + $2 * 0 }, few))
        cases.append(HardCase("zeros", map(points) { $2 * 0 }, few))
        cases.append(
            HardCase(
                "whole numbers, many ties", .randomIntegers(rows: 300, columns: 20, in: 0...2, seed: 5),
                .randomIntegers(rows: 100, columns: 20, in: 0...2, seed: 6)))
        cases.append(
            HardCase(
                "whole numbers, many ties, few components", .randomIntegers(rows: 300, columns: 3, in: 0...4, seed: 5),
                .randomIntegers(rows: 100, columns: 3, in: 0...4, seed: 6)))
        cases.append(
            HardCase(
                "one huge component", map(points) { $1 == 3 && $0 % 9 == 0 ? 1e6 : $2 }, map(few) { $1 == 3 ? 1e6 : $2 }
            ))
        cases.append(HardCase("far points", map(points) { $2 * 1e7 }, few))
        cases.append(HardCase("values whose squares leave floats", map(points) { $2 * 1e25 }, map(few) { $2 * 1e25 }))
        cases.append(HardCase("one such point", map(points) { $0 == 7 ? $2 * 1e25 : $2 }, few))
        cases.append(HardCase("tiny values", map(points) { $2 * 1e-30 }, map(few) { $2 * 1e-30 }))
        return cases
    }()
}

/// The nearest centroid of each point by the plain oracle.
func nearestByOracle(_ points: Matrix<Float>, _ centroids: Matrix<Float>, metric: Metric) -> [UInt32] {
    let found = bruteForce(centroids, points, k: 1, metric: metric)
    return (0..<points.rows).map { UInt32(found[$0].first?.id ?? -1) }
}

/// The points in places where two answers differ by more than a tie within one float of the score.
func disagreements(
    _ found: [UInt32], _ points: Matrix<Float>, _ centroids: Matrix<Float>, metric: Metric
) -> [Int] {
    let truth = bruteForce(centroids, points, k: 1, metric: metric)
    return (0..<points.rows).filter { i in
        guard let best = truth[i].first, Int(found[i]) < centroids.rows else { return true }
        if best.id == Int64(found[i]) { return false }
        let c = Int(found[i])
        let own =
            bruteForce(centroids.rows(c..<c + 1), points.rows(i..<i + 1), k: 1, metric: metric)[0].first?.score ?? .nan
        return !(abs(own - best.score) <= max(own.ulp, best.score.ulp))
    }
}

/// Plain Lloyd in doubles: means of the nearest, until the iterations are over.
func plainLloyd(_ points: Matrix<Float>, start: Matrix<Float>, iterations: Int) -> (
    centroids: [[Double]], objective: Double
) {
    let (n, d, k) = (points.rows, points.columns, start.rows)
    var centroids = (0..<k).map { c in start[c].map { Double($0) } }
    func assign() -> ([Int], Double) {
        var total = 0.0
        let numbers = (0..<n).map { i -> Int in
            let x = points[i]
            var best = (Double.infinity, 0)
            for c in 0..<k {
                var sum = 0.0
                for j in 0..<d { sum += (Double(x[j]) - centroids[c][j]) * (Double(x[j]) - centroids[c][j]) }
                if sum < best.0 { best = (sum, c) }
            }
            total += best.0
            return best.1
        }
        return (numbers, total)
    }
    for _ in 0..<iterations {
        let (numbers, _) = assign()
        for c in 0..<k {
            let members = (0..<n).filter { numbers[$0] == c }
            guard !members.isEmpty else { continue }
            for j in 0..<d {
                centroids[c][j] = Double(
                    Float(members.reduce(0.0) { $0 + Double(points[$1, j]) } / Double(members.count)))
            }
        }
    }
    return (centroids, assign().1)
}

/// Points around some middles, far from each other.
func clusteredPoints(_ count: Int, clusters: Int, dimension: Int, spread: Float = 0.1, seed: UInt64) -> Matrix<Float> {
    let middles = Matrix.random(rows: clusters, columns: dimension, seed: seed)
    let noise = Matrix.random(rows: count, columns: dimension, seed: seed &+ 1)
    return Matrix(rows: count, columns: dimension) { elements in
        for i in 0..<count {
            for c in 0..<dimension {
                elements[i * dimension + c] = middles[(i * i + i / 3) % clusters, c] + spread * noise[i, c]
            }
        }
    }
}
