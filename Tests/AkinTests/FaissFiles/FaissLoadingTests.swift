import Akin
import AkinTestSupport
import Testing

@Suite("Indexes from Faiss files")
struct FaissLoadingTests {
    /// Kinds that have no counterpart, and what the error says.
    private static let unsupported = [
        "HNSW4,SQ8": "a graph over codes", "HR,Flat": "Hadamard", "Pad16,Flat": "8 to 16",
    ]

    @Test("an index finds what Faiss finds", arguments: FaissGolden.all)
    func search(_ golden: FaissGolden) throws {
        let tree = try faissIndex(golden.bytes)
        if let reason = Self.unsupported[golden.name] {
            let error = #expect(throws: FileError.self) { try tree.index(path: "memory.faiss") }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            return
        }
        let index = try tree.index(path: "memory.faiss", threads: 2)
        #expect(index.count == golden.count && index.dimension == golden.dimension)
        try expect(index, agreesWith: golden)
    }

    @Test("an index written for Faiss is read back as one that finds the same", arguments: FaissGolden.all)
    func saved(_ golden: FaissGolden) throws {
        guard Self.unsupported[golden.name] == nil else { return }
        let index = try faissIndex(golden.bytes).index(path: "memory.faiss")
        try withTemporaryDirectory { folder in
            let path = "\(folder)/index.faiss"
            try index.saveFaiss(to: path)
            let again = try FaissFile.open(path)
            // A matrix does not say that a random rotation is part of it.
            #expect(again.spec == index.spec.replacing("PCAR", with: "PCA"))
            #expect(again.metric == index.metric)
            try expect(again, agreesWith: golden)
            // Nothing is lost by going round once more.
            try again.saveFaiss(to: "\(folder)/again.faiss")
            #expect(try contents("\(folder)/again.faiss") == contents(path))
        }
    }

    private func expect(_ index: any VectorIndex, agreesWith golden: FaissGolden) throws {
        let found = try index.search(Matrix(golden.queries), k: golden.ids[0].count, options: .init(threads: 1))
            .neighbors
        for query in golden.queries.indices {
            let expected = zip(golden.ids[query], golden.scores[query]).filter { $0.0 >= 0 }
            #expect(found[query].map(\.id) == expected.map(\.0))
            let scores = zip(found[query], expected).allSatisfy { found, expected in
                abs(found.score - expected.1) <= 2e-5 * max(1, abs(expected.1))
            }
            #expect(scores)
        }
    }

    private func packed(_ codes: FaissArray<UInt8>, count: Int, _ m: Int, _ blockCount: Int) -> [UInt8] {
        let blocks = FaissBlocks(m: m, blockCount: blockCount)
        return [UInt8](unsafeUninitializedCapacity: count * blocks.codeByteCount) { memory, filled in
            guard let memory = memory.baseAddress else { return }
            codes.withBytes { blocks.unpack($0, 0..<count, into: memory) }
            filled = count * blocks.codeByteCount
        }
    }

    @Test("codes come out of blocks as they went in", arguments: [1, 2, 3, 8, 17], [32, 64, 96])
    func packing(_ m: Int, _ blockCount: Int) {
        var random = SeededRandom(seed: UInt64(m + blockCount))
        let blocks = FaissBlocks(m: m, blockCount: blockCount)
        for count in [0, 1, 15, 16, 31, 32, 33, 64, 65, 200] {
            let codes = (0..<count * blocks.codeByteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
            var bytes = [UInt8](repeating: 0, count: blocks.byteCount(count))
            codes.withUnsafeBufferPointer { codes in
                guard let codes = codes.baseAddress else { return }
                bytes.withUnsafeMutableBytes { blocks.pack(codes, count: count, into: $0) }
            }
            #expect(packed(FaissArray(bytes), count: count, m, blockCount) == codes)
        }
    }

    @Test("ids that repeat, are negative or lead nowhere are errors")
    func badIDs() throws {
        let flat = FaissIndex(FaissHeader(dimension: 1, count: 3, metric: .l2), .flat(FaissArray([1, 2, 3])))
        func loaded(_ ids: [Int64]) throws -> any VectorIndex {
            let map = FaissIndex(flat.header, .idMap(flat, ids: FaissArray(ids), reversible: false))
            return try map.index(path: "memory.faiss")
        }
        #expect(try loaded([5, 4, 1 << 40]).count == 3)
        for ids in [[1, 2, 1], [0, -1, 2], [0, 1, .max], [0, .min, 1]] as [[Int64]] {
            let error = #expect(throws: FileError.self) { try loaded(ids) }
            #expect(error?.code == .malformed)
        }
        let inner = FaissIndex(flat.header, .idMap(flat, ids: FaissArray([0, 3, 1]), reversible: false))
        let outer = FaissIndex(flat.header, .idMap(inner, ids: FaissArray([7, 8, 9]), reversible: false))
        let error = #expect(throws: FileError.self) { try outer.index(path: "memory.faiss") }
        #expect(error?.message == "vector number 3 has no id: there are 3")
        let negative = try FlatIndex(Matrix([[1], [2]]), ids: [4, -4])
        let refused = #expect(throws: FileError.self) { try negative.saveFaiss(to: "unwritten.faiss") }
        #expect(refused?.code == .unsupported)
    }

    @Test("vectors that no index could hold are errors", arguments: [Float.nan, .infinity, -.infinity])
    func badVectors(_ value: Float) {
        for trained in [true, false] {
            let header = FaissHeader(dimension: 1, count: 3, isTrained: trained, metric: .innerProduct)
            let flat = FaissIndex(header, .flat(FaissArray([1, trained ? value : 2, 3])))
            #expect(throws: FileError.self) { try flat.index(path: "memory.faiss") }
        }
    }

    @Test("metrics and kinds without a counterpart are named")
    func unsupportedMetric() {
        let header = FaissHeader(dimension: 1, count: 1, metric: .l1)
        let error = #expect(throws: FileError.self) {
            try FaissIndex(header, .flat(FaissArray([1]))).index(path: "memory.faiss")
        }
        #expect(error?.code == .unsupported && error?.message == "a Faiss index with metric l1 is not supported")
    }
}
