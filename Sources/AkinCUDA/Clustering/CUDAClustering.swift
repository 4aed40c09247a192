public import Akin

/// k-means on a GPU: points are assigned and centroids moved there, with the processor's results to the bit.
///
/// ```swift
/// var options = KMeansOptions()
/// options.device = try CUDAClustering(CUDAContext(driver: CUDADriver.find()))
/// let clustering = try KMeans.train(vectors, centroids: 4096, options: options)
/// ```
///
/// The device holds the points, their codes of 16 bits, and what sorting them takes: about 6 bytes a component and
/// 400 bytes a point.
public struct CUDAClustering: ClusteringDevice {
    private let kernels: KernelLibrary
    private let pool: DevicePool

    /// Prepares a device.
    ///
    /// - Parameters:
    ///   - context: the device in use.
    ///   - budget: bytes of the device's memory to use at most; by default nine tenths of what is free.
    /// - Throws: ``CUDAError``: what ``DevicePool`` throws.
    public init(_ context: CUDAContext, budget: Int? = nil) throws(CUDAError) {
        try self.init(kernels: KernelLibrary(context), budget: budget)
    }

    /// Prepares the device of some kernels.
    package init(kernels: KernelLibrary, budget: Int? = nil) throws(CUDAError) {
        self.kernels = kernels
        pool = try DevicePool(kernels.context, budget: budget)
    }

    /// Takes points to the device.
    ///
    /// - Throws: ``CUDAError``: more points, centroids or components than ``ClusteringPlan`` allows; memory that the
    ///   device does not have; what compiling and launches throw.
    public func hold(_ points: Matrix<Float>, centroids: Int, metric: Metric) throws -> any HeldPoints {
        try DeviceClustering(
            points, centroids: centroids, metric: metric, library: kernels, pool: pool,
            stream: CUDAStream(kernels.context))
    }
}

extension DeviceClustering: HeldPoints {
    package func assign(to centroids: Matrix<Float>) throws -> (numbers: [UInt32], keys: [Double]) {
        let (numbers, keys, _) = try assign(centroids)
        return (numbers, keys)
    }
}
