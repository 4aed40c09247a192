import Akin
import AkinTestSupport
import Foundation
import Testing

@Suite("k-means of a file")
struct KMeansFileTests {
    private func write(_ points: Matrix<Float>, _ name: String, in folder: Folder) throws -> VectorFile {
        let path = folder.url.appendingPathComponent(name).path
        try VectorFile.write(points, to: path)
        return try VectorFile(path: path)
    }

    @Test("equals k-means in memory where the sample fits", arguments: ["a.npy", "a.fvecs", "a.fbin"])
    func equalsMemory(name: String) throws {
        let folder = try Folder()
        let points = clusteredPoints(3_000, clusters: 40, dimension: 20, spread: 0.3, seed: 1)
        let file = try write(points, name, in: folder)
        for most in [nil, 30] {
            let options = KMeansOptions(iterations: 4, maxPointsPerCentroid: most)
            let inMemory = try KMeans.train(points, centroids: 50, options: options)
            for memory in [nil, 1 << 30] {
                let found = try KMeans.train(file, centroids: 50, options: options, memory: memory)
                #expect(found.centroids == inMemory.centroids && found.history == inMemory.history)
                #expect(found.trained == (most.map { $0 * 50 } ?? 3_000))
            }
        }
    }

    @Test("in batches comes close to k-means in memory, whatever the order of the file")
    func batches() throws {
        let folder = try Folder()
        let shuffled = clusteredPoints(200_000, clusters: 100, dimension: 32, spread: 0.3, seed: 1)
        // The worst order: one cluster after the other.
        let order = (0..<shuffled.rows).sorted { ($0 * $0 + $0 / 3) % 100 < ($1 * $1 + $1 / 3) % 100 }
        let sorted = Matrix<Float>(rows: shuffled.rows, columns: 32) { elements in
            shuffled.withUnsafeElements { source in
                for (i, row) in order.enumerated() {
                    for c in 0..<32 { elements[i * 32 + c] = source[row * 32 + c] }
                }
            }
        }
        let file = try write(sorted, "sorted.fbin", in: folder)
        let options = KMeansOptions(iterations: 6, maxPointsPerCentroid: nil, threads: 1)
        let inMemory = try KMeans.train(sorted, centroids: 100, options: options)
        let memory = 40 << 20
        let found = try KMeans.train(file, centroids: 100, options: options, memory: memory)
        #expect(found.trained == 200_000)
        #expect(found.history.count == inMemory.history.count + 1)  // the sample's, then the pass
        var total = 0.0
        let numbers = try CentroidAssigner(found.centroids, metric: .l2).assign(sorted)
        for i in stride(from: 0, to: sorted.rows, by: 50) {
            let (x, c) = (sorted[i], found.centroids[Int(numbers[i])])
            for j in 0..<32 {
                let difference = Double(x[j]) - Double(c[j])
                total += difference * difference
            }
        }
        #expect(total * 50 < 1.15 * inMemory.objective)
        var threaded = options
        threaded.threads = 3
        let again = try KMeans.train(file, centroids: 100, options: threaded, memory: memory)
        #expect(again.centroids == found.centroids)
    }

    @Test("assigns a file to its centroids")
    func assigns() throws {
        let folder = try Folder()
        let points = clusteredPoints(3_000, clusters: 20, dimension: 20, spread: 0.3, seed: 1)
        let file = try write(points, "a.fvecs", in: folder)
        for balance in [nil, 1.2] {
            let found = try KMeans.train(file, centroids: 20, options: .init(balance: balance))
            var sizes = [Int](repeating: 0, count: 20)
            try KMeans.assign(file, to: found, threads: 2) { for number in $0 { sizes[Int(number)] += 1 } }
            #expect(sizes == found.sizes)
        }
    }

    @Test("refuses a budget without room, few vectors and bad ones")
    func errors() throws {
        let folder = try Folder()
        let file = try write(Matrix.random(rows: 5_000, columns: 8, seed: 1), "a.npy", in: folder)
        #expect(throws: IndexError.self) { try KMeans.train(file, centroids: 10, memory: 1_000) }
        #expect(throws: IndexError.tooFewVectors(needed: 5_001, given: 5_000, purpose: "5001 centroids")) {
            try KMeans.train(file, centroids: 5_001)
        }
        let bad = try write(Matrix<Float>([[1, 2], [3, .nan]]), "bad.npy", in: folder)
        #expect(throws: IndexError.notFinite(row: 1, column: 1)) { try KMeans.train(bad, centroids: 1) }
    }
}

/// A folder that goes away with the test.
private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("akin-test-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}
