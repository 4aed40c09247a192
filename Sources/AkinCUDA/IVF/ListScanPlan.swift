/// How inverted lists are scanned for some queries: the launches of `ivf.cu` and their memory.
package struct ListScanPlan: Sendable, Equatable {
    /// What lists hold.
    package enum Codes: Sendable, Equatable {
        /// 32-bit floats.
        case floats(dimension: Int)
        /// Numbers of codewords: `m` of them, `ksub` codewords of `dsub` components each; 16 of these take half a byte.
        case product(m: Int, ksub: Int, dsub: Int)
    }

    /// What a scan of product codes adds up; codes of 4 bits, and floats, have one way only.
    package enum Tables: Sendable, Equatable {
        /// Floats.
        case floats
        /// Numbers of 16 bits, of one step for a query: half the memory, and a measured loss.
        case shorts

        /// Bytes of an entry.
        package var entryBytes: Int { self == .floats ? 4 : 2 }
    }

    package let codes: Codes
    package let tables: Tables
    /// Lists of a query that one block takes, and blocks of a query.
    package let perBlock, chunks: Int
    /// Candidates that are decided in doubles.
    package let wanted: Int
    /// Blocks of the scan; the tables before it and the decision after it have one for each query.
    package let blocks: Int
    /// Shared memory of making tables, of the scan and of the decision.
    package let tableSharedBytes, scanSharedBytes, decideSharedBytes: Int

    /// Candidates that a block can keep.
    package static let mostWanted = 1_024
    private static let capacity = 2_048
    /// Lists that a block can take.
    static let mostLists = 256
    /// Blocks for each multiprocessor that keep it busy, with some to spare for the last ones.
    static let blocksPerMultiprocessor = 8
    /// A block should look at that many vectors, or preparing it costs more than its work.
    static let leastVectors = 8_192

    /// Blocks that should fit a multiprocessor beside each other, so that some look up while others wait for codes.
    static let blocksTogether = 4
    /// Shared memory that the device keeps of each block.
    private static let reservedBytes = 1_024

    /// Plans a scan.
    ///
    /// - Parameters:
    ///   - queries: 1 to 2^20.
    ///   - nprobe: lists that each query looks at, 1 or more.
    ///   - k: 1 to 1,024.
    ///   - wanted: candidates that are decided, k to 1,024; some more than k where it is `nil`.
    ///   - vectorsPerList: on average.
    ///   - codes: what lists hold.
    ///   - tables: what is added up; floats where `nil`, unless their tables keep blocks from fitting beside each other.
    ///   - multiprocessors: of the device.
    ///   - sharedLimit: bytes of shared memory that a block may have there.
    ///   - sharedTogether: bytes that all blocks of a multiprocessor may have.
    /// - Throws: ``CUDAError/outOfRange(name:value:allowed:)``, also for tables that shared memory cannot hold.
    package init(
        queries: Int, nprobe: Int, k: Int, wanted: Int? = nil, vectorsPerList: Double, codes: Codes,
        tables: Tables? = nil, multiprocessors: Int, sharedLimit: Int, sharedTogether: Int
    ) throws(CUDAError) {
        func check(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(CUDAError) {
            guard allowed.contains(value) else { throw .outOfRange(name: name, value: value, allowed: allowed) }
        }
        try check("queries", queries, 1...1 << 20)
        try check("nprobe", nprobe, 1...1 << 24)
        try check("k", k, 1...Self.mostWanted)
        self.codes = codes
        if let wanted { try check("wanted", wanted, k...Self.mostWanted) }
        self.wanted = wanted ?? min(Self.mostWanted, k + k / 4 + 24)
        // Enough blocks for the device, each with enough to do, none with too many lists.
        let byDevice = (Self.blocksPerMultiprocessor * multiprocessors + queries - 1) / queries
        let byWork = Int((Double(nprobe) * vectorsPerList / Double(Self.leastVectors)).rounded(.up))
        let byLists = (nprobe + Self.mostLists - 1) / Self.mostLists
        let parts = min(nprobe, max(byLists, min(byDevice, max(1, byWork))))
        perBlock = (nprobe + parts - 1) / parts
        chunks = (nprobe + perBlock - 1) / perBlock
        blocks = queries * chunks
        // Entries of 8 bytes, counters; of each list 20 bytes.
        decideSharedBytes = (2 * Self.capacity + 8 + 16) * 4
        let base = (decideSharedBytes + perBlock * 20 + 15) / 16 * 16
        switch codes {
        case .floats(let dimension):
            self.tables = .floats
            tableSharedBytes = 0
            scanSharedBytes = base + (dimension + 3) / 4 * 16
            try check("dimension", dimension, 1...max(1, (sharedLimit - base) / 4 - 3))
        case .product(let m, let ksub, let dsub) where ksub == 16:
            self.tables = .floats
            tableSharedBytes = m * dsub * 4
            try check("m", m, 1...64)
            scanSharedBytes = base
        case .product(let m, let ksub, let dsub):
            let roomEach = min(sharedLimit, sharedTogether / Self.blocksTogether - Self.reservedBytes)
            let chosen = tables ?? (base + m * ksub * 4 <= roomEach ? .floats : .shorts)
            self.tables = chosen
            // The query, and of shorts three words for each part.
            tableSharedBytes = (m * dsub + (chosen == .shorts ? 3 * m : 0)) * 4
            try check("m", m, 1...max(1, (sharedLimit - base) / (chosen.entryBytes * ksub)))
            scanSharedBytes = base + m * ksub * chosen.entryBytes
        }
    }

    /// The entry point of the scan.
    package func kernel(isProduct: Bool) -> String {
        switch codes {
        case .floats: "akin_ivf_scan_flat_" + (isProduct ? "ip" : "l2")
        case .product(let m, let ksub, _) where ksub == 16:
            "akin_ivf_scan_pq4_\([1, 2, 4, 8].first { m <= 8 * $0 } ?? 8)"
        case .product: tables == .floats ? "akin_ivf_scan_pq8" : "akin_ivf_scan_pq8_short"
        }
    }

    /// Bytes of the tables of one query.
    package var tableBytes: Int {
        guard case .product(let m, let ksub, _) = codes else { return 0 }
        // Of shorts there is a scale, too.
        return m * ksub * tables.entryBytes + (tables == .shorts ? 12 : 0)
    }

    /// Bytes of entries between the two launches.
    package var entryBytes: Int { blocks * wanted * 8 }
}
