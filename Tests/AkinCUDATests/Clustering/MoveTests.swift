import Akin
import AkinHostModel
import AkinTestSupport
import Testing

/// The step that moves centroids, on the host model.
@Suite("Moving centroids")
struct MoveTests {
    struct Case: Sendable {
        var points = 300, centroids = 17, dimension = 33, chunk = 64
        var isSpherical = false
    }

    static let cases: [Case] = [
        Case(), Case(isSpherical: true), Case(points: 1, centroids: 3, dimension: 1), Case(centroids: 1, chunk: 32),
        Case(points: 97, centroids: 300, dimension: 70, chunk: 1_024), Case(points: 2_000, centroids: 5, chunk: 96),
    ]

    @Test("means are sums in doubles in the order of the points", arguments: cases, [0, 1, 6] as [UInt32])
    func means(c: Case, order: UInt32) throws {
        let points = Matrix<Float>.random(rows: c.points, columns: c.dimension, seed: 5)
        let old = Matrix<Float>.random(rows: c.centroids, columns: c.dimension, seed: 6)
        var random = SeededRandom(seed: 7)
        // Some centroids have no points, the first many.
        let numbers = (0..<c.points).map { _ in
            min(UInt32.random(in: 0..<UInt32(c.centroids), using: &random), 2 * UInt32(c.centroids) / 3)
        }
        var centroids = [Float](repeating: 0, count: c.centroids * c.dimension)
        var starts = [UInt32](repeating: 0, count: c.centroids + 1)
        var sorted = [UInt32](repeating: 0, count: c.points)
        let problem = points.withUnsafeElements { x in
            old.withUnsafeElements { before in
                numbers.withUnsafeBufferPointer { numbers in
                    let move = akin_host_move(
                        points: x.baseAddress, old: before.baseAddress, numbers: numbers.baseAddress,
                        count: UInt32(c.points), k: UInt32(c.centroids), dimension: UInt32(c.dimension),
                        chunk: UInt32(c.chunk), spherical: c.isSpherical)
                    return HostModel.problem {
                        akin_host_kmeans_move(move, order, &centroids, &starts, &sorted, $0, $1)
                    }
                }
            }
        }
        #expect(problem == nil)
        let members = (0..<c.centroids).map { centroid in
            numbers.indices.filter { numbers[$0] == UInt32(centroid) }.map(UInt32.init)
        }
        #expect(sorted == members.flatMap { $0 })
        #expect(starts == members.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt32($1.count)) })
        for (centroid, members) in members.enumerated() {
            let sums = (0..<c.dimension).map { i in
                members.reduce(0.0) { $0 + Double(points[Int($1), i]) }
            }
            let scale =
                c.isSpherical ? sums.reduce(0) { $0 + $1 * $1 }.squareRoot() : Double(members.count)
            for i in 0..<c.dimension {
                let expected = members.isEmpty ? old[centroid, i] : Float(sums[i] / scale)
                #expect(centroids[centroid * c.dimension + i] == expected, "\(centroid), \(i)")
            }
        }
    }
}
