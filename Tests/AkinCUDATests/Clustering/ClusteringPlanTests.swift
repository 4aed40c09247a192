import AkinCUDA
import Testing

@Suite("Plans of clusterings and scans")
struct ClusteringPlanTests {
    @Test("what fits into shared memory stays there")
    func resident() throws {
        func plan(_ dimension: Int, limit: Int = 227 << 10) throws -> ClusteringPlan {
            try ClusteringPlan(
                points: 1_000_000, centroids: 4_096, dimension: dimension, multiprocessors: 132, sharedLimit: limit)
        }
        #expect(try plan(128).isResident)
        #expect(try plan(128).sharedBytes == 24_576 + 32_768 + 512)
        #expect(try plan(768).isResident)
        #expect(try !plan(1_024).isResident)
        #expect(try plan(1_024).sharedBytes == 2 * 24_576 + 512)
        #expect(try !plan(768, limit: 163 << 10).isResident)
        #expect(try plan(100).padded == 128)
        #expect(try plan(128).blocks == 7_813)
    }

    @Test(
        "chunks are whole warps that hold all points, and their counters stay small",
        arguments: [(1, 1), (1_000, 7), (1_000_000, 4_096), (1_000_000, 65_536), (2_000_000_000, 1_024)])
    func chunks(points: Int, centroids: Int) throws {
        let plan = try ClusteringPlan(
            points: points, centroids: centroids, dimension: 8, multiprocessors: 132, sharedLimit: 227 << 10)
        #expect(plan.chunk % 32 == 0)
        #expect(plan.chunks * plan.chunk >= points)
        #expect((plan.chunks - 1) * plan.chunk < points)
        #expect(plan.chunks * centroids * 4 <= (64 << 20) + centroids * 4)
    }

    @Test("the largest component comes near ten", arguments: [1, 0.001, 7.9, 8, 1e30, 1e-28, 255] as [Float])
    func scale(largest: Float) {
        let scale = ClusteringPlan.scale(largest: largest)
        #expect(scale.significand == 1)
        #expect((8..<16).contains(largest * scale))
    }

    @Test("a scale is one for zeros, and never leaves the range of floats")
    func extremeScales() {
        #expect(ClusteringPlan.scale(largest: 0) == 1)
        #expect(ClusteringPlan.scale(largest: .infinity) == 1)
        for largest in [Float.leastNonzeroMagnitude, .greatestFiniteMagnitude] {
            let scale = ClusteringPlan.scale(largest: largest)
            #expect(scale.isNormal && scale > 0 && (largest * scale).isFinite)
        }
    }

    @Test("numbers out of range are named")
    func outOfRange() {
        #expect(throws: CUDAError.outOfRange(name: "points", value: 0, allowed: 1...2_147_483_647)) {
            try ClusteringPlan(points: 0, centroids: 1, dimension: 1, multiprocessors: 1, sharedLimit: 1 << 17)
        }
        #expect(throws: CUDAError.outOfRange(name: "k", value: 1_025, allowed: 1...1_024)) {
            try ListScanPlan(
                queries: 1, nprobe: 1, k: 1_025, vectorsPerList: 1, codes: .floats(dimension: 4), multiprocessors: 1,
                sharedLimit: 1 << 17, sharedTogether: 1 << 17)
        }
    }

    @Test(
        "all lists of a query are taken, none by two blocks",
        arguments: [1, 3, 16, 256, 1_000, 65_536], [1, 100, 10_000])
    func chunksOfLists(nprobe: Int, queries: Int) throws {
        let plan = try ListScanPlan(
            queries: queries, nprobe: nprobe, k: 10, vectorsPerList: 1_500, codes: .product(m: 16, ksub: 256, dsub: 6),
            multiprocessors: 132, sharedLimit: 227 << 10, sharedTogether: 228 << 10)
        #expect(plan.perBlock * plan.chunks >= nprobe)
        #expect(plan.perBlock * (plan.chunks - 1) < nprobe)
        #expect((1...256).contains(plan.perBlock))
        #expect(plan.wanted == 36)
        // Few queries share out their lists, many keep them together.
        if queries == 10_000, nprobe <= 256 { #expect(plan.chunks == 1) }
        if queries == 1, nprobe >= 256 { #expect(plan.chunks > 40) }
    }

    @Test("kernels for 4 bits come in four sizes, and tables must fit")
    func kernels() throws {
        func plan(_ codes: ListScanPlan.Codes) throws -> ListScanPlan {
            try ListScanPlan(
                queries: 5, nprobe: 5, k: 1, vectorsPerList: 10, codes: codes, multiprocessors: 132,
                sharedLimit: 227 << 10, sharedTogether: 228 << 10)
        }
        #expect(try plan(.product(m: 9, ksub: 16, dsub: 1)).kernel(isProduct: false) == "akin_ivf_scan_pq4_2")
        #expect(try plan(.product(m: 17, ksub: 16, dsub: 1)).kernel(isProduct: false) == "akin_ivf_scan_pq4_4")
        #expect(try plan(.product(m: 16, ksub: 256, dsub: 1)).kernel(isProduct: true) == "akin_ivf_scan_pq8")
        #expect(try plan(.floats(dimension: 8)).kernel(isProduct: true) == "akin_ivf_scan_flat_ip")
        #expect(throws: CUDAError.self) { try plan(.product(m: 65, ksub: 16, dsub: 1)) }
        #expect(throws: CUDAError.self) { try plan(.product(m: 512, ksub: 256, dsub: 1)) }
    }

    @Test("tables that keep blocks from fitting beside each other take 16 bits")
    func tables() throws {
        func plan(m: Int, _ tables: ListScanPlan.Tables? = nil) throws -> ListScanPlan {
            try ListScanPlan(
                queries: 5, nprobe: 5, k: 1, vectorsPerList: 10, codes: .product(m: m, ksub: 256, dsub: 2),
                tables: tables, multiprocessors: 132, sharedLimit: 227 << 10, sharedTogether: 228 << 10)
        }
        #expect(try plan(m: 32).tables == .floats)
        let long = try plan(m: 64)
        #expect(long.tables == .shorts)
        #expect(long.kernel(isProduct: false) == "akin_ivf_scan_pq8_short")
        #expect(try plan(m: 64, .floats).scanSharedBytes - long.scanSharedBytes == 64 * 256 * 2)
        #expect(long.tableBytes == 64 * 256 * 2 + 12)
        #expect(long.tableSharedBytes == (64 * 2 + 64 * 3) * 4)
        #expect(try plan(m: 400).tables == .shorts)
    }
}
