import Akin
import AkinCUDA
import AkinTestSupport
import Foundation
import Synchronization
import Testing

/// k-means as users call it, on a device made of host memory.
///
/// What must be the CPU's is among the cases of every device.
@Suite("k-means on a device")
struct CUDAClusteringTests {
    @Test("a file that is taken in batches gives the CPU's centroids and assignments")
    func batches() throws {
        let device = FakeDevice()
        try withTemporaryDirectory { folder in
            let path = folder + "/points.npy"
            try VectorFile.write(Matrix<Float>.random(rows: 5_000, columns: 8, seed: 1), to: path)
            let file = try VectorFile(path: path)
            var options = KMeansOptions(iterations: 2, maxPointsPerCentroid: nil, threads: 1)
            // The least that is allowed: it takes several batches.
            var memory = 0
            do { _ = try KMeans.train(file, centroids: 5, options: options, memory: 1) } catch IndexError.outOfRange(
                _, _, let allowed)
            { memory = allowed.lowerBound }
            let expected = try KMeans.train(file, centroids: 5, options: options, memory: memory)
            options.device = try CUDAClustering(
                kernels: FakeDevice.kernels(device.context()), budget: 64 << 20)
            let found = try KMeans.train(file, centroids: 5, options: options, memory: memory)
            #expect(found.history == expected.history)
            #expect(found.sizes == expected.sizes)
            for i in 0..<5 { #expect(found.centroids[i] == expected.centroids[i]) }
            var (there, here): ([UInt32], [UInt32]) = ([], [])
            try KMeans.assign(file, to: found, threads: 1, device: options.device) { there += $0 }
            try KMeans.assign(file, to: found, threads: 1) { here += $0 }
            #expect(there == here)
        }
        #expect(device.isClean)
    }

    @Test("bounds on the sizes of clusters are refused")
    func balanced() throws {
        let clustering = try CUDAClustering(kernels: FakeDevice.kernels(FakeDevice().context()))
        let options = KMeansOptions(balance: 1.2, device: clustering)
        #expect(throws: IndexError.unsupported("balanced clusters on a device; expected the processor")) {
            try KMeans.train(Matrix<Float>.random(rows: 9, columns: 2, seed: 1), centroids: 2, options: options)
        }
    }

    @Test("a stop between iterations, and memory that is not there, leave nothing behind")
    func stopped() throws {
        let device = FakeDevice()
        let points = Matrix<Float>.random(rows: 300, columns: 4, seed: 1)
        do {
            let context = try device.context()
            var options = KMeansOptions(iterations: 5)
            options.device = try CUDAClustering(kernels: FakeDevice.kernels(context), budget: 64 << 20)
            let asked = Counter()
            let monitor = ProgressMonitor(shouldStop: { asked.next() > 4 })
            #expect(throws: CancellationError.self) {
                try KMeans.train(points, centroids: 3, options: options, monitor: monitor)
            }
            options.device = try CUDAClustering(kernels: FakeDevice.kernels(context), budget: 4_096)
            #expect(throws: CUDAError.self) { try KMeans.train(points, centroids: 3, options: options) }
        }
        #expect(device.isClean)
    }
}

private final class Counter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
