import CAkinCUDA
import Synchronization

/// A function that a device can run, with what the compiler made of it.
package final class Kernel: Sendable {
    /// Its name in the source: "akin_add".
    package let name: String
    /// The device in use.
    package let context: CUDAContext
    /// Registers that a thread takes.
    package let registers: Int
    /// Bytes of slow memory that a thread takes for what did not fit registers; 0 is as it should be.
    package let localBytes: Int
    /// Bytes of shared memory that the source itself declares.
    package let sharedBytes: Int
    /// Bytes of each parameter, where the driver tells (12.4 and newer).
    package let parameterBytes: [Int]?
    nonisolated(unsafe) let handle: akin_cuda_function
    /// Keeps the machine code loaded.
    private let module: KernelModule
    /// Bytes of shared memory that launches may ask for; more than 48 KiB, with what the source declares, must be announced.
    private let sharedLimit: Mutex<Int>

    init(module: KernelModule, name: String) throws(CUDAError) {
        let context = module.context
        var handle: akin_cuda_function?
        try context.call("cuModuleGetFunction(\(name))") { $0.cuModuleGetFunction(&handle, module.handle, name) }
        guard let handle else { throw .badLaunch(kernel: name, reason: "the driver gave no function") }
        func attribute(_ which: Int) throws(CUDAError) -> Int {
            var value: Int32 = 0
            try context.call("cuFuncGetAttribute") { $0.cuFuncGetAttribute(&value, Int32(which), handle) }
            return Int(value)
        }
        self.name = name
        self.context = context
        self.module = module
        self.handle = handle
        registers = try attribute(AKIN_CUDA_FUNCTION_REGISTERS)
        localBytes = try attribute(AKIN_CUDA_FUNCTION_LOCAL_BYTES)
        sharedBytes = try attribute(AKIN_CUDA_FUNCTION_SHARED_BYTES)
        sharedLimit = Mutex((48 << 10) - sharedBytes)
        parameterBytes = Self.parameters(of: handle, context)
    }

    /// The size of each parameter; the driver refuses the index after the last.
    private static func parameters(of handle: akin_cuda_function, _ context: CUDAContext) -> [Int]? {
        guard let ask = context.driver.calls.pointee.cuFuncGetParamInfo else { return nil }
        var sizes: [Int] = []
        while sizes.count < 64 {
            var (offset, size) = (0, 0)
            guard context.result({ _ in ask(handle, sizes.count, &offset, &size) }) == 0 else { break }
            sizes.append(size)
        }
        return sizes
    }

    /// Lets launches ask for so much shared memory.
    func allowShared(_ bytes: Int) throws(CUDAError) {
        let most = context.device.sharedMemoryPerBlockOptIn - sharedBytes
        guard (0...max(0, most)).contains(bytes) else {
            throw .badLaunch(
                kernel: name,
                reason: "\(bytes) bytes of shared memory wanted, \(context.device.name) has \(most) for a block")
        }
        try sharedLimit.withLock { (limit) throws(CUDAError) in
            guard bytes > limit else { return }
            try context.call("cuFuncSetAttribute") {
                $0.cuFuncSetAttribute(handle, Int32(AKIN_CUDA_FUNCTION_MAX_DYNAMIC_SHARED_BYTES), Int32(bytes))
            }
            limit = bytes
        }
    }

    /// How many blocks of so many threads and bytes a multiprocessor runs at once.
    package func blocksPerMultiprocessor(threads: Int, sharedBytes: Int = 0) throws(CUDAError) -> Int {
        try allowShared(sharedBytes)
        var blocks: Int32 = 0
        try context.call("cuOccupancyMaxActiveBlocksPerMultiprocessor") {
            $0.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, handle, Int32(threads), sharedBytes)
        }
        return Int(blocks)
    }
}

/// Machine code loaded into a device.
package final class KernelModule: Sendable {
    /// The device in use.
    package let context: CUDAContext
    /// How the machine code was come by.
    package let origin: KernelCache.Origin
    nonisolated(unsafe) let handle: akin_cuda_module

    init(context: CUDAContext, cubin: [UInt8], origin: KernelCache.Origin) throws(CUDAError) {
        var handle: akin_cuda_module?
        try context.call("cuModuleLoadData") { calls in
            cubin.withUnsafeBytes { calls.cuModuleLoadData(&handle, $0.baseAddress) }
        }
        guard let handle else { throw .noDevice }
        self.context = context
        self.origin = origin
        self.handle = handle
    }

    deinit { _ = context.result { $0.cuModuleUnload(handle) } }
}
