import CAkinCUDA

/// Memory on a device, given back to its pool when nobody holds it any more.
public final class DeviceBuffer<Element: BitwiseCopyable>: Sendable {
    /// Where it comes from.
    public let pool: DevicePool
    /// Elements.
    public let count: Int
    let block: DevicePool.Block

    init(pool: DevicePool, block: DevicePool.Block, count: Int) {
        self.pool = pool
        self.block = block
        self.count = count
    }

    deinit { pool.giveBack(block) }

    /// The device's address of the first element, a multiple of 256.
    package var address: UInt64 { block.address }

    /// The stream that the memory belongs to.
    public var stream: CUDAStream { block.stream }

    /// Bytes of its elements.
    public var byteCount: Int { count * MemoryLayout<Element>.stride }

    /// All elements, as a parameter of a kernel.
    package var whole: DeviceSlice<Element> { DeviceSlice(address: address, count: count) }

    /// Elements `range`, as a parameter of a kernel.
    ///
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``.
    package func slice(_ range: Range<Int>) throws(CUDAError) -> DeviceSlice<Element> {
        try check(range, "slice")
        return DeviceSlice(
            address: address + UInt64(range.lowerBound * MemoryLayout<Element>.stride), count: range.count)
    }

    /// Refuses elements that are not there.
    func check(_ range: Range<Int>, _ what: String) throws(CUDAError) {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw .outOfBounds(what: what, range: range, count: count)
        }
    }
}

/// A part of a buffer, which it does not keep: whoever launches with it must.
package struct DeviceSlice<Element: BitwiseCopyable>: Sendable {
    /// The device's address of the first element.
    package let address: UInt64
    /// Elements.
    package let count: Int
}
