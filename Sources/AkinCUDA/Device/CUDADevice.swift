import CAkinCUDA

/// What the driver says of a GPU.
public struct CUDADevice: Sendable, Equatable {
    /// Its place in the driver's list, the N of `cuda:N`.
    public let ordinal: Int
    /// Its name: "NVIDIA H200".
    public let name: String
    /// Bytes of memory.
    public let memory: Int
    /// Its compute capability: 9.0 for Hopper.
    public let capability: (major: Int, minor: Int)
    /// Streaming multiprocessors.
    public let multiprocessors: Int
    /// Highest clock of the multiprocessors in kHz.
    public let clock: Int
    /// Highest bandwidth of its memory in bytes per second: clock times bus width, two transfers a cycle; 0 where the
    /// driver does not say.
    public let memoryBandwidth: Double
    /// Bytes of second-level cache.
    public let l2Bytes: Int
    /// Threads that a block may have.
    public let maxThreadsPerBlock: Int
    /// Bytes of shared memory that a block gets without asking.
    public let sharedMemoryPerBlock: Int
    /// Bytes of shared memory that a block can ask for.
    public let sharedMemoryPerBlockOptIn: Int
    /// Bytes of shared memory that the blocks of a multiprocessor divide among them.
    public let sharedMemoryPerMultiprocessor: Int
    /// The driver's handle.
    let handle: akin_cuda_device

    init(driver: CUDADriver, ordinal: Int) throws(CUDAError) {
        let calls = driver.calls.pointee
        var handle: akin_cuda_device = 0
        try driver.check("cuDeviceGet", calls.cuDeviceGet(&handle, Int32(ordinal)), device: ordinal)
        var name = [CChar](repeating: 0, count: 256)
        try driver.check("cuDeviceGetName", calls.cuDeviceGetName(&name, 255, handle), device: ordinal)
        var memory = 0
        try driver.check("cuDeviceTotalMem", calls.cuDeviceTotalMem_v2(&memory, handle), device: ordinal)
        func attribute(_ which: Int) throws(CUDAError) -> Int {
            var value: Int32 = 0
            let code = calls.cuDeviceGetAttribute(&value, Int32(which), handle)
            try driver.check("cuDeviceGetAttribute(\(which))", code, device: ordinal)
            return Int(value)
        }
        self.ordinal = ordinal
        self.handle = handle
        self.name = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.memory = memory
        capability = (try attribute(AKIN_CUDA_CAPABILITY_MAJOR), try attribute(AKIN_CUDA_CAPABILITY_MINOR))
        multiprocessors = try attribute(AKIN_CUDA_MULTIPROCESSORS)
        clock = try attribute(AKIN_CUDA_CLOCK_KHZ)
        let busBytes = try attribute(AKIN_CUDA_MEMORY_BUS_BITS) / 8
        memoryBandwidth = Double(try attribute(AKIN_CUDA_MEMORY_CLOCK_KHZ)) * 1000 * 2 * Double(busBytes)
        l2Bytes = try attribute(AKIN_CUDA_L2_BYTES)
        maxThreadsPerBlock = try attribute(AKIN_CUDA_MAX_THREADS_PER_BLOCK)
        sharedMemoryPerBlock = try attribute(AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK)
        sharedMemoryPerBlockOptIn = try attribute(AKIN_CUDA_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
        sharedMemoryPerMultiprocessor = try attribute(AKIN_CUDA_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)
    }

    /// Whether all that the driver says is the same.
    public static func == (a: CUDADevice, b: CUDADevice) -> Bool {
        a.ordinal == b.ordinal && a.name == b.name && a.memory == b.memory && a.capability == b.capability
    }

    /// What kernels are compiled for: `sm_90a` on Hopper, whose asynchronous matrix instructions belong to it alone, and
    /// the plain architecture elsewhere.
    public var architecture: String {
        capability == (9, 0) ? "sm_90a" : "sm_\(capability.major)\(capability.minor)"
    }
}
