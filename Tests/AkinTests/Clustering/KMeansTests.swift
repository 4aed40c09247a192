import Akin
import AkinTestSupport
import Testing

@Suite("k-means")
struct KMeansTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        var n: Int, k: Int, d: Int
        var testDescription: String { "\(n) points, \(k) centroids, dimension \(d)" }
    }
    static let shapes = [
        Shape(n: 60, k: 5, d: 1), Shape(n: 200, k: 12, d: 3), Shape(n: 500, k: 16, d: 17), Shape(n: 900, k: 200, d: 24),
        Shape(n: 300, k: 300, d: 20), Shape(n: 31, k: 1, d: 100),
    ]

    @Test("moves centroids as plain Lloyd does", arguments: shapes)
    func equalsPlainLloyd(_ shape: Shape) throws {
        let points = clusteredPoints(shape.n, clusters: max(2, shape.k / 3), dimension: shape.d, spread: 0.5, seed: 4)
        // The start that the training takes is its result after no iteration.
        let start = try KMeans.train(points, centroids: shape.k, options: .init(iterations: 0))
        for iterations in [1, 2, 6] {
            let found = try KMeans.train(points, centroids: shape.k, options: .init(iterations: iterations))
            let plain = plainLloyd(points, start: start.centroids, iterations: iterations)
            #expect(found.sizes.reduce(0, +) == shape.n)
            #expect(abs(found.objective - plain.objective) <= 1e-5 * plain.objective + 1e-9)
            #expect(found.history.count == found.iterations + 1)
            #expect(zip(found.history, found.history.dropFirst()).allSatisfy { $0 * (1 + 1e-6) >= $1 })
            var farthest = 0.0
            for c in 0..<shape.k {
                for j in 0..<shape.d {
                    farthest = max(farthest, abs(Double(found.centroids[c, j]) - plain.centroids[c][j]))
                }
            }
            #expect(farthest < 1e-5)
        }
    }

    @Test("gives the same on any number of threads, at every level, in every arithmetic", arguments: [3, 8, 40])
    func isDeterministic(dimension: Int) throws {
        let points = clusteredPoints(6_000, clusters: 80, dimension: dimension, spread: 0.4, seed: 2)
        for start in KMeansOptions.Start.allCases {
            for isSpherical in [false, true] {
                for balance in [nil, 1.2] {
                    var first: Clustering?
                    for kernels in Kernels.available {
                        for threads in [1, 3] {
                            for arithmetic in SearchOptions.Arithmetic.allCases {
                                var options = KMeansOptions(
                                    iterations: 6, seed: 9, start: start, isSpherical: isSpherical, balance: balance,
                                    maxPointsPerCentroid: 20, threads: threads, arithmetic: arithmetic)
                                options.kernels = kernels
                                let found = try KMeans.train(points, centroids: 200, options: options)
                                if let first {
                                    let isSame =
                                        found.centroids == first.centroids && found.sizes == first.sizes
                                        && found.history == first.history && found.penalties == first.penalties
                                    #expect(isSame, "\(kernels.name) \(threads) \(arithmetic) \(start) \(isSpherical)")
                                } else {
                                    first = found
                                    #expect(found.trained == 4_000)
                                    #expect(found.iterations == 6)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("skips groups of centroids without changing the assignment", arguments: [false, true])
    func boundsAreSafe(isSpherical: Bool) throws {
        // Many panels and iterations, so that bounds are carried along.
        let points = clusteredPoints(5_000, clusters: 300, dimension: 24, spread: 0.2, seed: 6)
        let found = try KMeans.train(
            points, centroids: 500, options: .init(iterations: 15, isSpherical: isSpherical, threads: 2))
        let metric: Metric = isSpherical ? .innerProduct : .l2
        let numbers = try CentroidAssigner(found.centroids, metric: metric).assign(points)
        var sizes = [Int](repeating: 0, count: 500)
        for number in numbers { sizes[Int(number)] += 1 }
        #expect(sizes == found.sizes)
    }

    @Test("another seed gives another result, the same seed the same")
    func seed() throws {
        let points = Matrix.random(rows: 500, columns: 20, seed: 1)
        let a = try KMeans.train(points, centroids: 20, options: .init(seed: 1))
        #expect(try KMeans.train(points, centroids: 20, options: .init(seed: 1)).centroids == a.centroids)
        #expect(try KMeans.train(points, centroids: 20, options: .init(seed: 2)).centroids != a.centroids)
    }

    @Test("keeps the best of several starts")
    func restarts() throws {
        let points = clusteredPoints(400, clusters: 25, dimension: 6, spread: 0.05, seed: 3)
        let one = try KMeans.train(points, centroids: 25)
        let several = try KMeans.train(points, centroids: 25, options: .init(restarts: 6))
        #expect(several.objective < one.objective)
    }

    @Test("starts far apart with k-means++")
    func plusPlus() throws {
        let points = clusteredPoints(2_000, clusters: 40, dimension: 24, spread: 0.01, seed: 3)
        let random = try KMeans.train(points, centroids: 40, options: .init(iterations: 0))
        let spread = try KMeans.train(points, centroids: 40, options: .init(iterations: 0, start: .plusPlus))
        #expect(spread.objective < random.objective / 5)
    }

    @Test("stops early when an iteration gains little, and when nothing moves any more")
    func stopsEarly() throws {
        let points = clusteredPoints(2_000, clusters: 30, dimension: 8, spread: 0.3, seed: 3)
        let all = try KMeans.train(points, centroids: 30, options: .init(iterations: 500))
        let early = try KMeans.train(points, centroids: 30, options: .init(iterations: 500, tolerance: 0.01))
        #expect(all.iterations < 500)
        #expect(early.iterations < all.iterations)
        let gains = zip(early.history, early.history.dropFirst()).map { ($0 - $1) / $0 }
        #expect(gains.dropLast().allSatisfy { $0 > 0.01 } && gains.last.map { $0 <= 0.01 } == true)
    }

    @Test("gives centroids without vectors a new place")
    func repairs() throws {
        // Half of the points are one and the same: starts among them coincide.
        let spread = Matrix.random(rows: 200, columns: 20, seed: 5)
        let points = Matrix<Float>(rows: 400, columns: 20) { elements in
            for i in 0..<400 { for c in 0..<20 { elements[i * 20 + c] = i % 2 == 0 ? 3 : spread[i / 2, c] } }
        }
        let found = try KMeans.train(points, centroids: 60)
        #expect(found.sizes.allSatisfy { $0 > 0 })
    }

    @Test("with fewer distinct vectors than centroids the rest stays empty", arguments: [1, 3, 20, 200])
    func fewDistinct(dimension: Int) throws {
        for distinct in [1, 3] {
            let points = Matrix<Float>(rows: 300, columns: dimension) { elements in
                for i in elements.indices { elements[i] = Float(i / dimension % distinct) }
            }
            for start in KMeansOptions.Start.allCases {
                let found = try KMeans.train(points, centroids: 100, options: .init(start: start))
                #expect(found.objective == 0)
                #expect(found.sizes.filter { $0 > 0 }.count == distinct)
                #expect(found.sizes.reduce(0, +) == 300)
            }
        }
    }

    @Test("spherical centroids have length 1 and gain inner product")
    func spherical() throws {
        let points = clusteredPoints(1_000, clusters: 30, dimension: 20, spread: 0.4, seed: 7)
        let found = try KMeans.train(points, centroids: 30, options: .init(isSpherical: true))
        for c in 0..<30 {
            let length = found.centroids[c].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(length - 1) < 1e-6)
        }
        #expect(zip(found.history, found.history.dropFirst()).allSatisfy { $0 * (1 + 1e-9) >= $1 })
        let numbers = nearestByOracle(points, found.centroids, metric: .innerProduct)
        var objective = 0.0
        for i in 0..<points.rows {
            for j in 0..<20 {
                let difference = Double(points[i, j]) - Double(found.centroids[Int(numbers[i]), j])
                objective += difference * difference
            }
        }
        #expect(abs(objective - found.objective) < 1e-6 * objective)
    }

    @Test("balancing makes clusters more alike", arguments: [false, true])
    func balanced(isSpherical: Bool) throws {
        let uneven = Matrix.random(rows: 3_000, columns: 6, seed: 9)
        let plain = try KMeans.train(
            uneven, centroids: 30, options: .init(iterations: 40, isSpherical: isSpherical))
        let even = try KMeans.train(
            uneven, centroids: 30, options: .init(iterations: 40, isSpherical: isSpherical, balance: 1.1))
        #expect(even.penalties.count == 30 && plain.penalties.isEmpty)
        #expect(even.imbalance < 1.25)
        #expect(even.imbalance < plain.imbalance)
        #expect(even.objective < 1.2 * plain.objective)
    }

    @Test("trains with as many vectors as allowed")
    func subsamples() throws {
        let points = Matrix.random(rows: 1_000, columns: 18, seed: 1)
        #expect(try KMeans.train(points, centroids: 4, options: .init(maxPointsPerCentroid: 50)).trained == 200)
        #expect(try KMeans.train(points, centroids: 4, options: .init(maxPointsPerCentroid: nil)).trained == 1_000)
        #expect(try KMeans.train(points, centroids: 4).trained == 1_000)
    }

    @Test("refuses bad input by name")
    func errors() throws {
        let points = Matrix.random(rows: 10, columns: 4, seed: 1)
        func expect(_ error: IndexError, centroids: Int = 2, _ options: KMeansOptions = .init()) {
            #expect(throws: error) { try KMeans.train(points, centroids: centroids, options: options) }
        }
        expect(.tooFewVectors(needed: 11, given: 10, purpose: "11 centroids"), centroids: 11)
        expect(.outOfRange(name: "centroids", value: 0, allowed: 1...Int(Int32.max)), centroids: 0)
        expect(.outOfRange(name: "iterations", value: -1, allowed: 0...1_000_000), .init(iterations: -1))
        expect(.outOfRange(name: "restarts", value: 0, allowed: 1...1_000_000), .init(restarts: 0))
        expect(.outOfRange(name: "threads", value: 0, allowed: 1...4096), .init(threads: 0))
        expect(
            .outOfRange(name: "maxPointsPerCentroid", value: 0, allowed: 1...Int(Int32.max)),
            .init(maxPointsPerCentroid: 0))
        expect(.outOfRange(name: "tolerance (in thousandths)", value: -1000, allowed: 0...999), .init(tolerance: -1))
        expect(.outOfRange(name: "tolerance (in thousandths)", value: -1, allowed: 0...999), .init(tolerance: .nan))
        expect(
            .outOfRange(name: "balance (in thousandths)", value: 500, allowed: 1000...1_000_000), .init(balance: 0.5))
        #expect(throws: IndexError.notFinite(row: 1, column: 0)) {
            try KMeans.train(Matrix<Float>([[1, 2], [.infinity, 3]]), centroids: 1)
        }
    }

    @Test("stops when it is told to")
    func stops() throws {
        let points = Matrix.random(rows: 100, columns: 20, seed: 1)
        #expect(throws: CancellationError.self) {
            try KMeans.train(points, centroids: 5, monitor: ProgressMonitor(shouldStop: { true }))
        }
    }
}
