import Akin

/// Product codes of 4 to 8 bits, made on a device: the numbers that the CPU's quantizer gives.
struct ProductCoding {
    /// Parts, codewords of a part, and components of a part.
    let m, ksub, dsub: Int
    /// Words of a code.
    let words: Int
    /// `[m * ksub, dsub]`.
    let codebooks: DeviceBuffer<Float>
    private let kernel: Kernel

    /// Components of a part at most: its codewords, and that part of 256 vectors, lie in shared memory.
    static func mostComponents(ksub: Int, on device: CUDADevice) -> Int {
        device.sharedMemoryPerBlockOptIn / ((ksub + 256) * 4)
    }

    /// Brings codebooks to a device.
    ///
    /// - Parameters:
    ///   - quantizer: of 4 to 8 bits, with parts of at most ``mostComponents(ksub:on:)`` components.
    ///   - words: of a code, enough for its bytes: one for each part, or for two parts of 4 bits.
    ///   - library: the device's kernels.
    ///   - pool: where its memory comes from.
    ///   - stream: whose work this is.
    /// - Throws: ``CUDAError``: parts that are too long; what the pool, compiling and copies throw.
    init(
        _ quantizer: ProductQuantizer, words: Int, library: KernelLibrary, pool: DevicePool, stream: CUDAStream
    ) throws(CUDAError) {
        (m, ksub, dsub) = (quantizer.m, quantizer.ksub, quantizer.dsub)
        let most = Self.mostComponents(ksub: ksub, on: library.context.device)
        guard dsub <= most else {
            throw CUDAError.outOfRange(name: "components of a part", value: dsub, allowed: 1...max(1, most))
        }
        self.words = words
        kernel = try library.kernel("akin_ivf_encode", in: "ivf_build.cu")
        codebooks = try pool.upload(quantizer.codebooks, on: stream)
    }

    /// Puts the coding of some vectors into a stream.
    ///
    /// - Parameters:
    ///   - points: `[count, m * dsub]`, in a buffer that may be longer.
    ///   - count: 1 or more.
    ///   - residuals: the list of each vector, and the centroids of all lists, which are taken off.
    ///   - codes: becomes `[count, words]`; zero before.
    ///   - stream: where the work goes.
    /// - Throws: ``CUDAError``: what launches throw.
    /// - Complexity: O(count · ksub · dimension).
    func encode(
        _ points: DeviceBuffer<Float>, count: Int, residuals: (lists: DeviceSlice<UInt32>, of: DeviceBuffer<Float>)?,
        into codes: DeviceSlice<UInt32>, on stream: CUDAStream
    ) throws(CUDAError) {
        let bytes = ksub == 16 ? (m + 1) / 2 : m
        try stream.launch(
            kernel, grid: LaunchSize((count + 255) / 256, bytes), block: 256, sharedBytes: (ksub + 256) * dsub * 4,
            points, residuals?.lists, residuals?.of, UInt32(count), UInt32(m * dsub), codebooks, UInt32(m),
            UInt32(ksub), UInt32(dsub), UInt32(words), codes)
    }
}
