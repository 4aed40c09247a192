package import Akin
package import AkinCUDA

/// Vectors that a device makes for itself; `synthetic.cu` says how they lie.
///
/// Any row can be made again, alone.
package struct SyntheticVectors: Sendable {
    package let dimension: Int
    package let seed: UInt64
    private let kernel: Kernel

    /// Gets the kernel.
    ///
    /// - Throws: ``CUDAError``: what compiling throws.
    package init(dimension: Int, seed: UInt64 = 1, kernels: KernelLibrary) throws(CUDAError) {
        self.dimension = dimension
        self.seed = seed
        kernel = try kernels.kernel("akin_synthetic", in: "synthetic.cu")
    }

    /// Puts making rows into a stream.
    ///
    /// - Parameters:
    ///   - rows: which.
    ///   - buffer: becomes `[rows.count, dimension]` from its start.
    ///   - stream: whose work this is.
    /// - Throws: ``CUDAError``: what launches throw.
    package func make(_ rows: Range<Int>, in buffer: DeviceBuffer<Float>, on stream: CUDAStream) throws(CUDAError) {
        precondition(buffer.count >= rows.count * dimension)
        try stream.launch(
            kernel, grid: LaunchSize((rows.count + 31) / 32), block: 256, sharedBytes: (dimension + 32) * 12 * 4,
            seed, UInt64(rows.lowerBound), UInt32(rows.count), UInt32(dimension), buffer)
    }

    /// Makes rows and copies them to the host, part by part.
    ///
    /// - Throws: ``CUDAError``: what the pool, launches and copies throw.
    package func onHost(_ rows: Range<Int>, pool: DevicePool, stream: CUDAStream) throws -> Matrix<Float> {
        let step = min(max(1, rows.count), 1 << 18)
        let buffer = try pool.allocate(Float.self, count: step * dimension, on: stream)
        return try Matrix(rows: rows.count, columns: dimension) { to in
            for first in stride(from: 0, to: rows.count, by: step) {
                let count = min(step, rows.count - first)
                try make(rows.lowerBound + first..<rows.lowerBound + first + count, in: buffer, on: stream)
                let part = try stream.download(buffer, 0..<count * dimension)
                _ = UnsafeMutableBufferPointer(rebasing: to[(first * dimension)...]).update(fromContentsOf: part)
            }
        }
    }

    /// The nearest of the rows `0..<count` to each query, squared distances in double precision.
    ///
    /// - Returns: `[queries]` of k ids, nearest first.
    /// - Throws: ``CUDAError``: what the pool, compiling and launches throw.
    package func nearest(
        to queries: Matrix<Float>, of count: Int, k: Int, kernels: KernelLibrary, pool: DevicePool, stream: CUDAStream
    ) throws -> [[Int64]] {
        let q = queries.rows, step = max(k, min(count, (1 << 30) / max(1, q), 1 << 20))
        let x = try pool.allocate(Float.self, count: q * dimension, on: stream)
        try queries.withUnsafeElements { try stream.upload($0, to: x) }
        let rows = try pool.allocate(Float.self, count: step * dimension, on: stream)
        let keys = try pool.allocate(Float.self, count: step * q, on: stream)
        let values = try pool.allocate(Float.self, count: q * k, on: stream)
        let columns = try pool.allocate(UInt32.self, count: q * k, on: stream)
        let comparing = try kernels.kernel("akin_exact_keys_l2", in: "exact.cu")
        var best = Array(repeating: [Neighbor](), count: q)
        for first in stride(from: 0, to: count, by: step) {
            let some = min(step, count - first), wanted = min(k, some)
            try make(first..<first + some, in: rows, on: stream)
            try stream.launch(
                comparing, grid: LaunchSize(q, min(65_535, (some + 127) / 128)), block: 256, x, rows,
                nil as DeviceBuffer<UInt32>?, UInt32(some), UInt32(dimension), keys)
            try DeviceSelection(rows: q, count: some, k: wanted, library: kernels, pool: pool)
                .run(
                    keys.whole, stride: some, values: values.slice(0..<q * wanted),
                    columns: columns.slice(0..<q * wanted),
                    on: stream)
            let (found, places) = (try stream.download(values), try stream.download(columns))
            for i in 0..<q {
                best[i] += (i * wanted..<(i + 1) * wanted).map {
                    Neighbor(id: Int64(first) + Int64(places[$0]), score: found[$0])
                }
                best[i].sort { ($0.score, $0.id) < ($1.score, $1.id) }
                best[i].removeLast(max(0, best[i].count - k))
            }
        }
        return best.map { $0.map(\.id) }
    }
}
