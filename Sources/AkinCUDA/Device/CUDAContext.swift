import CAkinCUDA

/// A device in use: what buffers, streams and kernels belong to.
///
/// It is the device's primary context, which a process shares with all other users of CUDA in it (ONNX Runtime, say),
/// so that the device's memory and time are not divided between contexts.
///
/// The driver keeps a current context for each thread, and Swift's tasks move between threads. So every call made here
/// sets the context first: that writes one thread-local variable, which costs far less than what follows, and it lets any
/// thread work with any device. A thread of its own for each device would add a hand-over to every launch, and a
/// caller's thread-bound state would be broken anyway as soon as another user of CUDA set another context.
public final class CUDAContext: Sendable {
    /// The driver that it belongs to.
    public let driver: CUDADriver
    /// The device.
    public let device: CUDADevice
    /// Belongs to the driver, which may be called from any thread.
    nonisolated(unsafe) let handle: akin_cuda_context

    /// Starts using a device.
    ///
    /// - Throws: ``CUDAError/noDevice``, ``CUDAError/noSuchDevice(_:count:)``,
    ///   ``CUDAError/driver(call:code:name:text:device:)``.
    public init(driver: CUDADriver, device ordinal: Int = 0) throws(CUDAError) {
        let device = try driver.device(ordinal)
        var handle: akin_cuda_context?
        let code = driver.calls.pointee.cuDevicePrimaryCtxRetain(&handle, device.handle)
        try driver.check("cuDevicePrimaryCtxRetain", code, device: ordinal)
        guard let handle else { throw .noSuchDevice(ordinal, count: driver.deviceCount) }
        self.driver = driver
        self.device = device
        self.handle = handle
    }

    // Nothing can be done about a failure here, and a context that broke says so on every call before.
    deinit { _ = driver.calls.pointee.cuDevicePrimaryCtxRelease_v2(device.handle) }

    /// Makes one call with the context set on the calling thread.
    func call(_ name: String, _ body: (akin_cuda_driver) -> akin_cuda_result) throws(CUDAError) {
        try driver.check(name, result(body), device: device.ordinal)
    }

    /// The same for calls whose code is judged by the caller.
    func result(_ body: (akin_cuda_driver) -> akin_cuda_result) -> akin_cuda_result {
        let code = driver.calls.pointee.cuCtxSetCurrent(handle)
        return code == 0 ? body(driver.calls.pointee) : code
    }

    /// Waits until the device has done all work given to it.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``, also for what went wrong in that work.
    public func synchronize() throws(CUDAError) { try call("cuCtxSynchronize") { $0.cuCtxSynchronize() } }

    /// Bytes of the device's memory that nobody has taken, and all of them.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func memory() throws(CUDAError) -> (free: Int, total: Int) {
        var (free, total) = (0, 0)
        try call("cuMemGetInfo") { $0.cuMemGetInfo_v2(&free, &total) }
        return (free, total)
    }
}
