import CAkinCUDA
import Synchronization

/// The kernels of a device: compiled or read when they are first asked for, then kept.
package final class KernelLibrary: Sendable {
    /// The device in use.
    package let context: CUDAContext
    /// Where machine code comes from.
    package typealias Maker = @Sendable (KernelRecipe) throws(CUDAError) -> (code: [UInt8], origin: KernelCache.Origin)
    private let make: Maker
    private let loaded = Mutex(Loaded())

    private struct Loaded {
        var modules: [KernelRecipe: KernelModule] = [:]
        var kernels: [KernelRecipe: [String: Kernel]] = [:]
    }

    /// A library with nothing loaded yet.
    ///
    /// - Parameters:
    ///   - context: the device in use.
    ///   - cache: where machine code is kept.
    ///   - compiler: how the compiler is found, once one is needed.
    package convenience init(
        _ context: CUDAContext, cache: KernelCache = .standard,
        compiler: @escaping @Sendable () throws(CUDAError) -> NVRTC = { () throws(CUDAError) in try NVRTC.find() }
    ) {
        self.init(context) { (recipe) throws(CUDAError) in try cache.cubin(for: recipe, compiler: compiler) }
    }

    /// A library whose machine code is made otherwise.
    package init(_ context: CUDAContext, make: @escaping Maker) {
        self.context = context
        self.make = make
    }

    /// A kernel by name.
    ///
    /// - Parameters:
    ///   - name: the function's: "akin_add".
    ///   - source: the file it is in: "sanity.cu".
    ///   - definitions: macros to compile it with; each set of them is compiled by itself.
    /// - Returns: the kernel, which is the same object each time.
    /// - Throws: ``CUDAError``: what finding, compiling and loading throw.
    package func kernel(
        _ name: String, in source: String, definitions: [String: String] = [:]
    ) throws(CUDAError) -> Kernel {
        let recipe = recipe(source, definitions)
        // Whoever comes second waits, rather than compiling the same once more.
        return try loaded.withLock { (loaded) throws(CUDAError) in
            if let kernel = loaded.kernels[recipe]?[name] { return kernel }
            let kernel = try Kernel(module: module(recipe, &loaded), name: name)
            loaded.kernels[recipe, default: [:]][name] = kernel
            return kernel
        }
    }

    /// A source as loaded machine code.
    ///
    /// - Throws: ``CUDAError``: what finding, compiling and loading throw.
    package func module(_ source: String, definitions: [String: String] = [:]) throws(CUDAError) -> KernelModule {
        try loaded.withLock { (loaded) throws(CUDAError) in try module(recipe(source, definitions), &loaded) }
    }

    private func recipe(_ source: String, _ definitions: [String: String]) -> KernelRecipe {
        KernelRecipe(source: source, architecture: context.device.architecture, definitions: definitions)
    }

    private func module(_ recipe: KernelRecipe, _ loaded: inout Loaded) throws(CUDAError) -> KernelModule {
        if let module = loaded.modules[recipe] { return module }
        let (code, origin) = try make(recipe)
        let module = try KernelModule(context: context, cubin: code, origin: origin)
        loaded.modules[recipe] = module
        return module
    }
}
