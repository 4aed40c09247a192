import CAkinCUDA

extension CUDAStream {
    /// Copies from ordinary host memory, which may change again when this returns.
    ///
    /// - Parameters:
    ///   - values: what to copy.
    ///   - buffer: where to.
    ///   - offset: the first element of `buffer` to write.
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func upload<Element>(
        _ values: UnsafeBufferPointer<Element>, to buffer: DeviceBuffer<Element>, at offset: Int = 0
    ) throws(CUDAError) {
        try buffer.check(offset..<offset + values.count, "upload")
        guard let source = values.baseAddress, values.count > 0 else { return }
        let to = buffer.address + UInt64(offset * MemoryLayout<Element>.stride)
        let bytes = values.count * MemoryLayout<Element>.stride
        try context.call("cuMemcpyHtoDAsync") { $0.cuMemcpyHtoDAsync_v2(to, source, bytes, handle) }
        // The driver may still be reading when the call returns; only for pinned memory does it say when it is not.
        try synchronize()
    }

    /// Copies an array.
    ///
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func upload<Element>(_ values: [Element], to buffer: DeviceBuffer<Element>) throws(CUDAError) {
        try values.withUnsafeBufferPointer { (values) throws(CUDAError) in try upload(values, to: buffer) }
    }

    /// Copies from pinned memory while the caller goes on; the memory must not change before that is done.
    ///
    /// - Parameters:
    ///   - pinned: the source, from its first byte; the stream keeps it until the copy is done.
    ///   - count: elements.
    ///   - buffer: where to.
    ///   - offset: the first element of `buffer` to write.
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func upload<Element>(
        _ pinned: PinnedBuffer, count: Int, to buffer: DeviceBuffer<Element>, at offset: Int = 0
    ) throws(CUDAError) {
        let bytes = try check(pinned, count, buffer, offset, "upload")
        guard bytes > 0 else { return }
        borrow(pinned)
        let to = buffer.address + UInt64(offset * MemoryLayout<Element>.stride)
        try context.call("cuMemcpyHtoDAsync") { $0.cuMemcpyHtoDAsync_v2(to, pinned.start, bytes, handle) }
    }

    /// Copies into pinned memory while the caller goes on; what it holds is undefined before that is done.
    ///
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func download<Element>(
        _ buffer: DeviceBuffer<Element>, at offset: Int = 0, count: Int, to pinned: PinnedBuffer
    ) throws(CUDAError) {
        let bytes = try check(pinned, count, buffer, offset, "download")
        guard bytes > 0 else { return }
        borrow(pinned)
        let from = buffer.address + UInt64(offset * MemoryLayout<Element>.stride)
        try context.call("cuMemcpyDtoHAsync") { $0.cuMemcpyDtoHAsync_v2(pinned.start, from, bytes, handle) }
    }

    /// Waits for all work of the stream and gives elements of a buffer.
    ///
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func download<Element>(_ buffer: DeviceBuffer<Element>, _ range: Range<Int>? = nil) throws(CUDAError)
        -> [Element]
    {
        let range = range ?? 0..<buffer.count
        try buffer.check(range, "download")
        guard !range.isEmpty else {
            try synchronize()
            return []
        }
        let from = buffer.address + UInt64(range.lowerBound * MemoryLayout<Element>.stride)
        let bytes = range.count * MemoryLayout<Element>.stride
        let values = UnsafeMutableBufferPointer<Element>.allocate(capacity: range.count)
        defer { values.deallocate() }
        try context.call("cuMemcpyDtoHAsync") { $0.cuMemcpyDtoHAsync_v2(values.baseAddress, from, bytes, handle) }
        try synchronize()
        return Array(values)
    }

    /// Copies between buffers of the device.
    ///
    /// - Throws: ``CUDAError/outOfBounds(what:range:count:)``, ``CUDAError/driver(call:code:name:text:device:)``.
    public func copy<Element>(
        _ source: DeviceBuffer<Element>, _ range: Range<Int>, to buffer: DeviceBuffer<Element>, at offset: Int = 0
    ) throws(CUDAError) {
        try source.check(range, "copy from")
        try buffer.check(offset..<offset + range.count, "copy to")
        guard !range.isEmpty else { return }
        let stride = MemoryLayout<Element>.stride
        let from = source.address + UInt64(range.lowerBound * stride)
        let to = buffer.address + UInt64(offset * stride)
        let (here, there) = (source.pool.context, buffer.pool.context)
        let bytes = range.count * stride
        if here.device.ordinal == there.device.ordinal {
            try context.call("cuMemcpyDtoDAsync") { $0.cuMemcpyDtoDAsync_v2(to, from, bytes, handle) }
        } else {
            try context.call("cuMemcpyPeerAsync") {
                $0.cuMemcpyPeerAsync(to, there.handle, from, here.handle, bytes, handle)
            }
        }
    }

    /// Sets every byte of a buffer.
    ///
    /// - Throws: ``CUDAError/driver(call:code:name:text:device:)``.
    public func fill<Element>(_ buffer: DeviceBuffer<Element>, byte: UInt8) throws(CUDAError) {
        guard buffer.byteCount > 0 else { return }
        try context.call("cuMemsetD8Async") { $0.cuMemsetD8Async(buffer.address, byte, buffer.byteCount, handle) }
    }

    /// The bytes of `count` elements that both sides have.
    private func check<Element>(
        _ pinned: PinnedBuffer, _ count: Int, _ buffer: DeviceBuffer<Element>, _ offset: Int, _ what: String
    ) throws(CUDAError) -> Int {
        let fits = pinned.byteCount / MemoryLayout<Element>.stride
        guard (0...fits).contains(count) else { throw .outOfRange(name: "count", value: count, allowed: 0...fits) }
        try buffer.check(offset..<offset + count, what)
        return count * MemoryLayout<Element>.stride
    }
}
