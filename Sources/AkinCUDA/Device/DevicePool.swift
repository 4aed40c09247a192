import CAkinCUDA
import Synchronization

/// A device's memory, given out and taken back without asking the driver each time.
///
/// The driver's own allocation waits for the whole device. The pool keeps what is given back, by size, and hands it out
/// again; what it holds never exceeds its budget. Sizes are rounded up to eighths of a power of two, so that at most an
/// eighth is lost and blocks of about the same size serve each other.
///
/// A block belongs to the stream that it was asked for: given back, it can be used again at once by work that is put into
/// the same stream, behind the work that used it before, and another stream first waits for that work. So a buffer
/// may be let go while the device still works with it, under one rule: where another stream works with it too, its
/// own stream must be made to wait for that work before the buffer is let go.
public final class DevicePool: Sendable {
    /// The device in use.
    public let context: CUDAContext
    /// Bytes that may be taken from the driver.
    public let budget: Int
    private let state = Mutex(State())

    /// How much memory a pool holds.
    public struct Usage: Sendable, Equatable {
        /// Bytes given out, as rounded up.
        public var inUse = 0
        /// Bytes taken from the driver, those kept for later among them.
        public var held = 0
        /// The most that was given out at any time since ``DevicePool/resetPeak()``.
        public var peak = 0
        /// How often memory was taken from the driver.
        public var allocations = 0
        /// How often a block that was given back served again.
        public var reuses = 0

        package init(inUse: Int = 0, held: Int = 0, peak: Int = 0, allocations: Int = 0, reuses: Int = 0) {
            self.inUse = inUse
            self.held = held
            self.peak = peak
            self.allocations = allocations
            self.reuses = reuses
        }
    }

    private struct State {
        var usage = Usage()
        var free: [Int: [Block]] = [:]
    }

    /// Memory of the driver's, and the stream whose work may still use it.
    struct Block: Sendable {
        let address: akin_cuda_address
        let bytes: Int
        var stream: CUDAStream
    }

    /// Makes a pool that has taken nothing yet.
    ///
    /// - Parameters:
    ///   - context: the device in use.
    ///   - budget: bytes that it may take at most; by default nine tenths of what is free now, because the driver, its
    ///     libraries and other programs need some as well.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public init(_ context: CUDAContext, budget: Int? = nil) throws(CUDAError) {
        if let budget, budget < 1 { throw .outOfRange(name: "budget", value: budget, allowed: 1...Int.max) }
        self.context = context
        if let budget { self.budget = budget } else { self.budget = try context.memory().free / 10 * 9 }
    }

    deinit {
        // Buffers hold their pool, so nothing is given out any more.
        state.withLock { state in trim(&state) }
    }

    /// How much it holds.
    public var usage: Usage { state.withLock { $0.usage } }

    /// Lets the peak begin again at what is given out now.
    public func resetPeak() { state.withLock { $0.usage.peak = $0.usage.inUse } }

    /// Gives everything that is kept for later back to the driver.
    public func trim() {
        state.withLock { state in trim(&state) }
    }

    /// Takes memory for `count` elements; what it holds is undefined.
    ///
    /// - Parameters:
    ///   - type: of the elements.
    ///   - count: elements; none is allowed.
    ///   - stream: whose work is going to use it.
    /// - Returns: memory that is given back when nobody holds it any more.
    /// - Throws: ``CUDAError/overBudget(requested:inUse:budget:)``,
    ///   ``CUDAError/outOfMemory(device:requested:free:total:)``, ``CUDAError/outOfRange(name:value:allowed:)``,
    ///   ``CUDAError/driver(call:code:name:text:device:)``.
    public func allocate<Element: BitwiseCopyable>(
        _ type: Element.Type = Element.self, count: Int, on stream: CUDAStream
    ) throws(CUDAError) -> DeviceBuffer<Element> {
        let limit = Int.max / 4 / MemoryLayout<Element>.stride
        guard (0...limit).contains(count) else { throw .outOfRange(name: "count", value: count, allowed: 0...limit) }
        let block = try take(bytes: Self.rounded(count * MemoryLayout<Element>.stride), for: stream)
        return DeviceBuffer(pool: self, block: block, count: count)
    }

    /// The bytes of the block that serves so many: eighths of a power of two, 512 at least.
    package static func rounded(_ bytes: Int) -> Int {
        guard bytes > 512 else { return 512 }
        let step = max(512, 1 << (Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount - 3))
        return (bytes + step - 1) / step * step
    }

    private func take(bytes: Int, for stream: CUDAStream) throws(CUDAError) -> Block {
        try state.withLock { (state) throws(CUDAError) in
            if var block = takeKept(bytes, for: stream, &state) {
                if block.stream !== stream {
                    do throws(CUDAError) {
                        // The event lies behind all that the former stream was given up to now, so behind the last use.
                        let event = try CUDAEvent(context)
                        try event.record(on: block.stream)
                        try stream.wait(for: event)
                    } catch {
                        state.free[bytes, default: []].append(block)
                        throw error
                    }
                    block.stream = stream
                }
                state.usage.reuses += 1
                count(bytes, &state)
                return block
            }
            if bytes > budget - state.usage.held { trim(&state) }
            guard bytes <= budget - state.usage.held else {
                throw .overBudget(requested: bytes, inUse: state.usage.inUse, budget: budget)
            }
            var address: akin_cuda_address = 0
            var code = context.result { $0.cuMemAlloc_v2(&address, bytes) }
            if code == AKIN_CUDA_ERROR_OUT_OF_MEMORY, !state.free.isEmpty {
                trim(&state)
                code = context.result { $0.cuMemAlloc_v2(&address, bytes) }
            }
            if code == AKIN_CUDA_ERROR_OUT_OF_MEMORY {
                let memory = try context.memory()
                throw .outOfMemory(
                    device: context.device.ordinal, requested: bytes, free: memory.free, total: memory.total)
            }
            try context.driver.check("cuMemAlloc", code, device: context.device.ordinal)
            state.usage.allocations += 1
            state.usage.held += bytes
            count(bytes, &state)
            return Block(address: address, bytes: bytes, stream: stream)
        }
    }

    /// A block that is kept: one of the same stream if there is one, so that nothing has to wait.
    private func takeKept(_ bytes: Int, for stream: CUDAStream, _ state: inout State) -> Block? {
        guard var blocks = state.free.removeValue(forKey: bytes) else { return nil }
        let block = blocks.remove(at: blocks.lastIndex { $0.stream === stream } ?? blocks.count - 1)
        if !blocks.isEmpty { state.free[bytes] = blocks }
        return block
    }

    private func count(_ bytes: Int, _ state: inout State) {
        state.usage.inUse += bytes
        state.usage.peak = max(state.usage.peak, state.usage.inUse)
    }

    /// Takes a block back.
    func giveBack(_ block: Block) {
        state.withLock { state in
            state.usage.inUse -= block.bytes
            state.free[block.bytes, default: []].append(block)
        }
    }

    /// Gives what is kept back to the driver once the device has done with it.
    private func trim(_ state: inout State) {
        guard !state.free.isEmpty else { return }
        // Any stream may still read a block: not only the one it was taken for, but that of a search which failed halfway.
        // The driver waits for such work only as a side effect, so say it. A failure of either call is that of work
        // before, and shows at the next one that is asked for a result.
        _ = context.result { $0.cuCtxSynchronize() }
        for block in state.free.values.joined() {
            _ = context.result { $0.cuMemFree_v2(block.address) }
            state.usage.held -= block.bytes
        }
        state.free.removeAll()
    }
}
