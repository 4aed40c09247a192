import CAkinCUDA
import Synchronization

/// A queue of work for a device: what is put in is done in that order, while the caller goes on.
///
/// Work of different streams may overlap. Nothing put into a stream is sure to have happened before ``synchronize()``, or
/// before another stream that waits for an event recorded here.
public final class CUDAStream: Sendable {
    /// The device in use.
    public let context: CUDAContext
    nonisolated(unsafe) let handle: akin_cuda_stream
    /// Host memory that work in the queue reads or writes, with the number of the borrowing that was the last.
    private let borrowed = Mutex<
        (number: Int, held: [ObjectIdentifier: (number: Int, object: any AnyObject & Sendable)])
    >(
        (0, [:]))

    /// Makes a queue.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public init(_ context: CUDAContext) throws(CUDAError) {
        var handle: akin_cuda_stream?
        try context.call("cuStreamCreate") { $0.cuStreamCreate(&handle, UInt32(AKIN_CUDA_STREAM_NON_BLOCKING)) }
        guard let handle else { throw .noDevice }
        self.context = context
        self.handle = handle
    }

    // Destroying a stream does not end its work, and pinned memory must outlive the copies from it.
    deinit {
        _ = context.result { $0.cuStreamSynchronize(handle) }
        _ = context.result { $0.cuStreamDestroy_v2(handle) }
    }

    /// Waits until all work put in so far is done.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``, also for what went wrong in that work.
    public func synchronize() throws(CUDAError) {
        // What is borrowed from here on is for work that may not be waited for.
        let number = borrowed.withLock { $0.number }
        try context.call("cuStreamSynchronize") { $0.cuStreamSynchronize(handle) }
        borrowed.withLock { state in state.held = state.held.filter { $0.value.number > number } }
    }

    /// Makes all later work here wait for an event of any stream.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func wait(for event: CUDAEvent) throws(CUDAError) {
        try context.call("cuStreamWaitEvent") { $0.cuStreamWaitEvent(handle, event.handle, 0) }
    }

    /// Keeps an object alive until the work given so far is done.
    func borrow(_ object: some AnyObject & Sendable) {
        borrowed.withLock { state in
            state.number += 1
            state.held[ObjectIdentifier(object)] = (state.number, object)
        }
    }
}

/// A mark in a stream, to be waited for or to take the time by.
public final class CUDAEvent: Sendable {
    /// The device in use.
    public let context: CUDAContext
    nonisolated(unsafe) let handle: akin_cuda_event

    /// Makes a mark that is in no stream yet and counts as reached.
    ///
    /// - Parameters:
    ///   - context: the device in use.
    ///   - timed: whether ``seconds(since:)`` will be asked; marks that take no time are cheaper to wait for.
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public init(_ context: CUDAContext, timed: Bool = false) throws(CUDAError) {
        var handle: akin_cuda_event?
        let flags = timed ? AKIN_CUDA_EVENT_DEFAULT : AKIN_CUDA_EVENT_DISABLE_TIMING
        try context.call("cuEventCreate") { $0.cuEventCreate(&handle, UInt32(flags)) }
        guard let handle else { throw .noDevice }
        self.context = context
        self.handle = handle
    }

    deinit { _ = context.result { $0.cuEventDestroy_v2(handle) } }

    /// Puts the mark behind all work that the stream was given so far, wherever it was before.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func record(on stream: CUDAStream) throws(CUDAError) {
        try context.call("cuEventRecord") { $0.cuEventRecord(handle, stream.handle) }
    }

    /// Waits until the device has reached the mark.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``, also for what went wrong before the mark.
    public func synchronize() throws(CUDAError) {
        try context.call("cuEventSynchronize") { $0.cuEventSynchronize(handle) }
    }

    /// Whether the device has reached the mark.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func isReached() throws(CUDAError) -> Bool {
        let code = context.result { $0.cuEventQuery(handle) }
        if code == AKIN_CUDA_ERROR_NOT_READY { return false }
        try context.driver.check("cuEventQuery", code, device: context.device.ordinal)
        return true
    }

    /// The device's time between two marks that it has reached, both made with `timed`.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``, for a mark not yet reached among others.
    public func seconds(since start: CUDAEvent) throws(CUDAError) -> Double {
        var milliseconds: Float = 0
        try context.call("cuEventElapsedTime") { $0.cuEventElapsedTime(&milliseconds, start.handle, handle) }
        return Double(milliseconds) / 1000
    }
}
