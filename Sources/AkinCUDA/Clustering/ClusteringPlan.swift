/// How points are assigned to centroids and centroids moved: the launches of `kmeans.cu` and their memory.
package struct ClusteringPlan: Sendable, Equatable {
    /// Points, centroids, and components of each.
    package let points, centroids, dimension: Int
    /// Half floats of a coded row.
    package let padded: Int
    /// Tiles of 128 centroids.
    package let tiles: Int
    /// Points stay in shared memory while centroids pass by; otherwise both are streamed.
    package let isResident: Bool
    /// Of `akin_kmeans_nearest_` and `akin_kmeans_candidates_`, both kinds.
    package let sharedBytes: Int
    /// Blocks of `akin_kmeans_nearest_`.
    package let blocks: Int
    /// Blocks of the launches whose work is known on the device alone: they take it in turn.
    package let turns: Int
    /// Points that one warp sorts, a multiple of 32, and how many such chunks there are.
    package let chunk, chunks: Int

    /// Candidates kept of a doubtful point; one that has more is compared with all centroids.
    package static let capacity = 64
    static let tile = 128
    /// Counters of centroids and chunks, in bytes, at most, as long as chunks of 2^20 points allow it.
    private static let counterBytes = 64 << 20

    /// Plans a clustering.
    ///
    /// - Parameters:
    ///   - points: 1 to 2^31 - 1.
    ///   - centroids: 1 to 2^24.
    ///   - dimension: 1 to 32,768, or less where shared memory is small.
    ///   - multiprocessors: of the device.
    ///   - sharedLimit: bytes of shared memory that a block may have there.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``.
    package init(
        points: Int, centroids: Int, dimension: Int, multiprocessors: Int, sharedLimit: Int
    ) throws(CUDAError) {
        func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(CUDAError) {
            guard allowed.contains(value) else { throw .outOfRange(name: name, value: value, allowed: allowed) }
        }
        try check("points", points, 1...(1 << 31) - 1)
        try check("centroids", centroids, 1...1 << 24)
        // The sums of one centroid, and their length, lie in shared memory as doubles.
        try check("dimension", dimension, 1...max(1, min(32_768, sharedLimit / 8 - 1)))
        self.points = points
        self.centroids = centroids
        self.dimension = dimension
        padded = (dimension + 31) / 32 * 32
        tiles = (centroids + Self.tile - 1) / Self.tile
        // Three stages of 64 bytes of each centroid, and a float of each point.
        let ring = 3 * 64 * Self.tile, own = padded * 2 * Self.tile, bounds = 4 * Self.tile
        isResident = ring + own + bounds <= sharedLimit
        sharedBytes = ring + (isResident ? own : ring) + bounds
        blocks = (points + Self.tile - 1) / Self.tile
        turns = min(blocks, 2 * multiprocessors)
        chunk = Self.chunk(points: points, centroids: centroids)
        chunks = (points + chunk - 1) / chunk
    }

    /// Points that one warp sorts, a multiple of 32: as few as the memory for counters allows.
    ///
    /// A warp takes them one behind the other, so a device with few chunks is idle: where there are very many points,
    /// more memory for counters is time.
    static func chunk(points: Int, centroids: Int, counterBytes: Int = counterBytes) -> Int {
        let least = (points * centroids * 4 + counterBytes - 1) / counterBytes
        return (min(max(least, 1_024), 1 << 20) + 31) / 32 * 32
    }

    /// Bytes on the device beside points and centroids: codes, terms, the doubtful, and what sorting takes.
    package var scratchBytes: Int {
        let coded = tiles * Self.tile
        let codes = points * (padded * 2 + 8) + coded * (padded * 2 + 12)
        let doubtful = points * (4 + 4 + 4 + 4 * Self.capacity)
        return codes + doubtful + points * (4 + 4 + 8) + (chunks + 2) * centroids * 4
    }

    /// The power of two by which centred vectors are multiplied before they become half floats, given the largest
    /// magnitude of a centred component of the centroids: that lies in 8 ..< 16 then, and points may be 4,000 times as
    /// large; 1 where all components are zero.
    package static func scale(largest: Float) -> Float {
        guard largest > 0, largest.isFinite else { return 1 }
        // The scale and what it multiplies stay far from the ends of floats.
        return Float(sign: .plus, exponent: min(max(3 - Int(largest.exponent), -100), 100), significand: 1)
    }
}
