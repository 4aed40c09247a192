internal import CAkinCUDA

/// A file of CUDA C++ as it was in the package when the program was built.
package struct KernelSource: Sendable {
    /// The file's name, "sanity.cu" or "akin.cuh".
    package let name: String
    /// Its text.
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Those that are compiled; the others are headers.
    package static var kernels: [KernelSource] { all.filter { $0.name.hasSuffix(".cu") } }

    /// Every source that the program carries: none when its C compiler knew no `#embed`.
    package static let all: [KernelSource] = {
        var count = 0
        guard let first = akin_cuda_sources(&count) else { return [] }
        return UnsafeBufferPointer(start: first, count: count).map {
            KernelSource(name: String(cString: $0.name), text: String(cString: $0.text))
        }
    }()
}
