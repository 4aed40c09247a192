/// Points in the order of the groups that they belong to, those of a group in their own order.
struct PointOrder {
    /// `[groups + 1]`: where the points of each group begin.
    let starts: DeviceBuffer<UInt32>
    /// `[points]`.
    let order: DeviceBuffer<UInt32>

    /// Puts the sorting into a stream.
    ///
    /// - Parameters:
    ///   - numbers: `[points]`: the group of each, below `groups`.
    ///   - points: 1 to 2^32 - 1.
    ///   - groups: 1 or more.
    ///   - chunk: points that one warp sorts, a multiple of 32; memory takes a word for each group and chunk.
    ///   - library: the device's kernels.
    ///   - pool: where memory comes from.
    ///   - stream: whose work this is.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    init(
        _ numbers: DeviceBuffer<UInt32>, points: Int, groups: Int, chunk: Int, library: KernelLibrary, pool: DevicePool,
        stream: CUDAStream
    ) throws(CUDAError) {
        let chunks = (points + chunk - 1) / chunk
        func words(_ count: Int) throws(CUDAError) -> DeviceBuffer<UInt32> {
            try pool.allocate(UInt32.self, count: count, on: stream)
        }
        func kernel(_ name: String) throws(CUDAError) -> Kernel {
            try library.kernel("akin_kmeans_" + name, in: "kmeans.cu")
        }
        let counts = try words(chunks * groups), sizes = try words(groups)
        starts = try words(groups + 1)
        order = try words(points)
        let (n, k, size) = (UInt32(points), UInt32(groups), UInt32(chunk))
        try stream.launch(kernel("count"), grid: LaunchSize(chunks), block: 256, numbers, n, k, size, counts)
        try stream.launch(
            kernel("add_chunks"), grid: LaunchSize((groups + 255) / 256), block: 256, counts, UInt32(chunks), k, sizes)
        try stream.launch(kernel("add_sizes"), grid: 1, block: 1_024, sharedBytes: 33 * 4, sizes, k, starts)
        try stream.launch(
            kernel("place"), grid: LaunchSize((chunks + 7) / 8), block: 256, numbers, n, k, size, UInt32(chunks),
            starts, counts, order)
    }
}
