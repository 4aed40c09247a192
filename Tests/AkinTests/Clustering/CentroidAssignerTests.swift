import Akin
import AkinTestSupport
import Testing

@Suite("Assignment to centroids")
struct CentroidAssignerTests {
    @Test("gives the true nearest at every level and in every arithmetic", arguments: HardCase.all)
    func isTrueNearest(_ c: HardCase) throws {
        for metric in [Metric.l2, .innerProduct] {
            var first: [UInt32]?
            for kernels in Kernels.available {
                for arithmetic in SearchOptions.Arithmetic.allCases {
                    let assigner = try CentroidAssigner(
                        c.centroids, metric: metric, kernels: kernels, arithmetic: arithmetic)
                    let found = try assigner.assign(c.points, threads: 2)
                    if let first {
                        #expect(found == first, "\(kernels.name) \(arithmetic) \(metric)")
                    } else {
                        first = found
                        let wrong = disagreements(found, c.points, c.centroids, metric: metric)
                        #expect(wrong.isEmpty, "\(metric)")
                    }
                }
            }
        }
    }

    @Test("agrees with exact search, ties included", arguments: HardCase.all)
    func agreesWithExactSearch(_ c: HardCase) throws {
        for metric in [Metric.l2, .innerProduct] {
            let nearest = try FlatIndex(c.centroids, metric: metric).search(c.points, k: 1).neighbors
            let found = try CentroidAssigner(c.centroids, metric: metric).assign(c.points)
            let expected = (0..<c.points.rows).map { UInt32(nearest[$0].first?.id ?? -1) }
            #expect(found == expected, "\(metric)")
        }
    }

    @Test("does not depend on what is said to be near", arguments: HardCase.all)
    func previousOnlySavesWork(_ c: HardCase) throws {
        var random = SeededRandom(seed: 8)
        for metric in [Metric.l2, .innerProduct] {
            for kernels in Kernels.available {
                let assigner = try CentroidAssigner(c.centroids, metric: metric, kernels: kernels)
                let plain = try assigner.assign(c.points)
                let guesses = (0..<c.points.rows).map { _ in
                    UInt32(Int.random(in: 0..<c.centroids.rows, using: &random))
                }
                #expect(try assigner.assign(c.points, previous: guesses) == plain)
                #expect(try assigner.assign(c.points, previous: plain) == plain)
            }
        }
    }

    @Test("takes more points than a block holds", arguments: [5, 40])
    func manyBlocks(dimension: Int) throws {
        let points = clusteredPoints(5_000, clusters: 30, dimension: dimension, seed: 1)
        let centroids = Matrix.random(rows: 150, columns: dimension, seed: 2)
        let assigner = try CentroidAssigner(centroids, metric: .l2)
        let one = try assigner.assign(points, threads: 1)
        #expect(try assigner.assign(points, threads: 3) == one)
        #expect(disagreements(one, points, centroids, metric: .l2).isEmpty)
    }

    @Test("refuses what cannot be compared")
    func errors() throws {
        let good = Matrix.random(rows: 3, columns: 4, seed: 1)
        let bad = Matrix<Float>([[0, 0, 0, 0], [0, .nan, 0, 0]])
        #expect(throws: IndexError.empty) {
            try CentroidAssigner(Matrix<Float>(rows: 0, columns: 4) { _ in }, metric: .l2)
        }
        #expect(throws: IndexError.notFinite(row: 1, column: 1)) { try CentroidAssigner(bad, metric: .l2) }
        let assigner = try CentroidAssigner(good, metric: .l2)
        #expect(throws: IndexError.notFinite(row: 1, column: 1)) { try assigner.assign(bad) }
        #expect(throws: IndexError.dimensionMismatch(expected: 4, actual: 5)) {
            try assigner.assign(.random(rows: 2, columns: 5, seed: 1))
        }
        #expect(try assigner.assign(Matrix<Float>(rows: 0, columns: 4) { _ in }).isEmpty)
    }
}
