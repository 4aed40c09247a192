import CAkinCUDA

/// Host memory that the system does not move, so that a device copies to and from it by itself, at full speed and while
/// the caller goes on.
///
/// There is little of it and taking it is slow: it is for staging, not for data. Whoever fills it must wait for copies
/// that still read it, and whoever reads it for copies that still fill it.
public final class PinnedBuffer: Sendable {
    /// The device in use; others may use the memory as well.
    public let context: CUDAContext
    /// Bytes.
    public let byteCount: Int
    nonisolated(unsafe) let start: UnsafeMutableRawPointer

    /// Takes memory; what it holds is undefined.
    ///
    /// - Parameters:
    ///   - context: the device in use.
    ///   - byteCount: 1 or more.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public init(_ context: CUDAContext, byteCount: Int) throws(CUDAError) {
        guard byteCount > 0 else { throw .outOfRange(name: "byteCount", value: byteCount, allowed: 1...Int.max) }
        var start: UnsafeMutableRawPointer?
        try context.call("cuMemHostAlloc") {
            $0.cuMemHostAlloc(&start, byteCount, UInt32(AKIN_CUDA_HOST_ALLOC_PORTABLE))
        }
        guard let start else { throw .outOfRange(name: "byteCount", value: byteCount, allowed: 1...Int.max) }
        self.context = context
        self.byteCount = byteCount
        self.start = start
    }

    deinit { _ = context.result { $0.cuMemFreeHost(start) } }

    /// Lends the memory.
    public func withUnsafeMutableBytes<Result, Failure>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeMutableRawBufferPointer(start: start, count: byteCount))
    }
}
