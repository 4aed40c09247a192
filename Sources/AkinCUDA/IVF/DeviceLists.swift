package import Akin

/// The inverted lists of an index on a device, searched there.
///
/// Scanning, selecting and the distances that decide are the device's, and so is finding the lists to look at where
/// ``CUDAIVFIndex`` brings the centroids along. Answers are those of the index, id by id and score by score: what a scan
/// is not certain of is looked at again with more candidates, and then compared in full (``ListComparison``).
package final class DeviceLists: Sendable {
    /// The same index on the CPU; without vectors where the lists were made on the device.
    package let index: IVFIndex
    /// The lists.
    package let stored: StoredLists
    let tables: ListTables
    /// What scans of product codes add up, whatever would be chosen; for tests.
    let summed: ListScanPlan.Tables?
    let library: KernelLibrary
    let pool: DevicePool
    let centroids, codebooks: DeviceBuffer<Float>?

    var isProduct: Bool { index.metric != .l2 }

    /// Brings the lists of an index to a device.
    ///
    /// - Parameters:
    ///   - index: with lists of floats, or of product codes of 4 to 8 bits; second codes beside the latter stay on the host.
    ///   - library: the device's kernels.
    ///   - pool: where its memory comes from.
    ///   - summed: what scans of product codes add up, whatever would be chosen; for tests.
    /// - Throws: `IndexError.unsupported` for other codes; ``CUDAError``: what the pool and copies throw.
    /// - Complexity: O(count · code bytes).
    package convenience init(
        _ index: IVFIndex, library: KernelLibrary, pool: DevicePool, summed: ListScanPlan.Tables? = nil
    ) throws {
        guard let lists = index.interleavedLists() else {
            throw IndexError.unsupported(
                "\(index.spec) on a device; expected IVF…,Flat, or IVF…,PQ of 4 to 8 bits with or without a second code"
            )
        }
        let stream = try CUDAStream(library.context)
        try self.init(
            index, StoredLists(lists, pool: pool, stream: stream), tables: index.listTables(lists), summed: summed,
            library: library, pool: pool, stream: stream)
    }

    /// Takes lists that are on the device.
    init(
        _ index: IVFIndex, _ stored: StoredLists, tables: ListTables, summed: ListScanPlan.Tables? = nil,
        library: KernelLibrary, pool: DevicePool, stream: CUDAStream
    ) throws(CUDAError) {
        self.index = index
        self.stored = stored
        self.tables = tables
        self.summed = summed
        self.library = library
        self.pool = pool
        centroids = try tables.centroids.map { (matrix) throws(CUDAError) in try pool.upload(matrix, on: stream) }
        codebooks = try tables.codebooks.map { (matrix) throws(CUDAError) in try pool.upload(matrix, on: stream) }
        // Searches read them in streams of their own.
        try stream.synchronize()
    }

    /// The index with these lists, on the CPU.
    ///
    /// - Throws: ``CUDAError``: what copies throw.
    /// - Complexity: O(count · code bytes).
    package func onHost() throws -> IVFIndex {
        if index.count == stored.count { return index }
        return try index.replacingLists(stored.download(CUDAStream(library.context)), idsAreRows: true)
    }

    func kernel(_ name: String) throws(CUDAError) -> Kernel { try library.kernel(name, in: "ivf.cu") }
}
