#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Address space whose pages the system provides when they are touched.
final class UntouchedMemory {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(byteCount: Int) {
        var flags = MAP_PRIVATE | MAP_ANONYMOUS
        #if canImport(Glibc)
            flags |= MAP_NORESERVE
        #endif
        guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), address != MAP_FAILED else {
            fatalError("no address space for \(byteCount) bytes")
        }
        start = address
        self.byteCount = byteCount
    }

    deinit { munmap(start, byteCount) }
}
