public import Foundation

/// What a machine has for work on a GPU, or what it lacks, found without starting any device.
public struct CUDASurvey: Sendable {
    /// The driver.
    public let driver: Result<CUDADriver, CUDAError>
    /// Its devices.
    public let devices: Result<[CUDADevice], CUDAError>
    /// The compiler of kernels.
    public let compiler: Result<NVRTC, CUDAError>
    /// Where compiled kernels are kept; `nil` for nowhere.
    public let cacheFolder: String?

    /// Looks around.
    ///
    /// - Parameter environment: where variables are looked up.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let driver = Result { () throws(CUDAError) in try CUDADriver.find(environment: environment) }
        self.init(
            driver: driver, compiler: Result { () throws(CUDAError) in try NVRTC.find(environment: environment) },
            cache: .standard)
    }

    package init(driver: Result<CUDADriver, CUDAError>, compiler: Result<NVRTC, CUDAError>, cache: KernelCache) {
        self.driver = driver
        devices = driver.flatMap { driver in
            Result { () throws(CUDAError) in
                guard driver.deviceCount > 0 else { throw .noDevice }
                return try driver.devices()
            }
        }
        self.compiler = compiler
        cacheFolder = cache.folder
    }

    /// How many kernel files are compiled for a device already, and how many there are; one that is compiled in
    /// several ways counts as often.
    public func compiledKernels(for device: CUDADevice) -> (compiled: Int, all: Int) {
        let cache = KernelCache(folder: cacheFolder)
        let version = try? compiler.get().version
        let recipes = KernelRecipe.used(for: device.architecture)
        return (recipes.count { cache.holds($0, version: version) }, recipes.count)
    }
}
