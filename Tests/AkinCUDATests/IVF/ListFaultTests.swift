import Akin
import AkinCUDA
import AkinTestSupport
import Foundation
import Testing

@Suite("Faults while lists are filled and searched on a device")
struct ListFaultTests {
    @Test(
        "a call that fails at any time is an error, and nothing leaks",
        arguments: [
            "cuMemAlloc", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemcpyDtoDAsync", "cuMemsetD8Async",
            "cuStreamCreate", "cuStreamSynchronize", "cuEventCreate", "cuEventRecord", "cuEventSynchronize",
            "cuModuleLoadData", "cuLaunchKernel",
        ])
    func callFails(_ call: String) throws {
        let points = Matrix<Float>.random(rows: 300, columns: 8, seed: 1)
        let empty = try IVFIndex(
            training: points, spec: IndexSpec(parsing: "IVF5,PQ2x4"), options: .init(iterations: 2, threads: 1))
        var failures = 0
        for after in [0, 2, 7, 16] {
            let device = FakeDevice()
            do {
                let context = try device.context()
                let kernels = FakeDevice.kernels(context)
                device.fail(call, code: 1, after: after)
                do {
                    let pool = try DevicePool(context, budget: 16 << 20)
                    let stream = try CUDAStream(context)
                    let builder = try DeviceListBuilder(
                        empty, capacity: 300, library: kernels, pool: pool, stream: stream)
                    let there = try pool.allocate(Float.self, count: 300 * 8, on: stream)
                    try points.withUnsafeElements { try stream.upload($0, to: there) }
                    try builder.add(there, rows: 300)
                    let lists = try builder.finish()
                    #expect(try lists.search(points.rows(0..<3), k: 2, nprobe: 2).rows.allSatisfy { $0.count == 2 })
                    // More than a scan finds.
                    #expect(try lists.search(points.rows(0..<1), k: 1_100, nprobe: 5).rows[0].count == 300)
                    let home = try lists.onHost()
                    let index = try CUDAIVFIndex(home, kernels: kernels, budget: 16 << 20, threads: 1)
                    #expect(try index.search(points.rows(0..<3), k: 2, options: .init()).neighbors.count == 3)
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
        #expect(failures > 0)
    }

    @Test("more vectors than there is room for, and none at all, are refused")
    func refused() throws {
        let context = try FakeDevice().context()
        let kernels = FakeDevice.kernels(context)
        let pool = try DevicePool(context, budget: 16 << 20)
        let stream = try CUDAStream(context)
        let points = Matrix<Float>.random(rows: 100, columns: 8, seed: 1)
        func index(_ spec: String) throws -> IVFIndex {
            try IVFIndex(
                training: points, spec: IndexSpec(parsing: spec), options: .init(iterations: 1, threads: 1))
        }
        let empty = try index("IVF5,PQ2x4")
        func builder(_ index: IVFIndex, _ capacity: Int) throws -> DeviceListBuilder {
            try DeviceListBuilder(index, capacity: capacity, library: kernels, pool: pool, stream: stream)
        }
        let one = try builder(empty, 10)
        let there = try pool.allocate(Float.self, count: 100 * 8, on: stream)
        try stream.fill(there, byte: 0)
        #expect(throws: CUDAError.outOfRange(name: "rows", value: 11, allowed: 1...10)) { try one.add(there, rows: 11) }
        #expect(throws: CUDAError.outOfRange(name: "vectors", value: 0, allowed: 1...10)) { try one.finish() }
        #expect(throws: CUDAError.outOfRange(name: "capacity", value: 0, allowed: 1...Int(UInt32.max) - 4_096)) {
            try builder(empty, 0)
        }
        // 227 KiB of shared memory; 16 codewords and 256 vectors, 4 bytes a component.
        let wide = Matrix<Float>.random(rows: 40, columns: 300, seed: 1)
        let long = try IVFIndex(
            training: wide, spec: IndexSpec(parsing: "IVF2,PQ1x4"), options: .init(iterations: 1, threads: 1))
        #expect(throws: CUDAError.outOfRange(name: "components of a part", value: 300, allowed: 1...213)) {
            try builder(long, 10)
        }
        var filled = empty
        try filled.add(points)
        for other in [filled, try index("IVF5,Flat"), try index("IVF5,SQ8"), try index("IVF8_HNSW4,PQ2x4")] {
            #expect(throws: IndexError.self) { try builder(other, 10) }
        }
    }

    @Test("an index that was filled on the device is the same file")
    func sameFile() throws {
        let context = try FakeDevice().context()
        let points = Matrix<Float>.random(rows: 400, columns: 8, seed: 1)
        let empty = try IVFIndex(
            training: points, spec: IndexSpec(parsing: "IVF5,PQ4x4"), options: .init(iterations: 2, threads: 1))
        let pool = try DevicePool(context, budget: 16 << 20)
        let stream = try CUDAStream(context)
        let builder = try DeviceListBuilder(
            empty, capacity: 400, library: FakeDevice.kernels(context), pool: pool, stream: stream)
        let there = try pool.allocate(Float.self, count: 400 * 8, on: stream)
        try points.withUnsafeElements { try stream.upload($0, to: there) }
        try builder.add(there, rows: 400)
        var expected = empty
        try expected.add(points, threads: 1)
        try withTemporaryDirectory { folder in
            try builder.finish().onHost().save(to: folder + "/there.akin")
            try expected.save(to: folder + "/here.akin")
            #expect(try bytes(folder + "/there.akin") == bytes(folder + "/here.akin"))
        }
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}
