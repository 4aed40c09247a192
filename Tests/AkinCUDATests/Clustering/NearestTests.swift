import Akin
import AkinHostModel
import AkinTestSupport
import Testing

/// Assignment to centroids on the host model, against the CPU's: the same centroids, the same keys, to the bit.
@Suite("Assignment in tiles of half floats")
struct NearestTests {
    struct Case: Sendable, CustomStringConvertible {
        var metric = Metric.l2
        var points = 200, centroids = 150, dimension = 33
        /// What the assignment is told: of every other point its centroid, of the others one at random.
        var isToldOfPrevious = true
        var isResident = true
        var capacity = 64
        /// Small whole numbers, some centroids twice.
        var hasTies = false
        var scale: Float = 1
        var description: String {
            "\(metric) \(points) to \(centroids) x \(dimension)" + (isToldOfPrevious ? ", told" : "")
                + (isResident ? "" : ", streamed") + (hasTies ? ", ties" : "")
                + ", room for \(capacity), scale \(scale)"
        }
    }

    static let cases: [Case] = [
        Case(), Case(isToldOfPrevious: false), Case(metric: .innerProduct),
        Case(metric: .innerProduct, isToldOfPrevious: false, isResident: false),
        Case(points: 1, centroids: 1, dimension: 1), Case(points: 257, centroids: 129, dimension: 128, scale: 4),
        Case(points: 1_000, centroids: 500, dimension: 3, scale: 4),
        Case(points: 130, centroids: 700, dimension: 65, isToldOfPrevious: false, isResident: false),
        Case(dimension: 20, hasTies: true), Case(dimension: 4, capacity: 2, hasTies: true),
        Case(metric: .innerProduct, dimension: 6, hasTies: true),
        // Codes that are all zeros, and codes beyond what half floats hold: everything is decided in doubles.
        Case(dimension: 8, scale: 0x1p-60), Case(dimension: 8, isToldOfPrevious: false, scale: 0x1p40),
    ]

    @Test("answers are the CPU's", arguments: cases, [0, 1, 5] as [UInt32])
    func answers(c: Case, order: UInt32) throws {
        let (points, centroids) = Self.data(c)
        let expected = try CentroidAssigner(centroids, metric: c.metric).assign(points)
        var random = SeededRandom(seed: 3)
        let previous = expected.indices.map { i in
            i % 2 == 0 ? expected[i] : UInt32.random(in: 0..<UInt32(c.centroids), using: &random)
        }
        let found = try Self.assign(c, points, centroids, previous: c.isToldOfPrevious ? previous : nil, order: order)
        #expect(found.numbers == expected)
        for i in 0..<c.points {
            #expect(found.keys[i] == Self.key(points, i, centroids, Int(found.numbers[i]), c.metric), "point \(i)")
        }
        if !c.hasTies, c.scale >= 1, c.scale <= 4, c.centroids > 100 {
            // Half floats decide most points, or they would be of no use.
            #expect(found.doubtful < c.points / 4, "\(found.doubtful) of \(c.points)")
        }
    }

    /// Random points, and centroids near some of them.
    private static func data(_ c: Case) -> (points: Matrix<Float>, centroids: Matrix<Float>) {
        var random = SeededRandom(seed: UInt64(c.points + c.dimension))
        let points = Matrix<Float>(rows: c.points, columns: c.dimension) { x in
            for i in x.indices {
                x[i] = c.hasTies ? Float.random(in: 0..<4, using: &random).rounded(.down) : random.gaussian()
            }
        }
        let centroids = Matrix<Float>(rows: c.centroids, columns: c.dimension) { y in
            points.withUnsafeElements { x in
                for i in 0..<c.centroids {
                    for j in 0..<c.dimension {
                        let near = x[i * 7 % c.points * c.dimension + j]
                        y[i * c.dimension + j] = c.hasTies ? near : near / 2 + random.gaussian() / 3
                    }
                }
            }
        }
        return (points, centroids)
    }

    /// The key in doubles: component c belongs to running sum c mod 16, which are added pairwise.
    private static func key(_ a: Matrix<Float>, _ i: Int, _ b: Matrix<Float>, _ j: Int, _ metric: Metric) -> Double {
        var sums = [Double](repeating: 0, count: 16)
        for c in 0..<a.columns {
            let x = Double(a[i, c]), y = Double(b[j, c])
            sums[c % 16] += metric == .l2 ? (x - y) * (x - y) : x * y
        }
        for apart in [8, 4, 2, 1] {
            for c in 0..<apart { sums[c] += sums[c + apart] }
        }
        return metric == .l2 ? sums[0] : 0 - sums[0]
    }

    struct Found {
        var numbers: [UInt32]
        var keys: [Double]
        var doubtful: Int
    }

    struct Problem: Error { var text: String }

    private static func assign(
        _ c: Case, _ points: Matrix<Float>, _ centroids: Matrix<Float>, previous: [UInt32]?, order: UInt32
    ) throws -> Found {
        var found = Found(
            numbers: Array(repeating: 0, count: c.points), keys: Array(repeating: 0, count: c.points), doubtful: 0)
        var doubtful: UInt32 = 0
        // Half of what components are: not their mean, so that the centre matters.
        let centre = [Float](repeating: 0.375, count: c.dimension)
        let problem = points.withUnsafeElements { x in
            centroids.withUnsafeElements { y in
                centre.withUnsafeBufferPointer { middle in
                    (previous ?? []).withUnsafeBufferPointer { before in
                        let assignment = akin_host_assignment(
                            points: x.baseAddress, centroids: y.baseAddress,
                            centre: c.metric == .l2 ? middle.baseAddress : nil,
                            previous: previous == nil ? nil : before.baseAddress, count: UInt32(c.points),
                            k: UInt32(c.centroids), dimension: UInt32(c.dimension), scale: c.scale,
                            metric: c.metric == .l2 ? 0 : 1, capacity: UInt32(c.capacity), resident: c.isResident)
                        return HostModel.problem {
                            akin_host_kmeans_assign(
                                assignment, order, &found.numbers, &found.keys, &doubtful, $0, $1)
                        }
                    }
                }
            }
        }
        if let problem { throw Problem(text: problem) }
        found.doubtful = Int(doubtful)
        return found
    }
}
