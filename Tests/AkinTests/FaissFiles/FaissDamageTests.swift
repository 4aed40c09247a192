import Akin
import Testing

@Suite("Damaged Faiss files")
struct FaissDamageTests {
    private let start = FaissBytes()

    @Test("a file cut anywhere is an error", arguments: FaissGolden.small)
    func truncation(_ golden: FaissGolden) {
        let whole = golden.bytes
        var accepted: [Int] = []
        for length in 0..<whole.count where (try? faissIndex(Array(whole[..<length]))) != nil {
            accepted.append(length)
        }
        #expect(accepted.isEmpty)
    }

    @Test("a file with more bytes than its index is an error", arguments: FaissGolden.small)
    func trailing(_ golden: FaissGolden) {
        let error = #expect(throws: FileError.self) { try faissIndex(golden.bytes + [0]) }
        #expect(error?.code == .malformed)
    }

    @Test("any byte changed is an error, or an index no larger than the file", arguments: FaissGolden.small)
    func flippedBytes(_ golden: FaissGolden) throws {
        var bytes = golden.bytes
        for i in bytes.indices {
            let byte = bytes[i]
            for flip in [0x01, 0x80, 0xFF] as [UInt8] {
                bytes[i] = byte ^ flip
                guard let index = try? faissIndex(bytes) else { continue }
                // What was accepted is whole: it can be written, and read again as the same.
                let copy = try written(index)
                #expect(copy.count <= bytes.count + 8)
                let again = try faissIndex(copy)
                #expect(try written(again) == copy)
            }
            bytes[i] = byte
        }
    }

    @Test(
        "any byte changed gives an index that can be searched, or an error",
        arguments: FaissGolden.small.filter { $0.metric == "l2" })
    func flippedBytesSearched(_ golden: FaissGolden) throws {
        var bytes = golden.bytes
        for i in bytes.indices {
            bytes[i] ^= 0x40
            defer { bytes[i] ^= 0x40 }
            guard let tree = try? faissIndex(bytes) else { continue }
            do {
                let index = try tree.index(path: "memory.faiss", threads: 1)
                guard index.dimension == golden.dimension else { continue }
                let found = try index.search(Matrix(golden.queries), k: 3, options: .init(threads: 1)).neighbors
                let isWithin = (0..<found.count).allSatisfy { found[$0].count <= min(3, index.count) }
                #expect(isWithin)
                #expect(try index.faissTree(path: "memory.faiss").header.count == index.count)
            } catch {
                // A huge number in a transform shows when a query is transformed.
                #expect(error is FileError || error is IndexError)
            }
        }
    }

    @Test(
        "counts that lie are refused before anything is allocated",
        arguments: [UInt64(5), 3, 1 << 20, 1 << 40, 1 << 61, 1 << 62, 1 << 63, .max])
    func lyingCounts(_ count: UInt64) {
        let size = Int64(bitPattern: count)
        let flat = start.code("IxF2").header(1, 4).number(count).floats([1, 2, 3, 4])
        #expect(throws: FileError.self) { try faissIndex(flat.bytes) }
        let header = start.code("IxF2").header(1, size).array([1 as Float, 2, 3, 4])
        #expect(throws: FileError.self) { try faissIndex(header.bytes) }
        let map = (start.code("IxMp").header(1, 4) + start.flat(1, [1, 2, 3, 4]).bytes).number(count)
        #expect(throws: FileError.self) { try faissIndex((map + [UInt8](repeating: 0, count: 32)).bytes) }
    }

    /// An index with two lists of one dimension; `lists` follows the number of lists and the size of a code.
    private func ivf(
        nlist: UInt64 = 2, count: Int64 = 1, listCount: UInt64 = 2, codeSize: UInt64 = 4, _ lists: FaissBytes
    ) -> [UInt8] {
        let head = start.code("IwFl").header(1, count).number(nlist).number(UInt64(1)) + start.flat(1, [0, 9]).bytes
        let map = head.number(UInt8(0)).number(UInt64(0))
        return (map.code("ilar").number(listCount).number(codeSize) + lists.bytes).bytes
    }

    private let one = FaissBytes().float(8).number(Int64(5))

    @Test("lists in both forms are read")
    func listForms() throws {
        let full = ivf(start.code("full").array([0 as Int64, 1]) + one.bytes)
        let sparse = ivf(start.code("sprs").array([1 as Int64, 1]) + one.bytes)
        #expect(try faissIndex(full) == faissIndex(sparse))
        #expect(try written(faissIndex(full)) == sparse)
    }

