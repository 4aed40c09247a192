import AkinCUDA
import AkinCUDACases
import Testing

@Suite("Faults of a device")
struct FaultTests {
    /// A case that uses all of the device layer.
    private func useEverything(_ context: CUDAContext) throws {
        let under = DeviceUnderTest(context: context, kernels: FakeDevice.kernels(context))
        for one in CUDACase.layer { try one.body(under) }
    }

    static let calls = [
        "cuMemAlloc", "cuMemHostAlloc", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuMemcpyDtoDAsync",
        "cuMemsetD8Async",
        "cuStreamCreate", "cuStreamSynchronize", "cuStreamWaitEvent", "cuEventCreate", "cuEventRecord",
        "cuEventSynchronize", "cuModuleLoadData", "cuModuleGetFunction", "cuLaunchKernel",
    ]

    @Test("a call that fails is named with code and device, and nothing leaks", arguments: calls, [0, 1, 7])
    func oneCallFails(_ call: String, after: Int) throws {
        let device = FakeDevice()
        do {
            let context = try device.context()
            device.fail(call, code: 1, after: after)
            do {
                try useEverything(context)
                // Calls that are made only a few times never fail so late.
                let few = ["cuModuleLoadData": 1, "cuModuleGetFunction": 7, "cuLaunchKernel": 7]
                #expect(few[call].map { after >= $0 } == true, "no error")
            } catch let error as CUDAError {
                guard case .driver(let name, 1, "CUDA_ERROR_INVALID_VALUE", "as the test asked", device.ordinal) = error
                else {
                    Issue.record("\(error)")
                    return
                }
                #expect(name.hasPrefix(call) && error.description.contains("cuda:\(device.ordinal)"))
                #expect(!error.losesDevice)
            } catch let failure as CaseFailure {
                // The case met the error where it expected another one, or waited in vain.
                #expect(failure.description.contains("CUDA_ERROR_INVALID_VALUE"), "\(failure)")
            }
        }
        #expect(device.isClean, "\(device.counts)")
    }

    @Test("a device that disappears gives an error that says so, and everything is given back")
    func disappears() throws {
        let device = FakeDevice()
        do {
            let context = try device.context()
            let pool = try DevicePool(context, budget: 1 << 20)
            let stream = try CUDAStream(context)
            let buffer = try pool.allocate(Float.self, count: 100, on: stream)
            for call in ["cuStreamSynchronize", "cuMemcpyHtoDAsync"] {
                device.fail(call, code: 999, forGood: true)
                let error = #expect(throws: CUDAError.self) {
                    try stream.upload([1, 2, 3], to: buffer)
                    try stream.synchronize()
                }
                #expect(error?.losesDevice == true)
                #expect(error?.description.contains("fallen off the bus") == true)
                // The driver has neither a name nor a text for every code.
                #expect(error?.description.contains("999") == true)
            }
        }
        #expect(device.isClean, "\(device.counts)")
    }

    @Test("a device that is out of memory says how much is free; what a pool kept is given up first")
    func outOfMemory() throws {
        let device = FakeDevice(memory: 1 << 20)
        do {
            let context = try device.context()
            let pool = try DevicePool(context, budget: 1 << 30)
            let stream = try CUDAStream(context)
            do { _ = try pool.allocate(UInt8.self, count: 600_000, on: stream) }
            #expect(pool.usage.held == DevicePool.rounded(600_000))
            do { _ = try pool.allocate(UInt8.self, count: 700_000, on: stream) }
            #expect(pool.usage.held == DevicePool.rounded(700_000))
            let error = #expect(throws: CUDAError.self) { try pool.allocate(UInt8.self, count: 2 << 20, on: stream) }
            #expect(
                error == .outOfMemory(device: device.ordinal, requested: 2 << 20, free: 1 << 20, total: 1 << 20))
            #expect(pool.usage.held == 0)
        }
        #expect(device.isClean, "\(device.counts)")
    }

    @Test("by default a pool may take nine tenths of what is free")
    func budget() throws {
        let device = FakeDevice(memory: 1000)
        #expect(try DevicePool(device.context()).budget == 900)
        #expect(throws: CUDAError.outOfRange(name: "budget", value: 0, allowed: 1...Int.max)) {
            try DevicePool(device.context(), budget: 0)
        }
    }

    @Test("sizes are rounded up by an eighth at most")
    func rounding() {
        for bytes in [0, 1, 511, 512] { #expect(DevicePool.rounded(bytes) == 512) }
        for bytes in stride(from: 513, to: 3_000_000, by: 997) {
            let size = DevicePool.rounded(bytes)
            #expect(size >= bytes && size % 256 == 0)
            #expect(bytes < 4096 ? size - bytes < 512 : Double(size) <= Double(bytes) * 1.125 + 1, "\(bytes): \(size)")
            #expect(DevicePool.rounded(size) == size)
        }
    }

    @Test("a device that is not there is refused")
    func noSuchDevice() throws {
        let driver = try FakeDevice.driver()
        #expect(throws: CUDAError.noSuchDevice(-1, count: driver.deviceCount)) { try driver.device(-1) }
        #expect(throws: CUDAError.noSuchDevice(driver.deviceCount, count: driver.deviceCount)) {
            try CUDAContext(driver: driver, device: driver.deviceCount)
        }
    }

    @Test("marks tell the device's time, once both are reached")
    func marks() throws {
        let device = FakeDevice()
        let context = try device.context()
        let stream = try CUDAStream(context)
        let pool = try DevicePool(context, budget: 1 << 20)
        let buffer = try pool.allocate(UInt8.self, count: 1000, on: stream)
        let (start, end) = (try CUDAEvent(context, timed: true), try CUDAEvent(context, timed: true))
        try start.record(on: stream)
        for _ in 0..<3 { try stream.fill(buffer, byte: 1) }
        try end.record(on: stream)
        #expect(try !end.isReached())
        try end.synchronize()
        #expect(try end.isReached())
        // The stand-in counts one millisecond for each piece of work.
        #expect(try end.seconds(since: start) == 0.004)
        #expect(throws: CUDAError.self) { try end.seconds(since: CUDAEvent(context)) }
    }

    @Test("many threads use one device")
    func threads() async throws {
        let device = FakeDevice(seed: 7)
        do {
            let context = try device.context()
            let pool = try DevicePool(context, budget: 64 << 20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        let stream = try CUDAStream(context)
                        for round in 0..<20 {
                            let values = (0..<500).map { UInt32($0 * worker + round) }
                            let buffer = try pool.allocate(UInt32.self, count: 500, on: stream)
                            try stream.upload(values, to: buffer)
                            #expect(try stream.download(buffer) == values)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(device.isClean, "\(device.counts)")
    }
}
