import Akin
import AkinCUDA
import AkinTestSupport
import Testing

@Suite("Faults during exact search on a device")
struct FlatFaultTests {
    @Test(
        "a call that fails at any time is an error of the search, and nothing leaks",
        arguments: [
            "cuMemAlloc", "cuMemHostAlloc", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemcpyDtoDAsync",
            "cuMemsetD8Async", "cuStreamCreate", "cuStreamSynchronize", "cuStreamWaitEvent", "cuEventCreate",
            "cuEventRecord", "cuEventSynchronize", "cuEventElapsedTime", "cuModuleLoadData", "cuLaunchKernel",
        ], [256 << 10, 64 << 20])
    func callFails(_ call: String, budget: Int) throws {
        var random = SeededRandom(seed: 5)
        func matrix(_ rows: Int) -> Matrix<Float> {
            Matrix(rows: rows, columns: 4) { x in for i in x.indices { x[i] = random.gaussian() } }
        }
        // The smaller budget streams the vectors; the last queries are for the comparison in full.
        let index = try FlatIndex(matrix(1_900)), queries = matrix(3)
        let expected = try index.search(queries, k: 2).neighbors
        var failures = 0
        for after in [0, 1, 4, 11] {
            let device = FakeDevice()
            do {
                let kernels = try FakeDevice.kernels(device.context())
                device.fail(call, code: 1, after: after)
                do {
                    let there = try CUDAFlatIndex(index, kernels: kernels, budget: budget, threads: 1)
                    #expect(there.isResident == (budget > 1 << 20))
                    #expect(try there.search(queries, k: 2, options: SearchOptions()).neighbors == expected)
                    _ = try there.search(queries, k: 1_000, options: SearchOptions())
                    _ = try there.search(queries, k: 2, options: SearchOptions(filter: .range(0..<900)))
                    _ = try there.search(queries, k: 2, options: SearchOptions(filter: .range(5..<30)))
                } catch let error as CUDAError {
                    guard case .driver(let name, 1, _, _, device.ordinal) = error else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(name.hasPrefix(call))
                    failures += 1
                }
            }
            #expect(device.isClean, "\(call) after \(after): \(device.counts)")
        }
        // Streaming copies nothing on the device.
        #expect(failures > 0 || (call == "cuMemcpyDtoDAsync" && budget < 1 << 20))
    }

    @Test("a kernel that goes wrong loses the device, and the search says so")
    func kernelFails() throws {
        let device = FakeDevice()
        do {
            let index = try FlatIndex(Matrix([[1, 2], [3, 4], [5, 6]] as [[Float]]))
            let there = try CUDAFlatIndex(index, kernels: FakeDevice.kernels(device.context()), budget: 1 << 20)
            device.fail("cuStreamSynchronize", code: 719, forGood: true)
            device.fail("cuEventSynchronize", code: 719, forGood: true)
            let error = #expect(throws: CUDAError.self) {
                try there.search(index.vectors, k: 1, options: SearchOptions())
            }
            #expect(error?.losesDevice == true)
        }
        #expect(device.isClean, "\(device.counts)")
    }
}