    @Test("lists that contradict themselves or the index are refused")
    func lyingLists() {
        func refused(_ bytes: [UInt8], _ reason: String) {
            let error = #expect(throws: FileError.self) { try faissIndex(bytes) }
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
        let good = start.code("sprs").array([1 as Int64, 1]) + one.bytes
        refused(ivf(nlist: 1 << 40, good), "coarse quantizer of 1099511627776 vectors, found 2")
        refused(ivf(listCount: 3, good), "expected 2 lists, found 3")
        refused(ivf(codeSize: 8, good), "codes of 4 bytes, found 8")
        refused(ivf(count: 2, good), "expected 2 vectors in the lists, found 1")
        refused(ivf(count: 0, good), "more than the index's 0 vectors")
        refused(ivf(start.code("sprs").array([2 as Int64, 1]) + one.bytes), "found list 2")
        refused(ivf(start.code("sprs").array([-1 as Int64, 1]) + one.bytes), "found list 18446744073709551615")
        refused(ivf(start.code("sprs").array([1 as Int64]) + one.bytes), "pairs of list and size")
        refused(ivf(count: 2, start.code("sprs").array([1 as Int64, 1, 0, 1]) + one.bytes), "ascending order")
        refused(ivf(start.code("sprs").array([1 as Int64, -1]) + one.bytes), "more than the index's 1 vectors")
        refused(ivf(start.code("full").array([0 as Int64, 1, 0]) + one.bytes), "expected 2 elements")
        refused(ivf(count: 1 << 47, start.code("sprs").array([1 as Int64, 1 << 47]) + one.bytes), "bytes are left")
        refused(ivf(start.code("none").array([1 as Int64, 1]) + one.bytes), "full or sparse form, found 'none'")
    }

    @Test("a million empty lists cost no memory, an announced billion of them is an error")
    func emptyLists() throws {
        let untrained = start.code("IwFl").header(1, 0, trained: 0).number(UInt64(1 << 40)).number(UInt64(1))
        let head = (untrained + start.flat(1, []).bytes).number(UInt8(0)).number(UInt64(0)).code("ilar")
        let lists = head.number(UInt64(1 << 40)).number(UInt64(4))
        let index = try faissIndex(lists.code("sprs").number(UInt64(0)).bytes)
        guard case .ivf(let ivf) = index.content else {
            Issue.record("no index with lists")
            return
        }
        #expect(ivf.nlist == 1 << 40 && ivf.lists?.entries.isEmpty == true)
        #expect(throws: FileError.self) { try faissIndex(lists.code("full").number(UInt64(1 << 40)).bytes) }
    }

    @Test("a graph's links lead to vectors that there are")
    func lyingGraph() throws {
        let golden = try FaissGolden.named("HNSW4,Flat")
        guard case .hnsw(let graph, let storage) = try faissIndex(golden.bytes).content else {
            Issue.record("no graph")
            return
        }
        let header = try faissIndex(golden.bytes).header
        func refused(_ change: (inout FaissGraph) -> Void) throws {
            var changed = graph
            change(&changed)
            let bytes = try written(FaissIndex(header, .hnsw(changed, storage: storage)))
            #expect(throws: FileError.self) { try faissIndex(bytes) }
        }
        func with<T>(_ array: FaissArray<T>, _ i: Int, _ value: T) -> FaissArray<T> {
            var elements = array.elements
            elements[i] = value
            return FaissArray(elements)
        }
        try refused { $0.links = with($0.links, 0, 40) }
        try refused { $0.links = with($0.links, 3, -2) }
        try refused { $0.links = FaissArray($0.links.elements + [0]) }
        try refused { $0.levels = with($0.levels, 0, 0) }
        try refused { $0.levels = with($0.levels, 0, .max) }
        try refused { $0.offsets = with($0.offsets, 1, .max) }
        try refused { $0.linksBelow = with($0.linksBelow, 1, -1) }
        try refused { $0.entryPoint = 40 }
        try refused { $0.entryPoint = -1 }
        try refused { $0.maximumLevel = 1 << 20 }
        let bytes = try written(FaissIndex(header, .hnsw(graph, storage: nil)))
        #expect(try written(faissIndex(bytes)) == bytes)
    }

    @Test("quantizers that cannot be are refused")
    func lyingQuantizers() {
        func product(_ d: UInt64, _ m: UInt64, _ nbits: UInt64, _ centroids: Int) -> [UInt8] {
            let head = start.code("IxPQ").header(2, 0).number(d).number(m).number(nbits)
            return head.array([Float](repeating: 0, count: centroids)).array([UInt8]()).bytes
        }
        #expect(throws: Never.self) { try faissIndex(product(2, 2, 1, 4)) }
        for (d, m, nbits, centroids) in [
            (2, 2, 0, 2), (2, 2, 25, 4), (2, 0, 1, 4), (2, 3, 1, 4), (4, 2, 1, 8), (2, 2, 1, 5), (2, 2, 64, 4),
            (UInt64.max, 1, 1, 4), (2, .max, 1, 4), (2, 2, .max, 4),
        ] as [(UInt64, UInt64, UInt64, Int)] {
            #expect(throws: FileError.self) { try faissIndex(product(d, m, nbits, centroids)) }
        }
        func scalar(_ kind: Int32, _ codeSize: UInt64, _ trained: Int, trained isTrained: UInt8 = 1) -> [UInt8] {
            let head = start.code("IxSQ").header(3, 0, trained: isTrained).number(kind).number(Int32(0)).float(0)
            let sizes = head.number(UInt64(3)).number(codeSize)
            return sizes.array([Float](repeating: 0, count: trained)).array([UInt8]()).bytes
        }
        for (kind, codeSize, trained) in [(0, 3, 6), (1, 2, 6), (6, 3, 6), (2, 3, 2), (4, 6, 0), (7, 6, 0)] {
            #expect(throws: Never.self) { try faissIndex(scalar(Int32(kind), UInt64(codeSize), trained)) }
            #expect(throws: FileError.self) { try faissIndex(scalar(Int32(kind), UInt64(codeSize + 1), trained)) }
            #expect(throws: FileError.self) { try faissIndex(scalar(Int32(kind), UInt64(codeSize), trained + 1)) }
        }
        #expect(throws: Never.self) { try faissIndex(scalar(0, 3, 0, trained: 0)) }
        #expect(throws: FileError.self) { try faissIndex(scalar(0, 3, 0)) }
        for kind in [-1, 9, 12, 27, Int32.max] {
            let error = #expect(throws: FileError.self) { try faissIndex(scalar(kind, 3, 0)) }
            #expect(error?.code == .unsupported)
        }
    }
}
