/// A block of memory of fixed length that frees itself: what C kernels read and write.
package final class Buffer<Element: BitwiseCopyable>: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int
    /// Whose memory this is; `nil` when it is this object's.
    private let owner: AnyObject?

    /// Makes `count` copies of `value`, aligned to a cache line.
    package init(repeating value: Element, count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
        for i in 0..<count { (pointer + i).initialize(to: value) }
        self.count = count
        owner = nil
    }

    /// Makes room for `count` elements that are written before they are read, aligned to a cache line.
    package init(uninitialized count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
        owner = nil
    }

    /// Makes room for `count` elements of which few will be written: what is not touched takes no memory.
    init(untouched count: Int) {
        let mapped = UntouchedMemory(byteCount: max(count, 1) * MemoryLayout<Element>.stride)
        pointer = mapped.start.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
        owner = mapped
    }

    /// Shows memory that another object frees at its end, and keeps that object alive.
    init(_ memory: UnsafeMutablePointer<Element>, count: Int, owner: AnyObject) {
        pointer = memory
        self.count = count
        self.owner = owner
    }

    deinit {
        if owner == nil { UnsafeMutableRawPointer(pointer).deallocate() }
    }

    /// Takes over an array of as many elements.
    package func fill(from values: [Element]) {
        precondition(values.count == count, "as many elements as there is room for")
        values.withUnsafeBufferPointer { from in
            if let base = from.baseAddress { pointer.update(from: base, count: count) }
        }
    }

    package subscript(i: Int) -> Element {
        get { pointer[i] }
        set { pointer[i] = newValue }
    }
}
